#include "store/backoff.hpp"

#include <chrono>

#include <gtest/gtest.h>

namespace logboom::store {
namespace {

using namespace std::chrono_literals;
using Time = Backoff::Clock::time_point;

constexpr Time kStart{1h};

TEST(BackoffTest, TriesAtOnceWhatHasNotFailed) {
  EXPECT_TRUE(Backoff(100ms, 5s).is_due(kStart));
}

TEST(BackoffTest, WaitsTwiceAsLongAfterEachFailureUpToTheMost) {
  Backoff backoff(100ms, 350ms);
  Time now = kStart;
  for (const auto delay : {100ms, 200ms, 350ms, 350ms}) {
    backoff.failed(now);
    EXPECT_EQ(backoff.due(), now + delay);
    EXPECT_FALSE(backoff.is_due(now + delay - 1ns));
    EXPECT_TRUE(backoff.is_due(now + delay));
    now = backoff.due();
  }
}

TEST(BackoffTest, BeginsAnewAfterASuccess) {
  Backoff backoff(100ms, 5s);
  backoff.failed(kStart);
  backoff.failed(backoff.due());
  backoff.succeeded();
  EXPECT_TRUE(backoff.is_due(kStart));
  backoff.failed(kStart);
  EXPECT_EQ(backoff.due(), kStart + 100ms);
}

TEST(BackoffTest, BeginsAnewWhenTheLastFailureIsLongAgo) {
  Backoff backoff(100ms, 5s);
  backoff.failed(kStart);
  backoff.failed(kStart + 6s);
  EXPECT_EQ(backoff.due(), kStart + 6s + 100ms);
}

TEST(BackoffTest, CutShortIsDueAndStillWaitsLongerTheNextTime) {
  Backoff backoff(1h, 4h);
  const Time now = Backoff::Clock::now();
  backoff.failed(now);
  backoff.cut_short();
  EXPECT_TRUE(backoff.is_due(Backoff::Clock::now()));
  backoff.failed(now);
  EXPECT_EQ(backoff.due(), now + 2h);
}

}  // namespace
}  // namespace logboom::store
