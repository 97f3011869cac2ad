#include "arena/block.hpp"

#include <cassert>
#include <memory>
#include <new>

#include "arena/poison.hpp"

namespace logboom::arena {

Block* Block::make(std::size_t bytes, std::size_t alignment) {
  assert(bytes >= kHeaderBytes && alignment >= alignof(Block) && alignment <= kAlignmentMax);
  auto* block = ::new (::operator new (bytes, std::align_val_t{alignment})) Block;
  block->bytes = bytes;
  block->alignment = static_cast<std::uint16_t>(alignment);
  poison(block + 1, bytes - sizeof(Block));
  return block;
}

void Block::destroy(Block* list) noexcept {
  while (list != nullptr) {
    Block* const next = list->next;
    unpoison(list, list->bytes);
    ::operator delete (list, std::align_val_t{list->alignment});
    list = next;
  }
}

}  // namespace logboom::arena
