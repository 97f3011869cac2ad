#include "arena/block.hpp"

#include <cassert>
#include <memory>
#include <new>

#include "arena/poison.hpp"

namespace logboom::arena {

Block* Block::make(std::size_t bytes) {
  assert(bytes % kAlignmentMax == 0 && bytes >= kHeaderBytes);
  auto* block = ::new (::operator new (bytes, std::align_val_t{kAlignmentMax})) Block;
  block->bytes = bytes;
  poison(block->begin(), bytes - kHeaderBytes);
  return block;
}

void Block::destroy(Block* list) noexcept {
  while (list != nullptr) {
    Block* const next = list->next;
    unpoison(list, list->bytes);
    ::operator delete (list, std::align_val_t{kAlignmentMax});
    list = next;
  }
}

}  // namespace logboom::arena
