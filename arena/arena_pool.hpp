#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "arena/arena.hpp"
#include "arena/idle_stack.hpp"
#include "arena/large_block_cache.hpp"
#include "arena/thread_index.hpp"

namespace logboom::arena {

class ArenaPool;

struct ArenaPoolOptions {
  // The most arenas out at once: one for each request in flight. Further leases are refused.
  std::uint32_t capacity = 1024;
  ArenaOptions arena;
};

// A snapshot: the figures of one instant, except where pool threads are so fast that no two
// readings in a row agree (see ArenaPool::metrics). In any case every lease that is counted as
// given is either active or over, and the bytes are those of the leases that are over.
struct ArenaPoolMetrics {
  std::uint64_t leases_given = 0;
  std::uint64_t active = 0;        // leases that are out
  std::uint64_t active_max = 0;    // the most that were out at once: the arenas that exist
  std::uint64_t misses = 0;        // leases refused because all arenas were out
  std::uint64_t used_bytes = 0;    // handed out by arenas, summed over the leases that are over
  std::size_t used_bytes_max = 0;  // the most that one lease used
  std::size_t capacity_bytes = 0;  // held by the arenas when each was last returned
};

// The exclusive right to one arena of a pool. Its destruction resets the arena and returns it.
// Move-only; moving it passes the arena on to whatever thread uses it next.
// It has no named accessor, so that `pool.try_lease()->...` cannot reach into a dying lease.
class [[nodiscard]] ArenaLease {
 public:
  ArenaLease(ArenaLease&& other) noexcept
      : pool_(other.pool_), arena_(std::exchange(other.arena_, nullptr)), slot_(other.slot_) {
    if (arena_ != nullptr) arena_->hand_over();
  }
  ArenaLease& operator=(ArenaLease&& other) noexcept {
    ArenaLease taken(std::move(other));
    std::swap(pool_, taken.pool_);
    std::swap(arena_, taken.arena_);
    std::swap(slot_, taken.slot_);
    return *this;
  }
  ~ArenaLease() {
    if (arena_ != nullptr) give_back();
  }

  // The arena; not for a lease that was moved from.
  Arena& operator*() const& noexcept {
    assert(arena_ != nullptr);
    return *arena_;
  }
  Arena* operator->() const& noexcept { return &**this; }
  Arena& operator*() const&& = delete;
  Arena* operator->() const&& = delete;

 private:
  friend class ArenaPool;
  ArenaLease(ArenaPool& pool, Arena& arena, std::uint32_t slot) noexcept
      : pool_(&pool), arena_(&arena), slot_(slot) {}
  void give_back() noexcept;

  ArenaPool* pool_;
  Arena* arena_;
  std::uint32_t slot_;
};

// A fixed number of arenas, shared by all threads. They are made when first needed and leased most
// recently used first, so that few stay warm. Leasing and returning take no lock. The arena that a
// thread returned last waits in the thread's own cell, the others on a stack
// (arena/idle_stack.hpp); a thread that finds neither takes one out of another's cell before a new
// arena is made or a lease refused. So none is stranded where it cannot be leased, and threads that
// lease and return one at a time share nothing. Threads beyond the first ThreadIndex::kCount use
// the stack. Lifetime: all leases are back before the pool is destroyed (asserted), and
// `large_blocks` outlives it.
class ArenaPool {
 public:
  ArenaPool(const ArenaPoolOptions& options, LargeBlockCache& large_blocks);
  ~ArenaPool();
  ArenaPool(const ArenaPool&) = delete;
  ArenaPool& operator=(const ArenaPool&) = delete;

  // Returns nothing when all arenas are out: none was idle from begin to end of the call. One that
  // another thread returns meanwhile may be missed.
  [[nodiscard]] std::optional<ArenaLease> try_lease() &;

  // Any thread, any time, and without cost for the others; figures of the arenas that are out are
  // as of their last return. The counts are read twice; if they have not changed, they are those of
  // any instant between. After kSnapshotsMax readings that found them changed `active` counts each
  // arena that was out at any time during the last: never fewer than were out at one instant.
  [[nodiscard]] ArenaPoolMetrics metrics() const noexcept;

 private:
  friend class ArenaLease;

  // Over the leases of a slot that are over.
  struct Totals {
    std::atomic<std::uint64_t> used_bytes{0};
    std::atomic<std::size_t> used_bytes_max{0};
    std::atomic<std::size_t> capacity_bytes{0};
  };

  // Its counters are a cache line of their own, for its lessee writes them. They have one writer at
  // a time, the lessee, whom stack and cells order behind the one before; so they need no
  // read-modify-write. Their stores release and snapshots acquire, so that who sees a turn sees all
  // turns, of any slot, that its thread knew of.
  struct alignas(64) Slot {
    std::atomic<std::uint32_t> next{0};   // IdleStack's
    std::atomic<std::uint64_t> turns{0};  // leases and returns: odd while it is out
    // Those as of the end of lease n are in totals[n % 2], where they stay until lease n + 2 ends:
    // a snapshot never finds them half written, however long the lessee takes.
    std::array<Totals, 2> totals;
    std::optional<Arena> arena;  // touched by the lessee only
  };

  static constexpr std::uint32_t kNone = IdleStack<Slot>::kNone;
  static constexpr int kSnapshotsMax = 16;

  static std::uint64_t leases_begun(std::uint64_t turns) noexcept { return (turns + 1) / 2; }
  static std::uint64_t leases_over(std::uint64_t turns) noexcept { return turns / 2; }
  static void end_turn(Slot& slot, std::size_t used_bytes) noexcept;
  static std::uint64_t add_finished(const Slot& slot, ArenaPoolMetrics& sum) noexcept;
  bool try_snapshot(ArenaPoolMetrics& metrics) const noexcept;

  // Only the thread that has the cell's index fills it, so when it finds it empty a plain store is
  // enough; any thread empties it by an exchange. Filling releases the slot's arena and counters,
  // emptying acquires them.
  struct alignas(64) Cell {
    std::atomic<std::uint32_t> slot{kNone};
  };

  std::uint32_t take_own() noexcept;
  std::uint32_t take_shared() noexcept;
  std::uint32_t take_from_others() noexcept;
  std::uint32_t claim_fresh() noexcept;
  void give_back(std::uint32_t slot) noexcept;
  void put_idle(std::uint32_t slot) noexcept;

  const ArenaPoolOptions options_;
  LargeBlockCache& large_blocks_;
  const std::unique_ptr<Slot[]> slots_;

  std::array<Cell, ThreadIndex::kCount> cells_;
  alignas(64) IdleStack<Slot> idle_{slots_.get()};
  alignas(64) std::atomic<std::uint32_t> fresh_{0};  // the first slot that was never leased
  std::atomic<std::uint64_t> misses_{0};
};

inline void ArenaLease::give_back() noexcept {
  pool_->give_back(slot_);
}

}  // namespace logboom::arena
