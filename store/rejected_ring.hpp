#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "store/data_dir.hpp"
#include "store/os_file.hpp"
#include "store/staging.hpp"

namespace logboom::store {

// Refused records, one JSON object a line, in a ring of files: when they exceed `bytes_max`
// together, the oldest file goes. Used by one thread.
class RejectedRing {
 public:
  static constexpr std::size_t kFiles = 8;
  // Of one record's raw bytes; the rest is cut and counted in `raw_bytes`.
  static constexpr std::size_t kRawBytesMax = 1024 * 1024;

  // `paths` and `files` outlive the ring. Goes on behind the files that are there.
  [[nodiscard]] static Result<RejectedRing> open(FileSystem& files, const DataPaths& paths,
                                                 std::uint64_t bytes_max);

  // Collects the chain's refused records for the next write().
  void add(const StagingChain& chain);
  [[nodiscard]] std::size_t pending() const noexcept { return pending_; }
  // Writes what was added; with `synced`, it is on stable storage on return. What could not be
  // written is forgotten.
  [[nodiscard]] Status write(bool synced);

 private:
  struct RingFile {
    std::string name;
    std::uint64_t bytes = 0;
  };

  RejectedRing(FileSystem& files, const DataPaths& paths, std::uint64_t bytes_max)
      : files_(&files), paths_(&paths), bytes_max_(bytes_max) {}
  [[nodiscard]] Status write_lines(bool synced);
  [[nodiscard]] Status start_file();
  [[nodiscard]] Status remove_oldest();

  FileSystem* files_;
  const DataPaths* paths_;
  std::uint64_t bytes_max_;
  std::uint64_t bytes_ = 0;
  std::uint64_t files_made_ = 0;
  std::deque<RingFile> ring_;  // oldest first; the last is file_
  std::unique_ptr<File> file_;
  std::string lines_;
  std::size_t pending_ = 0;
};

}  // namespace logboom::store
