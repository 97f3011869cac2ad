#include "arena/arena_pool.hpp"

#include <algorithm>
#include <cassert>

namespace logboom::arena {

ArenaPool::ArenaPool(const ArenaPoolOptions& options, LargeBlockCache& large_blocks)
    : options_(options), large_blocks_(large_blocks), slots_(new Slot[options.capacity]) {
  assert(options.capacity < kNone);
}

ArenaPool::~ArenaPool() {
  assert(metrics().active == 0 && "a lease outlives its pool");
}

std::optional<ArenaLease> ArenaPool::try_lease() & {
  std::uint32_t index = take_own();
  if (index == kNone) index = take_shared();
  if (index == kNone) return std::nullopt;
  Slot& slot = slots_[index];
  slot.turns.store(slot.turns.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  return ArenaLease(*this, *slot.arena, index);
}

// What this thread returned last, unless another has taken it; or kNone.
std::uint32_t ArenaPool::take_own() noexcept {
  const std::uint32_t thread = ThreadIndex::get();
  if (thread == ThreadIndex::kCount) return kNone;
  std::atomic<std::uint32_t>& cell = cells_[thread].slot;
  if (cell.load(std::memory_order_relaxed) == kNone) return kNone;
  return cell.exchange(kNone, std::memory_order_acquire);
}

std::uint32_t ArenaPool::take_shared() noexcept {
  std::uint32_t index = idle_.pop();
  if (index == kNone) index = take_from_others();
  if (index == kNone) index = claim_fresh();
  if (index == kNone) misses_.fetch_add(1, std::memory_order_relaxed);
  return index;
}

// Whoever filled a cell before this call raised the limit before that.
std::uint32_t ArenaPool::take_from_others() noexcept {
  const std::uint32_t limit = ThreadIndex::limit();
  for (std::uint32_t i = 0; i < limit; ++i) {
    std::atomic<std::uint32_t>& cell = cells_[i].slot;
    if (cell.load(std::memory_order_relaxed) == kNone) continue;
    const std::uint32_t index = cell.exchange(kNone, std::memory_order_acquire);
    if (index != kNone) return index;
  }
  return kNone;
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

void ArenaPool::give_back(std::uint32_t index) noexcept {
  Slot& slot = slots_[index];
  slot.arena->hand_over();  // a lease may end on another thread than the one that used it
  const std::size_t used = slot.arena->used_bytes();
  slot.arena->reset();
  end_turn(slot, used);
  slot.arena->hand_over();
  put_idle(index);
}

void ArenaPool::end_turn(Slot& slot, std::size_t used_bytes) noexcept {
  const std::uint64_t turns = slot.turns.load(std::memory_order_relaxed);
  const Totals& before = slot.totals[leases_over(turns) % 2];
  Totals& after = slot.totals[leases_over(turns + 1) % 2];
  after.used_bytes.store(before.used_bytes.load(std::memory_order_relaxed) + used_bytes,
                         std::memory_order_release);
  after.used_bytes_max.store(
      std::max(before.used_bytes_max.load(std::memory_order_relaxed), used_bytes),
      std::memory_order_release);
  after.capacity_bytes.store(slot.arena->capacity_bytes(), std::memory_order_release);
  slot.turns.store(turns + 1, std::memory_order_release);
}

// Into this thread's cell, so that the warmest is leased next; what lay there goes to the stack.
void ArenaPool::put_idle(std::uint32_t index) noexcept {
  const std::uint32_t thread = ThreadIndex::get();
  if (thread == ThreadIndex::kCount) return idle_.push(index);
  std::atomic<std::uint32_t>& cell = cells_[thread].slot;
  if (cell.load(std::memory_order_relaxed) == kNone) {
    return cell.store(index, std::memory_order_release);
  }
  const std::uint32_t older = cell.exchange(index, std::memory_order_release);
  if (older != kNone) idle_.push(older);
}

ArenaPoolMetrics ArenaPool::metrics() const noexcept {
  ArenaPoolMetrics metrics;
  for (int i = 0; i < kSnapshotsMax && !try_snapshot(metrics); ++i) {
  }
  return metrics;
}

// Returns whether the figures are those of one instant. Turns only grow, so if their sum is the
// same in the second reading, each is. A lease or return that came before one that the first
// reading saw is seen by the second: no set of turns passes that never was. Otherwise the leases
// that were over are of the first reading and those begun of the second, so what was out at any
// instant between is counted as active.
bool ArenaPool::try_snapshot(ArenaPoolMetrics& metrics) const noexcept {
  metrics = {};
  const std::uint32_t arenas_before = fresh_.load(std::memory_order_relaxed);
  std::uint64_t turns_before = 0;
  std::uint64_t over = 0;
  for (std::uint32_t i = 0; i < arenas_before; ++i) {
    const std::uint64_t turns = add_finished(slots_[i], metrics);
    turns_before += turns;
    over += leases_over(turns);
  }
  metrics.misses = misses_.load(std::memory_order_acquire);
  metrics.active_max = fresh_.load(std::memory_order_relaxed);
  std::uint64_t turns_after = 0;
  std::uint64_t begun = 0;
  for (std::uint32_t i = 0; i < metrics.active_max; ++i) {
    const std::uint64_t turns = slots_[i].turns.load(std::memory_order_acquire);
    turns_after += turns;
    begun += leases_begun(turns);
  }
  metrics.active = std::min(begun - over, metrics.active_max);
  metrics.leases_given = over + metrics.active;
  return turns_after == turns_before;
}

// Adds the totals of the slot's leases that are over, and returns the turns they belong to. They
// were overwritten meanwhile only if two more leases began.
std::uint64_t ArenaPool::add_finished(const Slot& slot, ArenaPoolMetrics& sum) noexcept {
  std::uint64_t turns = 0;
  std::uint64_t used_bytes = 0;
  std::size_t used_bytes_max = 0;
  std::size_t capacity_bytes = 0;
  do {
    turns = slot.turns.load(std::memory_order_acquire);
    const Totals& totals = slot.totals[leases_over(turns) % 2];
    used_bytes = totals.used_bytes.load(std::memory_order_acquire);
    used_bytes_max = totals.used_bytes_max.load(std::memory_order_acquire);
    capacity_bytes = totals.capacity_bytes.load(std::memory_order_acquire);
  } while (leases_begun(slot.turns.load(std::memory_order_relaxed)) > leases_over(turns) + 1);
  sum.used_bytes += used_bytes;
  sum.used_bytes_max = std::max(sum.used_bytes_max, used_bytes_max);
  sum.capacity_bytes += capacity_bytes;
  return turns;
}

}  // namespace logboom::arena
