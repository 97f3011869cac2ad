#pragma once

#include <cstddef>
#include <cstdint>

namespace logboom::arena {

// The largest alignment an arena serves; also that of every block and of every block's size.
inline constexpr std::size_t kAlignmentMax = 4096;

// A piece of memory from the system: this header, then the payload. Arenas use blocks as chunks
// and for large requests; `LargeBlockCache` keeps idle ones. Linked into one list at a time.
// Under AddressSanitizer the payload is poisoned whenever nothing is allocated in it, and what the
// header leaves of kHeaderBytes always is.
struct Block {
  static constexpr std::size_t kHeaderBytes = 64;

  Block* next = nullptr;
  std::size_t bytes = 0;           // the whole block, header included
  std::size_t large_bytes = 0;     // the length of a large request, zero in a chunk
  std::uint16_t large_offset = 0;  // where it begins, from the block's begin
  std::uint16_t alignment = 0;     // the block's own
  std::uint32_t idle_since = 0;    // LargeBlockCache's

  // Returns a block of exactly `bytes`, kHeaderBytes at least. Throws std::bad_alloc.
  [[nodiscard]] static Block* make(std::size_t bytes, std::size_t alignment = kAlignmentMax);
  // Gives a whole list back to the system.
  static void destroy(Block* list) noexcept;

  std::byte* begin() noexcept { return reinterpret_cast<std::byte*>(this) + kHeaderBytes; }
  std::byte* large() noexcept { return reinterpret_cast<std::byte*>(this) + large_offset; }
  std::byte* end() noexcept { return reinterpret_cast<std::byte*>(this) + bytes; }
};
static_assert(sizeof(Block) + 32 <= Block::kHeaderBytes, "an underflow has to be noticed");

}  // namespace logboom::arena
