#include "cli/repeat_limit.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace logboom::cli {
namespace {

using Time = RepeatLimit::Clock::time_point;

// Lets as many pass as may.
void use_up(RepeatLimit& limit, std::string_view message, Time now) {
  for (std::size_t i = 0; i < RepeatLimit::kPassesMax; ++i) ASSERT_TRUE(limit.admit(message, now));
}

TEST(RepeatLimitTest, LetsSoManyOfAKindPassInAPeriod) {
  RepeatLimit limit;
  const Time now{};
  use_up(limit, "cannot seal 1", now);
  EXPECT_FALSE(limit.admit("cannot seal 2", now));
  EXPECT_TRUE(limit.admit("cannot delete 1", now));
  EXPECT_TRUE(limit.admit("cannot seal 3", now + RepeatLimit::kPeriod));
}

TEST(RepeatLimitTest, TellsOnceHowManyWereLeftOutWhenThePeriodIsOver) {
  RepeatLimit limit;
  const Time now{};
  use_up(limit, "a 1", now);
  EXPECT_EQ(limit.next_due(), std::nullopt);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limit.admit(fmt::format("a {}", i), now));
  EXPECT_EQ(limit.next_due(), now + RepeatLimit::kPeriod);
  EXPECT_TRUE(limit.take_due(now).empty());
  const auto left_out = limit.take_due(now + RepeatLimit::kPeriod);
  ASSERT_EQ(left_out.size(), 1U);
  EXPECT_EQ(left_out[0].count, 3U);
  EXPECT_EQ(left_out[0].message, "a 2");
  EXPECT_TRUE(limit.take_all().empty());
}

TEST(RepeatLimitTest, TellsOfAnEarlierPeriodEvenIfTheKindComesAgainFirst) {
  RepeatLimit limit;
  const Time now{};
  use_up(limit, "a", now);
  EXPECT_FALSE(limit.admit("a", now));
  EXPECT_TRUE(limit.admit("a", now + RepeatLimit::kPeriod));
  EXPECT_EQ(limit.take_due(now).size(), 1U);
}

TEST(RepeatLimitTest, RemembersABoundedNumberOfKindsAndLosesNoCount) {
  RepeatLimit limit;
  const Time now{};
  use_up(limit, "first", now);
  EXPECT_FALSE(limit.admit("first", now));
  for (std::size_t i = 0; i < RepeatLimit::kKindsMax; ++i) {
    EXPECT_TRUE(limit.admit(std::string(i + 1, 'x'), now));
  }
  const auto left_out = limit.take_due(now);
  ASSERT_EQ(left_out.size(), 1U);
  EXPECT_EQ(left_out[0].message, "first");
  EXPECT_TRUE(limit.admit("first", now));  // it was forgotten
}

}  // namespace
}  // namespace logboom::cli
