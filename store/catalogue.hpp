#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "store/stored_files.hpp"

namespace logboom::store {

// A file of records and its length.
struct SizedFile {
  StoredFile file;
  std::uint64_t bytes = 0;
};

// What the files of a store take.
struct CatalogueTotals {
  std::uint64_t files = 0;
  std::uint64_t sealed = 0;  // of them
  std::uint64_t bytes = 0;   // with the files of zeros that wait to become segments
  std::int64_t oldest_arrival_ns = 0;
};

// Which files of records there are, kept beside the directory so that nobody has to list it. Any
// thread; a short lock, held while no other is taken.
class Catalogue {
 public:
  // A file of zeros was made; or is gone.
  void add_spare(std::uint64_t bytes);
  void remove_spare(std::uint64_t bytes);

  // Found at opening.
  void add(const SizedFile& file);
  // A spare has become this segment.
  void begin(const SizedFile& segment);
  // A segment was closed and cut to these bytes.
  void close(const StoredFile& segment, std::uint64_t bytes);
  // A segment was sealed; as nothing, if it held no record.
  void seal(const StoredFile& segment, const std::optional<SizedFile>& sealed);
  void remove(const StoredFile& file);

  // The sealed file with the least numbers; and when its last record arrived, without allocating.
  [[nodiscard]] std::optional<SizedFile> oldest_sealed() const;
  [[nodiscard]] std::optional<std::int64_t> oldest_sealed_arrival_ns() const;
  // The segment with the greatest.
  [[nodiscard]] std::optional<SizedFile> newest() const;
  [[nodiscard]] CatalogueTotals totals() const;

 private:
  using Files = std::map<std::uint64_t, SizedFile>;  // by first number

  [[nodiscard]] Files::const_iterator first_sealed() const;

  mutable std::mutex mutex_;
  Files files_;
  std::uint64_t bytes_ = 0;  // with those that wait
  std::uint64_t sealed_ = 0;
};

}  // namespace logboom::store
