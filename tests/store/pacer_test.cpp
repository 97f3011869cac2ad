#include "store/pacer.hpp"

#include <chrono>
#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace logboom::store {
namespace {

using std::chrono::microseconds;

constexpr microseconds kAuto{-1};
constexpr std::chrono::milliseconds kCalm{10};  // between commits: no rush

TEST(PacerTest, AClientOnItsOwnNeverWaits) {
  Pacer pacer(Durability::sync, kAuto);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(pacer.target(), 1);
    pacer.committed(
        {.requests = 1, .arrived = 0, .sync_time = microseconds(150), .interval = kCalm});
  }
}

TEST(PacerTest, WaitsForMostOfTheRequestsInFlight) {
  Pacer pacer(Durability::sync, kAuto);
  pacer.committed(
      {.requests = 10, .arrived = 90, .sync_time = microseconds(150), .interval = kCalm});
  EXPECT_EQ(pacer.target(), 94);
}

TEST(PacerTest, TheEndlessCountOfAStopDoesNotOverflowIt) {
  Pacer pacer(Durability::sync, kAuto);
  pacer.committed({.requests = 1,
                   .arrived = std::numeric_limits<std::int64_t>::max(),
                   .sync_time = microseconds(150),
                   .interval = kCalm});
  EXPECT_GT(pacer.target(), 1);
}

TEST(PacerTest, ForgetsClientsThatHaveLeft) {
  Pacer pacer(Durability::sync, kAuto);
  pacer.committed(
      {.requests = 100, .arrived = 0, .sync_time = microseconds(150), .interval = kCalm});
  int commits = 0;
  while (pacer.target() > 1 && commits < 1000) {
    pacer.committed(
        {.requests = 1, .arrived = 0, .sync_time = microseconds(150), .interval = kCalm});
    ++commits;
  }
  EXPECT_LT(commits, 60);
}

TEST(PacerTest, ItsWindowIsTheMedianSyncTimeWithinBounds) {
  for (const auto& [sync, window] : {std::pair{20, 100}, std::pair{250, 250}, {9000, 500}}) {
    Pacer pacer(Durability::sync, kAuto);
    for (int i = 0; i < 30; ++i) {
      pacer.committed({.requests = 1,
                       .arrived = 0,
                       .sync_time = microseconds(i % 5 == 0 ? 100'000 : sync),
                       .interval = kCalm});
    }
    EXPECT_EQ(pacer.window(), microseconds(window));
  }
}

void rush(Pacer& pacer, std::int64_t requests, std::chrono::nanoseconds interval) {
  for (int i = 0; i < 200; ++i) {
    pacer.committed({requests, 0, microseconds(150), interval});
  }
}

TEST(PacerTest, WaitsLongerForRequestsThatComeInARush) {
  const auto window_after = [](std::int64_t requests, microseconds interval) {
    Pacer pacer(Durability::sync, kAuto);
    rush(pacer, requests, requests * interval);
    return pacer.window();
  };
  EXPECT_EQ(window_after(40, Pacer::kRushInterval), 40 * Pacer::kRushWindowPerRequest);
  EXPECT_EQ(window_after(4000, Pacer::kRushInterval), Pacer::kRushWindowMax);
  EXPECT_EQ(window_after(4, Pacer::kRushInterval), microseconds(150));
  EXPECT_EQ(window_after(40, Pacer::kRushInterval + microseconds(1)), microseconds(150));
}

TEST(PacerTest, ARushIsOverWithThePauseBehindIt) {
  Pacer pacer(Durability::sync, kAuto);
  rush(pacer, 40, microseconds(400));
  ASSERT_GT(pacer.window(), microseconds(150));
  pacer.committed({1, 0, microseconds(150), std::chrono::seconds(10)});
  EXPECT_EQ(pacer.window(), microseconds(150));
}

TEST(PacerTest, NoRushChangesAWindowThatIsSetOrThatOfMemory) {
  Pacer set(Durability::sync, microseconds(300));
  rush(set, 40, microseconds(400));
  EXPECT_EQ(set.window(), microseconds(300));
  Pacer memory(Durability::memory, kAuto);
  rush(memory, 40, microseconds(400));
  EXPECT_EQ(memory.window(), Pacer::kMemoryWindow);
}

TEST(PacerTest, AWindowThatIsSetIsAlwaysWaited) {
  Pacer pacer(Durability::sync, microseconds(300));
  pacer.committed({.requests = 1, .arrived = 0, .sync_time = microseconds(150), .interval = kCalm});
  EXPECT_EQ(pacer.window(), microseconds(300));
  EXPECT_GT(pacer.target(), 1'000'000);
}

TEST(PacerTest, AWindowOfZeroNeverWaits) {
  Pacer pacer(Durability::sync, microseconds(0));
  pacer.committed(
      {.requests = 100, .arrived = 100, .sync_time = microseconds(150), .interval = kCalm});
  EXPECT_EQ(pacer.target(), 1);
}

}  // namespace
}  // namespace logboom::store
