#include "arena/arena_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <cstring>
#include <thread>
#include <vector>

namespace logboom::arena {
namespace {

class ArenaPoolTest : public testing::Test {
 protected:
  LargeBlockCache large_blocks_;
};

TEST_F(ArenaPoolTest, ALeaseReturnsItsArenaReset) {
  ArenaPool pool({.capacity = 1, .arena = {}}, large_blocks_);
  {
    const auto lease = pool.try_lease();
    ASSERT_TRUE(lease);
    EXPECT_EQ((*lease)->copy("text"), "text");
  }
  const auto again = pool.try_lease();
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->used_bytes(), 0U);
}

TEST_F(ArenaPoolTest, ExhaustionIsAValueAndCounted) {
  ArenaPool pool({.capacity = 2, .arena = {}}, large_blocks_);
  auto one = pool.try_lease();
  const auto two = pool.try_lease();
  EXPECT_TRUE(one && two);
  EXPECT_FALSE(pool.try_lease());
  EXPECT_EQ(pool.metrics().misses, 1U);
  one.reset();
  EXPECT_TRUE(pool.try_lease());
}

TEST_F(ArenaPoolTest, ArenasAreMadeOnlyWhenNeeded) {
  ArenaPool pool({.capacity = 1000, .arena = {}}, large_blocks_);
  for (int i = 0; i < 10; ++i) {
    const auto one = pool.try_lease();
    const auto two = pool.try_lease();
    (void)(*one)->allocate(1);
  }
  EXPECT_EQ(pool.metrics().active_max, 2U);
}

TEST_F(ArenaPoolTest, LeasesTheArenaThatWasReturnedLast) {
  ArenaPool pool({.capacity = 3, .arena = {}}, large_blocks_);
  auto one = pool.try_lease();
  auto two = pool.try_lease();
  Arena* const warm = &**two;
  one.reset();
  two.reset();
  const auto again = pool.try_lease();
  EXPECT_EQ(&**again, warm);
}

TEST_F(ArenaPoolTest, AnArenaThatAnotherThreadReturnedIsLeased) {
  ArenaPool pool({.capacity = 1, .arena = {}}, large_blocks_);
  std::barrier turn(2);
  std::thread other([&] {
    (void)pool.try_lease();
    turn.arrive_and_wait();  // the thread lives on while the arena is leased
    turn.arrive_and_wait();
  });
  turn.arrive_and_wait();
  EXPECT_TRUE(pool.try_lease());
  turn.arrive_and_wait();
  other.join();
  EXPECT_EQ(pool.metrics().misses, 0U);
  EXPECT_EQ(pool.metrics().active_max, 1U);
}

TEST_F(ArenaPoolTest, ArenasThatEndedThreadsReturnedAreLeasedBeforeNewOnesAreMade) {
  ArenaPool pool({.capacity = 10, .arena = {}}, large_blocks_);
  for (int i = 0; i < 20; ++i) std::thread([&] { EXPECT_TRUE(pool.try_lease()); }).join();
  EXPECT_TRUE(pool.try_lease());
  EXPECT_EQ(pool.metrics().active_max, 1U);
}

TEST_F(ArenaPoolTest, AllArenasAreLeasedAgainAfterMoreThreadsThanThereAreCellsReturnedThem) {
  constexpr std::uint32_t kThreads = ThreadIndex::kCount + 20;
  ArenaPool pool({.capacity = kThreads, .arena = {}}, large_blocks_);
  std::barrier turn(kThreads);
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (std::uint32_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      auto lease = pool.try_lease();
      EXPECT_TRUE(lease);
      turn.arrive_and_wait();  // all are out
      lease.reset();
      turn.arrive_and_wait();  // all are back, in cells and on the stack
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<ArenaLease> leases;
  while (auto lease = pool.try_lease()) leases.push_back(std::move(*lease));
  EXPECT_EQ(leases.size(), kThreads);
  EXPECT_EQ(pool.metrics().misses, 1U);
}

// The lease is a thread_local made before the thread has an index, so it ends after it.
TEST_F(ArenaPoolTest, ALeaseThatEndsAfterItsThreadsIndexIsBackAllTheSame) {
  ArenaPool pool({.capacity = 1, .arena = {}}, large_blocks_);
  std::thread([&] {
    static thread_local std::optional<ArenaLease> late;
    late.reset();
    late = pool.try_lease();
  }).join();
  EXPECT_EQ(pool.metrics().active, 0U);
  EXPECT_TRUE(pool.try_lease());
}

TEST_F(ArenaPoolTest, ThreadsThatStealFromEachOtherNeverShareAnArena) {
  constexpr int kThreads = 16;
  ArenaPool pool({.capacity = 3, .arena = {.chunk_bytes = 8192}}, large_blocks_);
  const auto work = [&](int thread) {
    for (int turn = 0; turn < 3000; ++turn) {
      const auto one = pool.try_lease();
      const auto two = turn % 3 == 0 ? pool.try_lease() : std::nullopt;
      for (const auto* lease : {&one, &two}) {
        if (!*lease) continue;
        const auto bytes = (**lease)->create_span_uninitialized<unsigned char>(200);
        std::memset(bytes.data(), thread, bytes.size());
        for (const unsigned char byte : bytes) ASSERT_EQ(byte, thread);
      }
    }
  };
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(pool.metrics().active, 0U);
  std::vector<ArenaLease> leases;
  while (auto lease = pool.try_lease()) leases.push_back(std::move(*lease));
  EXPECT_EQ(leases.size(), 3U);
}

TEST_F(ArenaPoolTest, AMovedLeaseReturnsOnce) {
  ArenaPool pool({.capacity = 2, .arena = {}}, large_blocks_);
  auto first = pool.try_lease();
  ArenaLease moved(std::move(*first));
  first.reset();
  EXPECT_EQ(pool.metrics().active, 1U);
  moved = std::move(*pool.try_lease());
  EXPECT_EQ(pool.metrics().active, 1U);
  (void)moved->allocate(1);
}

TEST_F(ArenaPoolTest, OwnershipMovesToAnotherThreadWithTheLease) {
  ArenaPool pool({.capacity = 1, .arena = {}}, large_blocks_);
  auto lease = pool.try_lease();
  (void)(*lease)->allocate(1);
  std::thread([moved = std::move(*lease)] { (void)moved->allocate(1); }).join();
  lease.reset();
  EXPECT_EQ(pool.metrics().active, 0U);
}

TEST_F(ArenaPoolTest, ALeaseMayEndOnAnotherThreadThanItsUser) {
  ArenaPool pool({.capacity = 1, .arena = {}}, large_blocks_);
  std::optional<ArenaLease> lease = pool.try_lease();
  std::thread([&] { (void)(*lease)->allocate(1); }).join();
  lease.reset();
  EXPECT_EQ(pool.metrics().active, 0U);
}

TEST_F(ArenaPoolTest, MetricsAddUp) {
  ArenaPool pool({.capacity = 4, .arena = {}}, large_blocks_);
  for (const std::size_t bytes : {128UL, 5120UL, 256UL}) {
    const auto lease = pool.try_lease();
    (void)(*lease)->allocate(bytes);
  }
  const auto out = pool.try_lease();
  const ArenaPoolMetrics metrics = pool.metrics();
  EXPECT_EQ(metrics.leases_given, 4U);
  EXPECT_EQ(metrics.active, 1U);
  EXPECT_EQ(metrics.active_max, 1U);
  EXPECT_EQ(metrics.misses, 0U);
  EXPECT_EQ(metrics.used_bytes, 128U + 5120U + 256U);
  EXPECT_EQ(metrics.used_bytes_max, 5120U);
  EXPECT_EQ(metrics.capacity_bytes, 64U * 1024U);
}

TEST_F(ArenaPoolTest, SixteenThreadsNeverShareAnArena) {
  constexpr int kThreads = 16;
  constexpr int kTurns = 2000;
  ArenaPool pool({.capacity = 10, .arena = {.chunk_bytes = 8192}}, large_blocks_);
  std::atomic<std::uint64_t> given{0};
  std::atomic<std::uint64_t> refused{0};
  const auto work = [&](int thread) {
    for (int turn = 0; turn < kTurns; ++turn) {
      const auto lease = pool.try_lease();
      (lease ? given : refused).fetch_add(1, std::memory_order_relaxed);
      if (!lease) continue;
      const auto bytes = (*lease)->create_span_uninitialized<unsigned char>(200);
      std::memset(bytes.data(), thread, bytes.size());
      for (const unsigned char byte : bytes) ASSERT_EQ(byte, thread);
    }
  };
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();

  const ArenaPoolMetrics metrics = pool.metrics();
  EXPECT_EQ(metrics.leases_given, given);
  EXPECT_EQ(metrics.misses, refused);
  EXPECT_EQ(given + refused, std::uint64_t{kThreads} * kTurns);
  EXPECT_EQ(metrics.active, 0U);
  EXPECT_LE(metrics.active_max, 10U);
  EXPECT_EQ(metrics.used_bytes, 200 * given);
}

TEST_F(ArenaPoolTest, ASnapshotDuringWorkNeverShowsMoreActiveThanExist) {
  ArenaPool pool({.capacity = 3, .arena = {}}, large_blocks_);
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (!stop.load(std::memory_order_relaxed)) {
        const auto lease = pool.try_lease();
        if (lease) (void)(*lease)->allocate(10);
      }
    });
  }
  std::uint64_t given = 0;
  for (int i = 0; i < 1000; ++i) {
    const ArenaPoolMetrics metrics = pool.metrics();
    EXPECT_LE(metrics.active, metrics.active_max);
    EXPECT_LE(metrics.active_max, 3U);
    EXPECT_GE(metrics.leases_given, given);
    given = metrics.leases_given;
  }
  stop.store(true, std::memory_order_relaxed);
  for (std::thread& thread : threads) thread.join();
}

