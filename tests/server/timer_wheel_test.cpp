#include "server/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace logboom::server {
namespace {

using std::chrono::milliseconds;
using Clock = TimerWheel::Clock;

struct TimerWheelTest : ::testing::Test {
  Clock::time_point at(milliseconds since_start) const { return start + since_start; }
  std::vector<TimerNode*> advance(milliseconds to) {
    std::vector<TimerNode*> fired;
    wheel.advance(at(to), [&](TimerNode& node) { fired.push_back(&node); });
    return fired;
  }

  const Clock::time_point start{std::chrono::hours(1)};
  TimerWheel wheel{start};
};

TEST_F(TimerWheelTest, ANodeFiresOnceWithinATickOfItsDeadlineAndNeverEarly) {
  TimerNode node;
  wheel.arm(node, at(milliseconds(100)));
  EXPECT_TRUE(advance(milliseconds(99)).empty());
  EXPECT_EQ(advance(milliseconds(100) + TimerWheel::kTick).size(), 1U);
  EXPECT_FALSE(node.armed());
  EXPECT_TRUE(advance(milliseconds(100'000)).empty());
}

TEST_F(TimerWheelTest, ADeadlineBeyondTheHorizonWaitsItsRounds) {
  TimerNode node;
  wheel.arm(node, at(milliseconds(75'000)));
  for (int ms = 0; ms < 75'000; ms += 500) ASSERT_TRUE(advance(milliseconds(ms)).empty()) << ms;
  EXPECT_EQ(advance(milliseconds(75'100)).size(), 1U);
}

TEST_F(TimerWheelTest, ALongSleepFiresEverythingThatBecameDue) {
  std::vector<TimerNode> nodes(50);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    wheel.arm(nodes[i], at(milliseconds(1000 * static_cast<int>(i))));
  }
  EXPECT_EQ(advance(milliseconds(3'600'000)).size(), 50U);
}

TEST_F(TimerWheelTest, ADisarmedNodeDoesNotFireAndAMovedOneFiresAtItsNewDeadline) {
  TimerNode disarmed;
  TimerNode moved;
  wheel.arm(disarmed, at(milliseconds(50)));
  wheel.arm(moved, at(milliseconds(50)));
  wheel.disarm(disarmed);
  wheel.arm(moved, at(milliseconds(400)));
  EXPECT_TRUE(advance(milliseconds(200)).empty());
  EXPECT_EQ(advance(milliseconds(500)).size(), 1U);
}

TEST_F(TimerWheelTest, SleepEndsWhenTheNextNodeIsDueAndIsEndlessWithoutOne) {
  EXPECT_LT(wheel.until_next(start).count(), 0);
  TimerNode node;
  wheel.arm(node, at(milliseconds(10'000)));
  EXPECT_GE(wheel.until_next(start), milliseconds(10'000));
  EXPECT_LE(wheel.until_next(start), milliseconds(10'000) + 2 * TimerWheel::kTick);
  wheel.disarm(node);
  EXPECT_LT(wheel.until_next(start).count(), 0);
}

TEST_F(TimerWheelTest, AFiringNodeMayArmAndDisarmOthers) {
  TimerNode first;
  TimerNode second;
  TimerNode third;
  wheel.arm(first, at(milliseconds(20)));
  wheel.arm(second, at(milliseconds(20)));
  int fired = 0;
  wheel.advance(at(milliseconds(100)), [&](TimerNode& node) {
    ++fired;
    if (&node == &first) {
      wheel.disarm(second);
      wheel.arm(third, at(milliseconds(500)));
    }
  });
  EXPECT_EQ(fired, 1);
  EXPECT_TRUE(third.armed());
  EXPECT_EQ(advance(milliseconds(600)).size(), 1U);
}

TEST_F(TimerWheelTest, RandomTimersAllFireNeverEarlyAndAtMostTwoTicksLate) {
  const unsigned seed = 20261122;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  std::vector<TimerNode> nodes(500);
  for (TimerNode& node : nodes) wheel.arm(node, at(milliseconds(random() % 40'000)));
  std::size_t fired = 0;
  for (milliseconds now{0}; now < milliseconds(41'000); now += TimerWheel::kTick) {
    wheel.advance(at(now), [&](TimerNode& node) {
      ++fired;
      EXPECT_LE(node.deadline, at(now));
      EXPECT_GE(node.deadline + 2 * TimerWheel::kTick, at(now));
    });
  }
  EXPECT_EQ(fired, nodes.size());
}

}  // namespace
}  // namespace logboom::server
