#pragma once

#include <cstddef>

namespace logboom::arena {

// The largest alignment an arena serves; also that of every block and of every block's size.
inline constexpr std::size_t kAlignmentMax = 4096;

// A piece of memory from the system: this header, then the payload. Arenas use blocks as chunks
// and for large requests; `LargeBlockCache` keeps idle ones. Linked into one list at a time.
// Under AddressSanitizer the payload is poisoned whenever nothing is allocated in it.
struct Block {
  static constexpr std::size_t kHeaderBytes = 64;

  Block* next = nullptr;
  std::size_t bytes = 0;        // the whole block, header included
  std::byte* large = nullptr;   // where a large request begins; null in a chunk
  std::size_t large_bytes = 0;  // its length

  // Returns a block of exactly `bytes`, a multiple of kAlignmentMax. Throws std::bad_alloc.
  [[nodiscard]] static Block* make(std::size_t bytes);
  // Gives a whole list back to the system.
  static void destroy(Block* list) noexcept;

  std::byte* begin() noexcept { return reinterpret_cast<std::byte*>(this) + kHeaderBytes; }
  std::byte* end() noexcept { return reinterpret_cast<std::byte*>(this) + bytes; }
};
static_assert(sizeof(Block) <= Block::kHeaderBytes);

}  // namespace logboom::arena
