#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "store/format.hpp"

// The bytes of a sealed file, shared by writer and reader; docs/store-format.md is the page about
// them. To zstd it is a row of frames with skippable frames between (RFC 8878, 3.1.2), so that any
// tool prints its lines:
//   file  = chunk+ table
//   chunk = a zstd frame, of whole lines with consecutive numbers; ChunkTrailer
//   table = SkippableHead, the ChunkInfo of every chunk, SealedFooter
namespace logboom::store {

struct SkippableHead {
  static constexpr std::uint32_t kMagic = 0x184D2A50;

  std::uint32_t magic = kMagic;
  std::uint32_t bytes = 0;  // that follow

  friend bool operator==(const SkippableHead&, const SkippableHead&) = default;
};
static_assert(sizeof(SkippableHead) == 8);

// What there is to know of a chunk without reading it. The chunk's own copy lets a reader find it
// when the table is damaged.
struct ChunkInfo {
  static constexpr std::uint64_t kMagic = 0x314b4e4843424d4c;  // "LMBCHNK1"

  std::uint64_t magic = kMagic;
  std::uint64_t offset = 0;  // of the chunk's first byte in the file
  std::uint64_t zstd_bytes = 0;
  std::uint64_t text_bytes = 0;
  std::uint64_t first_seq = 0;
  std::uint64_t record_count = 0;
  std::int64_t arrival_min_ns = 0;
  std::int64_t arrival_max_ns = 0;
  std::int64_t time_min_ns = 0;
  std::int64_t time_max_ns = 0;
  std::uint64_t zstd_checksum = 0;    // XXH3-64 of the zstd frame
  std::uint64_t header_checksum = 0;  // XXH3-64 of all bytes before it

  [[nodiscard]] std::uint64_t last_seq() const noexcept { return first_seq + record_count - 1; }
  [[nodiscard]] std::uint64_t end() const noexcept;  // of the chunk, its trailer included

  friend bool operator==(const ChunkInfo&, const ChunkInfo&) = default;
};
static_assert(sizeof(ChunkInfo) == 96 && std::is_trivially_copyable_v<ChunkInfo>);

struct ChunkTrailer {
  SkippableHead head{SkippableHead::kMagic, sizeof(ChunkInfo)};
  ChunkInfo info;

  friend bool operator==(const ChunkTrailer&, const ChunkTrailer&) = default;
};
static_assert(sizeof(ChunkTrailer) == 104 && std::is_trivially_copyable_v<ChunkTrailer>);

inline std::uint64_t ChunkInfo::end() const noexcept {
  return offset + zstd_bytes + sizeof(ChunkTrailer);
}

// The last bytes of a sealed file.
struct SealedFooter {
  static constexpr std::uint64_t kMagic = 0x314c414553424d4c;  // "LMBSEAL1"

  std::uint64_t magic = kMagic;
  std::uint32_t version = 1;
  std::uint32_t reserved = 0;
  std::uint64_t segment_id = 0;  // of the segment that it was made from
  char store_id[32] = {};
  std::uint64_t chunk_count = 0;
  std::uint64_t record_count = 0;
  std::uint64_t text_bytes = 0;
  std::uint64_t table_checksum = 0;   // XXH3-64 of the table's ChunkInfos
  std::uint64_t header_checksum = 0;  // XXH3-64 of all bytes before it
};
static_assert(sizeof(SealedFooter) == 96 && std::is_trivially_copyable_v<SealedFooter>);

// What follows the chunks: head, infos and footer.
[[nodiscard]] constexpr std::uint64_t table_bytes(std::uint64_t chunk_count) noexcept {
  return sizeof(SkippableHead) + chunk_count * sizeof(ChunkInfo) + sizeof(SealedFooter);
}

}  // namespace logboom::store
