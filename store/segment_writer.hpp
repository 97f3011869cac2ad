#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "store/data_dir.hpp"
#include "store/format.hpp"
#include "store/os_file.hpp"

namespace logboom::store {

// A file that waits to become a segment: `capacity` bytes that read as zeros. The first `zeroed` of
// them were written as such and synced, so that syncs of what replaces them find no new metadata.
struct SpareFile {
  std::unique_ptr<File> file;
  std::string path;
  std::uint64_t capacity = 0;
  std::uint64_t zeroed = 0;
};

// The active segment: lays out, writes and syncs commits at its end. Not thread-safe; owned by the
// committer and, once closing, by the keeper. appended >= durable at all times.
//
// After any error the segment must not be written again: nothing is known about its last commit.
class SegmentWriter {
 public:
  // Turns the spare file into the segment of these values (id, times and numbers; the rest is
  // filled in): header written and synced, renamed, directory synced.
  [[nodiscard]] static Result<std::unique_ptr<SegmentWriter>> start(FileSystem& files,
                                                                    const DataPaths& paths,
                                                                    SpareFile spare,
                                                                    SegmentHeader header);

  // Bytes that a segment must hold to take a commit of this many.
  [[nodiscard]] static constexpr std::uint64_t bytes_for(std::uint64_t commit_bytes) noexcept {
    return kCommitAlignment + align_up(commit_bytes, kCommitAlignment) + kCommitAlignment;
  }
  // Whether a commit of these many bytes fits, with the closing mark behind it.
  [[nodiscard]] bool has_room(std::uint64_t commit_bytes) const noexcept;

  // Gives the next frame of the commit being laid out its place; payload_bytes is set.
  void place(FrameHeader& header) noexcept;
  // Writes the frames placed since the last write: all their pieces, paddings included.
  [[nodiscard]] Status write(std::span<iovec> pieces);
  // Everything written is on stable storage when it returns.
  [[nodiscard]] Status sync();

  // Whether readers cannot know yet that the last commit is durable.
  [[nodiscard]] bool wants_mark() const noexcept { return durable_end_ > marked_end_; }
  // Tells readers, and a later recovery, that all synced so far is durable.
  [[nodiscard]] Status write_mark(std::int64_t arrival_ns, std::uint64_t next_seq);
  // Tells readers that nothing will follow. No frame may be placed any more.
  [[nodiscard]] Status write_end(std::int64_t arrival_ns, std::uint64_t next_seq);
  // After write_end(): cuts the file to its length. Syncs it, if its commits were: under
  // load others are sealed, and gone, before the kernel has to write them to the disk.
  [[nodiscard]] Status finish();

  // How far the file is in use.
  [[nodiscard]] std::uint64_t used_bytes() const noexcept { return commit_start_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  // After finish(): the length of the file.
  [[nodiscard]] std::uint64_t end_bytes() const noexcept { return end_.end(); }

 private:
  SegmentWriter() = default;
  [[nodiscard]] FrameHeader closing_frame(FrameKind kind) const noexcept;
  [[nodiscard]] Status write_frame(FrameHeader& header);

  std::unique_ptr<File> file_;
  std::string name_;
  SegmentHeader header_;
  std::uint64_t capacity_ = 0;
  std::uint64_t commit_start_ = kCommitAlignment;  // where the next write goes
  std::uint64_t placed_end_ = kCommitAlignment;    // behind the frames placed so far
  std::uint64_t last_frame_ = 0;
  std::uint64_t durable_end_ = kCommitAlignment;  // on a commit's boundary
  std::uint64_t marked_end_ = kCommitAlignment;   // the durable end that the file tells
  FrameHeader end_;
};

}  // namespace logboom::store
