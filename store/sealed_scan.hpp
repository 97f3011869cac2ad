#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/os_file.hpp"
#include "store/sealed_format.hpp"
#include "store/segment_scan.hpp"

struct ZSTD_DCtx_s;

namespace logboom::store {

// Reads a sealed file chunk by chunk, from any chunk on. If its table is damaged, the chunks are
// looked for by their trailers. One thread.
class SealedScan {
 public:
  explicit SealedScan(std::unique_ptr<File> file);

  // Reads the table. An error is the operating system's; damage is none.
  [[nodiscard]] Status open();
  // Whether the file ends in a footer and a table that are right: then it was written whole.
  [[nodiscard]] bool is_whole() const noexcept { return whole_; }
  [[nodiscard]] const SealedFooter& footer() const noexcept { return footer_; }
  // In the order of their numbers.
  [[nodiscard]] std::span<const ChunkInfo> chunks() const noexcept { return chunks_; }
  [[nodiscard]] std::uint64_t file_bytes() const noexcept { return file_bytes_; }

  // The chunk's lines, each with its newline; valid until the next call. Nothing if the chunk is
  // damaged.
  [[nodiscard]] Result<std::optional<std::string_view>> load(const ChunkInfo& chunk);

  // Checks every byte of the file, and tells of each region that is not what was written.
  [[nodiscard]] Status check_all(const std::function<void(ByteRange)>& damaged);

 private:
  struct ContextDeleter {
    void operator()(ZSTD_DCtx_s* context) const noexcept;
  };

  // Sets whole_, and if it is, chunks_ and footer_.
  [[nodiscard]] Status read_table();
  [[nodiscard]] Status find_chunks();
  // What stands in the trailer's place, if anything does.
  [[nodiscard]] Result<std::optional<ChunkTrailer>> read_trailer(const ChunkInfo& chunk);
  // The bytes [offset, offset + bytes), or fewer at the end of the file and in front of what the
  // disk cannot read; valid until the next call.
  [[nodiscard]] Result<std::string_view> read(std::uint64_t offset, std::uint64_t bytes);

  std::unique_ptr<File> file_;
  std::unique_ptr<ZSTD_DCtx_s, ContextDeleter> context_;
  std::uint64_t file_bytes_ = 0;
  bool whole_ = false;
  SealedFooter footer_;
  std::vector<ChunkInfo> chunks_;
  std::string packed_;
  std::string text_;
};

}  // namespace logboom::store
