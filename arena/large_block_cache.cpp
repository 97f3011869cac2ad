#include "arena/large_block_cache.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace logboom::arena {
namespace {

constexpr std::size_t kSmallestClassBits = 13;

}  // namespace

LargeBlockCache::LargeBlockCache(std::size_t idle_bytes_max) noexcept
    : idle_bytes_max_(idle_bytes_max) {}

LargeBlockCache::~LargeBlockCache() {
  for (SizeClass& size_class : classes_) Block::destroy(size_class.idle);
}

// Even indices are powers of two from 8 KiB on, odd ones the middles below the next power:
// 0: 8 KiB, 1: 12 KiB, 2: 16 KiB, 3: 24 KiB and so on. Returns kClasses and more for what is
// larger.
std::size_t LargeBlockCache::class_of(std::size_t bytes) noexcept {
  const auto bits = static_cast<std::size_t>(std::bit_width(bytes - 1));
  if (bits <= kSmallestClassBits) return 0;
  const std::size_t middle = std::size_t{3} << (bits - 2);
  return 2 * (bits - kSmallestClassBits) - (bytes <= middle ? 1 : 0);
}

std::size_t LargeBlockCache::class_bytes(std::size_t index) noexcept {
  const std::size_t power = std::size_t{1} << (kSmallestClassBits + index / 2);
  return index % 2 == 0 ? power : power + power / 2;
}

std::size_t LargeBlockCache::block_bytes(std::size_t bytes) noexcept {
  const std::size_t index = class_of(std::max<std::size_t>(bytes, 1));
  if (index < kClasses) return class_bytes(index);
  return (bytes + kAlignmentMax - 1) / kAlignmentMax * kAlignmentMax;
}

Block* LargeBlockCache::take(std::size_t bytes) {
  const std::size_t whole = block_bytes(bytes);
  Block* const warm = pop(class_of(whole));
  return warm != nullptr ? warm : Block::make(whole);
}

Block* LargeBlockCache::pop(std::size_t index) noexcept {
  const std::lock_guard lock(mutex_);
  if (index >= kClasses || classes_[index].idle == nullptr) {
    ++metrics_.misses;
    return nullptr;
  }
  SizeClass& size_class = classes_[index];
  Block* const block = size_class.idle;
  size_class.idle = std::exchange(block->next, nullptr);
  size_class.fewest = std::min(size_class.fewest, --size_class.count);
  metrics_.idle_bytes -= block->bytes;
  ++metrics_.hits;
  return block;
}

void LargeBlockCache::give_back(Block* list) noexcept {
  Block* surplus = nullptr;
  {
    const std::lock_guard lock(mutex_);
    while (list != nullptr) {
      Block* const block = std::exchange(list, list->next);
      if (push(block)) continue;
      block->next = surplus;
      surplus = block;
    }
  }
  Block::destroy(surplus);
}

// Keeps the block if it is of a class and there is room. The lock is held.
bool LargeBlockCache::push(Block* block) noexcept {
  const std::size_t index = class_of(block->bytes);
  if (index >= kClasses || class_bytes(index) != block->bytes) return false;
  if (block->bytes > idle_bytes_max_ - metrics_.idle_bytes) return false;
  SizeClass& size_class = classes_[index];
  block->next = size_class.idle;
  size_class.idle = block;
  ++size_class.count;
  metrics_.idle_bytes += block->bytes;
  return true;
}

void LargeBlockCache::trim() noexcept {
  for (SizeClass& size_class : classes_) {
    Block* unneeded = nullptr;
    {
      const std::lock_guard lock(mutex_);
      const std::size_t before = size_class.count;
      unneeded = cut_idle(size_class);
      if (unneeded != nullptr) {
        metrics_.idle_bytes -= (before - size_class.count) * unneeded->bytes;
      }
    }
    Block::destroy(unneeded);
  }
}

// Cuts off the bottom of the stack, which is the coldest part, and begins a new interval.
Block* LargeBlockCache::cut_idle(SizeClass& size_class) noexcept {
  Block** cut = &size_class.idle;
  for (std::size_t kept = size_class.count - size_class.fewest; kept > 0; --kept) {
    cut = &(*cut)->next;
  }
  Block* const unneeded = std::exchange(*cut, nullptr);
  size_class.count -= size_class.fewest;
  size_class.fewest = size_class.count;
  return unneeded;
}

LargeBlockCacheMetrics LargeBlockCache::metrics() const noexcept {
  const std::lock_guard lock(mutex_);
  return metrics_;
}

}  // namespace logboom::arena
