#include "arena/arena_pool.hpp"

#include <algorithm>
#include <cassert>

namespace logboom::arena {
namespace {

// For counters with one writer at a time; snapshots in between read the old or the new value.
template <class T>
void add(std::atomic<T>& counter, T value) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
}

}  // namespace

ArenaPool::ArenaPool(const ArenaPoolOptions& options, LargeBlockCache& large_blocks)
    : options_(options), large_blocks_(large_blocks), slots_(new Slot[options.capacity]) {
  assert(options.capacity < kNone);
}

ArenaPool::~ArenaPool() {
  assert(metrics().active == 0 && "a lease outlives its pool");
}

std::optional<ArenaLease> ArenaPool::try_lease() & {
  std::uint32_t index = idle_.pop();
  if (index == kNone) index = claim_fresh();
  if (index == kNone) {
    misses_.fetch_add(1, std::memory_order_relaxed);
    return std::nullopt;
  }
  Slot& slot = slots_[index];
  add<std::uint64_t>(slot.turns, 1);
  return ArenaLease(*this, *slot.arena, index);
}

void ArenaPool::give_back(std::uint32_t index) noexcept {
  Slot& slot = slots_[index];
  slot.arena->hand_over();  // a lease may end on another thread than the one that used it
  const std::size_t used = slot.arena->used_bytes();
  add<std::uint64_t>(slot.used_bytes, used);
  if (used > slot.used_bytes_max.load(std::memory_order_relaxed)) {
    slot.used_bytes_max.store(used, std::memory_order_relaxed);
  }
  slot.arena->reset();
  slot.capacity_bytes.store(slot.arena->capacity_bytes(), std::memory_order_relaxed);
  slot.arena->hand_over();
  add<std::uint64_t>(slot.turns, 1);
  idle_.push(index);
}

// Makes the next arena, or returns kNone when all exist.
std::uint32_t ArenaPool::claim_fresh() noexcept {
  std::uint32_t fresh = fresh_.load(std::memory_order_relaxed);
  while (fresh < options_.capacity) {
    if (fresh_.compare_exchange_weak(fresh, fresh + 1, std::memory_order_relaxed)) {
      slots_[fresh].arena.emplace(options_.arena, &large_blocks_);
      return fresh;
    }
  }
  return kNone;
}

ArenaPoolMetrics ArenaPool::metrics() const noexcept {
  ArenaPoolMetrics sum;
  sum.active_max = fresh_.load(std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < sum.active_max; ++i) {
    const Slot& slot = slots_[i];
    const std::uint64_t turns = slot.turns.load(std::memory_order_relaxed);
    sum.leases_given += (turns + 1) / 2;
    sum.active += turns % 2;
    sum.used_bytes += slot.used_bytes.load(std::memory_order_relaxed);
    sum.used_bytes_max =
        std::max(sum.used_bytes_max, slot.used_bytes_max.load(std::memory_order_relaxed));
    sum.capacity_bytes += slot.capacity_bytes.load(std::memory_order_relaxed);
  }
  sum.misses = misses_.load(std::memory_order_relaxed);
  return sum;
}

}  // namespace logboom::arena
