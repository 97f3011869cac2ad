#include "query/time.hpp"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace logboom::query {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kNow = 1'767'323'045 * kSecond;  // 2026-01-02T03:04:05Z

TEST(TimestampTest, ReadsEveryForm) {
  const std::pair<std::string_view, std::int64_t> cases[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"1969-12-31T23:59:59.5Z", -kSecond / 2},
      {"2026-01-02T03:04:05Z", kNow},
      {"2026-01-02t03:04:05z", kNow},
      {"2026-01-02 03:04:05", kNow},
      {"2026-01-02T03:04", kNow - 5 * kSecond},
      {"2026-01-02", kNow - 11'045 * kSecond},
      {"2026-01-02T03:04:05.678Z", kNow + 678'000'000},
      {"2026-01-02T03:04:05.123456789Z", kNow + 123'456'789},
      {"2026-01-02T03:04:05.1234567899999Z", kNow + 123'456'789},
      {"2026-01-02T05:34:05+02:30", kNow},
      {"2026-01-01T22:04:05-0500", kNow},
      {"2024-02-29T00:00:00Z", 1'709'164'800 * kSecond},
      {"2016-12-31T23:59:60Z", 1'483'228'800 * kSecond}};
  for (auto [text, value] : cases) EXPECT_EQ(parse_timestamp(text), value) << text;
}

TEST(TimestampTest, RefusesWhatIsNoTime) {
  for (std::string_view text :
       {"", "2026", "2026-1-2", "2026-13-01", "2026-02-29", "2026-01-02T", "2026-01-02T3:04:05Z",
        "2026-01-02T24:00:00Z", "2026-01-02T03:60:00Z", "2026-01-02T03:04:61Z",
        "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05Zx", "2026-01-02T03:04:05+2",
        "2026-01-02T03:04:05+24:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"}) {
    EXPECT_EQ(parse_timestamp(text), std::nullopt) << text;
  }
}

TEST(TimeArgumentTest, ReadsAbsoluteAndRelativeTimes) {
  const std::pair<std::string_view, std::int64_t> cases[] = {{"now", kNow},
                                                             {"15m", kNow - 900 * kSecond},
                                                             {"0s", kNow},
                                                             {"2h", kNow - 7'200 * kSecond},
                                                             {"7d", kNow - 604'800 * kSecond},
                                                             {"1w", kNow - 604'800 * kSecond},
                                                             {"1767323045", kNow},
                                                             {"1767323045.25", kNow + kSecond / 4},
                                                             {"0", 0},
                                                             {"2026-01-02T03:04:05Z", kNow}};
  for (auto [text, value] : cases) {
    auto time = parse_time(text, kNow);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(*time, value) << text;
  }
}

TEST(TimeArgumentTest, TakesAnAgeBeforeAllTimesAsTheBeginning) {
  EXPECT_EQ(*parse_time("106000d", -kSecond * 1'000'000'000),
            std::numeric_limits<std::int64_t>::min());
}

TEST(TimeArgumentTest, SaysWhatItExpectedInstead) {
  for (std::string_view text : {"", "yesterday", "m", "-5m", "-1", "1.5h", "15 m", "2026-01",
                                "99999999999999999999", "1767323045.", "9999999999999999999s"}) {
    auto time = parse_time(text, kNow);
    ASSERT_FALSE(time) << text;
    EXPECT_THAT(time.error(), testing::HasSubstr("such as 2026-01-02T03:04:05Z")) << text;
  }
}

}  // namespace
}  // namespace logboom::query
