#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/os_file.hpp"
#include "store/sealed_format.hpp"

struct ZSTD_CCtx_s;

namespace logboom::store {

// Writes a sealed file from its beginning to its end. One thread. After an error the file is worth
// nothing.
class SealedWriter {
 public:
  // Text of a chunk, from which on it is closed: the least that a reader decompresses.
  static constexpr std::size_t kChunkText = 1024 * 1024;

  // What is known of a record besides its line.
  struct Facts {
    std::uint64_t seq = 0;
    std::int64_t arrival_ns = 0;
    std::int64_t time_min_ns = 0;  // bounds of its own time
    std::int64_t time_max_ns = 0;
  };

  // `file` is empty. `level` is zstd's.
  SealedWriter(std::unique_ptr<File> file, int level);

  // Numbers only grow. `line` has its `_seq` and no newline.
  [[nodiscard]] Status add(std::string_view line, const Facts& facts);
  // Writes the table and syncs. The footer's segment_id and store_id are set.
  [[nodiscard]] Status finish(SealedFooter footer);

  [[nodiscard]] const std::vector<ChunkInfo>& chunks() const noexcept { return chunks_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return written_; }

 private:
  struct ContextDeleter {
    void operator()(ZSTD_CCtx_s* context) const noexcept;
  };

  [[nodiscard]] Status close_chunk();
  [[nodiscard]] Result<std::size_t> compress();
  [[nodiscard]] Status append(std::string_view bytes);

  std::unique_ptr<File> file_;
  std::unique_ptr<ZSTD_CCtx_s, ContextDeleter> context_;
  std::vector<ChunkInfo> chunks_;
  std::uint64_t written_ = 0;

  ChunkInfo open_;  // the chunk being filled; record_count is 0 if there is none
  std::string text_;
  std::string packed_;  // the last chunk closed, and room behind it
};

}  // namespace logboom::store
