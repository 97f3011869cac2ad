#include "arena/large_block_cache.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace logboom::arena {
namespace {

constexpr std::size_t kSmallestClassBits = 13;

// Rings are circular lists named by their last block, so that two are joined by two links.
// Returns the last block of the one followed by the other.
Block* join(Block* one_last, Block* other_last) noexcept {
  std::swap(one_last->next, other_last->next);
  return other_last;
}

// Makes a list of the ring and returns its first block.
Block* open_ring(Block* last) noexcept {
  return std::exchange(last->next, nullptr);
}

}  // namespace

// Blocks of one size that were neighbours in a list, linked from the first to the last.
struct LargeBlockCache::Run {
  Block* first;
  Block* last;
  std::size_t count;
};

LargeBlockCache::LargeBlockCache(std::size_t idle_bytes_max) noexcept
    : idle_bytes_max_(idle_bytes_max) {}

LargeBlockCache::~LargeBlockCache() {
  for (SizeClass& size_class : classes_) {
    for (std::atomic<Block*>& cell : size_class.cells) {
      Block* const last = cell.load(std::memory_order_acquire);
      if (last != nullptr) Block::destroy(open_ring(last));
    }
  }
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
  const std::size_t index = class_of(whole);
  Block* const warm = index < kClasses ? pop(index) : nullptr;
  if (warm != nullptr) {
    hits_.fetch_add(1, std::memory_order_relaxed);
    return warm;
  }
  misses_.fetch_add(1, std::memory_order_relaxed);
  return Block::make(whole);
}

// Looks into the cells from the first on, as put() does: those in front are used again and again,
// and what lies in the others goes cold.
Block* LargeBlockCache::pop(std::size_t index) noexcept {
  SizeClass& size_class = classes_[index];
  for (std::atomic<Block*>& cell : size_class.cells) {
    if (cell.load(std::memory_order_relaxed) == nullptr) continue;
    Block* const last = cell.exchange(nullptr, std::memory_order_acquire);
    if (last == nullptr) continue;
    Block* const first = last->next;
    if (first != last) {
      last->next = first->next;
      put(size_class, last);
    }
    first->next = nullptr;
    idle_bytes_.fetch_sub(first->bytes, std::memory_order_relaxed);
    return first;
  }
  return nullptr;
}

// Puts a ring into an empty cell. If there is none it empties the last and joins the two: whoever
// fills that one meanwhile has got on, so some thread always does.
void LargeBlockCache::put(SizeClass& size_class, Block* last) noexcept {
  while (true) {
    for (std::atomic<Block*>& cell : size_class.cells) {
      Block* found = cell.load(std::memory_order_relaxed);
      if (found == nullptr && cell.compare_exchange_strong(found, last, std::memory_order_release,
                                                           std::memory_order_relaxed)) {
        return;
      }
    }
    Block* const older = size_class.cells.back().exchange(nullptr, std::memory_order_acquire);
    if (older != nullptr) last = join(last, older);
  }
}

void LargeBlockCache::give_back(Block* list) noexcept {
  while (list != nullptr) keep(cut_run(list));
}

// Cuts the first blocks off the list, those of the first one's size, and notes when they came.
LargeBlockCache::Run LargeBlockCache::cut_run(Block*& list) const noexcept {
  const std::uint32_t interval = interval_.load(std::memory_order_relaxed);
  Run run{list, nullptr, 0};
  while (list != nullptr && list->bytes == run.first->bytes) {
    list->idle_since = interval;
    run.last = std::exchange(list, list->next);
    ++run.count;
  }
  run.last->next = nullptr;
  return run;
}

// Keeps the first blocks of the run, as many as there is room for, if they are of a class.
void LargeBlockCache::keep(Run run) noexcept {
  const std::size_t bytes = run.first->bytes;
  const std::size_t index = class_of(bytes);
  const bool has_class = index < kClasses && class_bytes(index) == bytes;
  const std::size_t kept = has_class ? reserve(run.count, bytes) : 0;
  if (kept == 0) return Block::destroy(run.first);
  if (kept < run.count) {
    run.last = run.first;
    for (std::size_t i = 1; i < kept; ++i) run.last = run.last->next;
    Block::destroy(run.last->next);
  }
  run.last->next = run.first;
  put(classes_[index], run.last);
}

// Makes room for `count` blocks, or as many as there is room for, and returns how many.
std::size_t LargeBlockCache::reserve(std::size_t count, std::size_t bytes) noexcept {
  std::size_t idle = idle_bytes_.load(std::memory_order_relaxed);
  std::size_t fitting = 0;
  do {
    const std::size_t room = idle_bytes_max_ - idle;
    fitting = count * bytes <= room ? count : room / bytes;
  } while (fitting > 0 && !idle_bytes_.compare_exchange_weak(idle, idle + fitting * bytes,
                                                             std::memory_order_relaxed));
  return fitting;
}

void LargeBlockCache::trim() noexcept {
  const std::uint32_t interval = interval_.fetch_add(1, std::memory_order_relaxed);
  for (SizeClass& size_class : classes_) {
    for (std::atomic<Block*>& cell : size_class.cells) {
      if (cell.load(std::memory_order_relaxed) == nullptr) continue;
      Block* const last = cell.exchange(nullptr, std::memory_order_acquire);
      if (last != nullptr) trim_ring(size_class, last, interval);
    }
  }
}

// Puts those blocks back that came in `interval` or later; the others go to the system.
void LargeBlockCache::trim_ring(SizeClass& size_class, Block* last,
                                std::uint32_t interval) noexcept {
  Block* kept = nullptr;
  Block* unneeded = nullptr;
  std::size_t unneeded_bytes = 0;
  for (Block* list = open_ring(last); list != nullptr;) {
    Block* const block = std::exchange(list, list->next);
    if (block->idle_since >= interval) {
      block->next = block;
      kept = kept != nullptr ? join(kept, block) : block;
    } else {
      block->next = unneeded;
      unneeded = block;
      unneeded_bytes += block->bytes;
    }
  }
  if (kept != nullptr) put(size_class, kept);
  idle_bytes_.fetch_sub(unneeded_bytes, std::memory_order_relaxed);
  Block::destroy(unneeded);
}

LargeBlockCacheMetrics LargeBlockCache::metrics() const noexcept {
  return {.hits = hits_.load(std::memory_order_relaxed),
          .misses = misses_.load(std::memory_order_relaxed),
          .idle_bytes = idle_bytes_.load(std::memory_order_relaxed)};
}

}  // namespace logboom::arena
