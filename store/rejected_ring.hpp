#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "store/data_dir.hpp"
#include "store/health.hpp"
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
  // Of the buffer for the next write; what a great batch needed more is given back.
  static constexpr std::size_t kBufferKept = 1024 * 1024;

  // What became of the refused records of one write().
  struct Written {
    std::size_t kept = 0;
    std::size_t lost = 0;             // forgotten
    boost::system::error_code error;  // why, if any were lost
  };

  // `paths`, `files` and `health` outlive the ring. Goes on behind the files that are there; one
  // that cannot be looked at is reported and is not part of the ring.
  [[nodiscard]] static Result<RejectedRing> open(FileSystem& files, const DataPaths& paths,
                                                 const Health& health, std::uint64_t bytes_max);

  // Collects the chain's refused records for the next write().
  void add(const StagingChain& chain);
  [[nodiscard]] std::size_t pending() const noexcept { return pending_; }
  // Writes what was added; with `synced`, what was kept is on stable storage on return.
  Written write(bool synced);

 private:
  struct RingFile {
    std::string name;
    std::uint64_t bytes = 0;
  };

  RejectedRing(FileSystem& files, const DataPaths& paths, std::uint64_t bytes_max)
      : files_(&files), paths_(&paths), bytes_max_(bytes_max) {}
  // The first lines of `text` that go into one file; a line that is too long goes alone.
  [[nodiscard]] std::string_view first_portion(std::string_view text) const noexcept;
  [[nodiscard]] Status write_portion(std::string_view lines, bool synced);
  [[nodiscard]] Status append(std::string_view lines, bool synced);
  // Takes back what a failed write may have left, so that no file is left behind by each of them.
  void undo_append();
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