// Each worker has a lease at any time, for it takes the next before it returns the last, and each
// lease uses as many bytes.
TEST_F(ArenaPoolTest, ASnapshotDuringWorkIsConsistent) {
  constexpr std::uint32_t kWorkers = 4;
  constexpr std::size_t kBytes = 640;
  ArenaPool pool({.capacity = 2 * kWorkers, .arena = {}}, large_blocks_);
  std::atomic<std::uint32_t> ready{0};
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  threads.reserve(kWorkers);
  for (std::uint32_t i = 0; i < kWorkers; ++i) {
    threads.emplace_back([&] {
      ArenaLease lease = *pool.try_lease();
      ready.fetch_add(1, std::memory_order_release);
      while (!stop.load(std::memory_order_relaxed)) {
        for (int part = 0; part < 10; ++part) (void)lease->allocate(kBytes / 10);
        lease = *pool.try_lease();
      }
      (void)lease->allocate(kBytes);
    });
  }
  while (ready.load(std::memory_order_acquire) < kWorkers) std::this_thread::yield();
  std::uint64_t given = 0;
  for (int i = 0; i < 2000 && !HasFailure(); ++i) {
    const ArenaPoolMetrics metrics = pool.metrics();
    EXPECT_GE(metrics.active, kWorkers);
    EXPECT_LE(metrics.active, metrics.active_max);
    EXPECT_LE(metrics.active_max, 2 * kWorkers);
    EXPECT_GE(metrics.leases_given, given);
    EXPECT_EQ(metrics.used_bytes, kBytes * (metrics.leases_given - metrics.active));
    EXPECT_TRUE(metrics.used_bytes_max == kBytes || metrics.used_bytes == 0);
    given = metrics.leases_given;
  }
  stop.store(true, std::memory_order_relaxed);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(pool.metrics().used_bytes, kBytes * pool.metrics().leases_given);
}

#ifndef NDEBUG
TEST_F(ArenaPoolTest, ALeaseThatOutlivesItsPoolIsReported) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto destroy_a_pool_before_its_lease = [&] {
    std::optional<ArenaLease> lease;
    ArenaPool pool({.capacity = 1, .arena = {}}, large_blocks_);
    lease = pool.try_lease();
  };
  EXPECT_DEATH(destroy_a_pool_before_its_lease(), "a lease outlives its pool");
}
#endif

}  // namespace
}  // namespace logboom::arena
