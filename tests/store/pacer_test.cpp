#include "store/pacer.hpp"

#include <chrono>
#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace logboom::store {
namespace {

using std::chrono::microseconds;

constexpr microseconds kAuto{-1};

TEST(PacerTest, AClientOnItsOwnNeverWaits) {
  Pacer pacer(Durability::sync, kAuto);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(pacer.target(), 1);
    pacer.committed(1, 0, microseconds(150));
  }
}

TEST(PacerTest, WaitsForMostOfTheRequestsInFlight) {
  Pacer pacer(Durability::sync, kAuto);
  pacer.committed(10, 90, microseconds(150));
  EXPECT_EQ(pacer.target(), 94);
}

TEST(PacerTest, TheEndlessCountOfAStopDoesNotOverflowIt) {
  Pacer pacer(Durability::sync, kAuto);
  pacer.committed(1, std::numeric_limits<std::int64_t>::max(), microseconds(150));
  EXPECT_GT(pacer.target(), 1);
}

TEST(PacerTest, ForgetsClientsThatHaveLeft) {
  Pacer pacer(Durability::sync, kAuto);
  pacer.committed(100, 0, microseconds(150));
  int commits = 0;
  while (pacer.target() > 1 && commits < 1000) {
    pacer.committed(1, 0, microseconds(150));
    ++commits;
  }
  EXPECT_LT(commits, 60);
}

TEST(PacerTest, ItsWindowIsTheMedianSyncTimeWithinBounds) {
  for (const auto& [sync, window] : {std::pair{20, 100}, std::pair{250, 250}, {9000, 500}}) {
    Pacer pacer(Durability::sync, kAuto);
    for (int i = 0; i < 30; ++i) {
      pacer.committed(1, 0, microseconds(i % 5 == 0 ? 100'000 : sync));
    }
    EXPECT_EQ(pacer.window(), microseconds(window));
  }
}

TEST(PacerTest, AWindowThatIsSetIsAlwaysWaited) {
  Pacer pacer(Durability::sync, microseconds(300));
  pacer.committed(1, 0, microseconds(150));
  EXPECT_EQ(pacer.window(), microseconds(300));
  EXPECT_GT(pacer.target(), 1'000'000);
}

TEST(PacerTest, AWindowOfZeroNeverWaits) {
  Pacer pacer(Durability::sync, microseconds(0));
  pacer.committed(100, 100, microseconds(150));
  EXPECT_EQ(pacer.target(), 1);
}

}  // namespace
}  // namespace logboom::store
