#include "record/timestamp.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>
#include <random>
#include <string>
#include <string_view>

#include "tests/support/line_start.hpp"

namespace logboom::record {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
// 2026-01-02T03:04:05Z
constexpr std::int64_t kInstant = 1'767'323'045 * kSecond;
constexpr std::int64_t kNow = kInstant;

struct Case {
  std::string_view text;
  std::int64_t ns;
};

TEST(TimestampTest, ReadsEveryUsualSpellingOfATime) {
  const Case cases[] = {
      {"2026-01-02T03:04:05Z", kInstant},
      {"2026-01-02t03:04:05z", kInstant},
      {"2026-01-02 03:04:05", kInstant},
      {"2026-01-02T03:04:05.678901Z", kInstant + 678'901'000},
      {"2026-01-02T03:04:05,678", kInstant + 678'000'000},
      {"2026-01-02T03:04:05.123456789Z", kInstant + 123'456'789},
      {"2026-01-02T03:04:05.5+01:30", kInstant + 500'000'000 - 5400 * kSecond},
      {"2026-01-02T03:04:05-0800", kInstant + 8 * 3600 * kSecond},
      {"2026-01-02T03:04:05+02", kInstant - 7200 * kSecond},
      {"2026-01-02 03:04:05 +0000", kInstant},
      {"2026-01-02 03:04:05 UTC", kInstant},
      {"2026/01/02 03:04:05", kInstant},
      {"2026-01-02T03:04", kInstant - 5 * kSecond},
      {"2026-01-02", kInstant - (3 * 3600 + 4 * 60 + 5) * kSecond},
      {"2024-02-29T00:00:00Z", 1'709'164'800 * kSecond},
      {"Fri, 02 Jan 2026 03:04:05 GMT", kInstant},
      {"02/Jan/2026:03:04:05 +0000", kInstant},
      {"02/Jan/2026:03:04:05 -0700", kInstant + 7 * 3600 * kSecond},
      {" 2026-01-02T03:04:05Z ", kInstant},
      {"1767323045", kInstant},
      {"1767323045.25", kInstant + 250'000'000},
      {"1767323045678", kInstant + 678'000'000},
      {"1767323045678901", kInstant + 678'901'000},
      {"1767323045678901234", kInstant + 678'901'234},
      {"1.767323045e9", kInstant},
      {"1767323045e0", kInstant},
      {"17673230450E-1", kInstant},
      {"1767323045678.5", kInstant + 678'500'000},
      {"-1", -kSecond},
      {"1969-12-31T23:59:59Z", -kSecond},
  };
  for (const Case& c : cases) {
    const ParsedTime time = parse_time_text(c.text, TimeUnit::guess, kNow);
    EXPECT_EQ(time.ns, c.ns) << c.text << " was read as " << time_text(time.ns);
    EXPECT_TRUE(time.exact) << c.text;
  }
}

TEST(TimestampTest, RefusesWhatIsNoTime) {
  const std::string_view texts[] = {"",
                                    " ",
                                    "-",
                                    "0",
                                    "0.0",
                                    "NaN",
                                    "yesterday",
                                    "2026-13-01",
                                    "2026-00-10",
                                    "2026-02-29",
                                    "2026-01-02T25:00:00Z",
                                    "2026-01-02T03:60:00Z",
                                    "2026-01-02T03:04:61Z",
                                    "2026-01-02T",
                                    "2026-01-02T03",
                                    "2026-01-02T03:04:05.",
                                    "2026-01-02T03:04:05Zoo",
                                    "2026-01-02T03:04:05+1",
                                    "2026-01-02T03:04:05+01:3",
                                    "2026-01/02",
                                    "1.2.3",
                                    "1e",
                                    "1e+",
                                    "0x10",
                                    "12a",
                                    "99999999999999999999999",
                                    "1e400",
                                    "1e-400",
                                    "9999-12-31T23:59:59Z",
                                    "0001-01-01T00:00:00Z",
                                    "+5",
                                    ".5",
                                    "02/Foo/2026:03:04:05 +0000",
                                    "Foo 12 03:04:05",
                                    "Jan 32 03:04:05",
                                    "Fri,",
                                    "--5",
                                    "-e5"};
  for (const std::string_view text : texts) {
    EXPECT_FALSE(parse_time_text(text, TimeUnit::guess, kNow).present()) << text;
  }
}

TEST(TimestampTest, SaysWhenDigitsAreLost) {
  const ParsedTime tenth =
      parse_time_text("2026-01-02T03:04:05.1234567891Z", TimeUnit::guess, kNow);
  EXPECT_EQ(tenth.ns, kInstant + 123'456'789);
  EXPECT_FALSE(tenth.exact);
  EXPECT_TRUE(parse_time_text("2026-01-02T03:04:05.1234567890Z", TimeUnit::guess, kNow).exact);
  const ParsedTime leap = parse_time_text("2016-12-31T23:59:60Z", TimeUnit::guess, kNow);
  EXPECT_EQ(time_text(leap.ns), "2017-01-01T00:00:00.000000000Z");
  EXPECT_FALSE(leap.exact) << "the second before looks the same";
  const ParsedTime number = parse_time_number("1767323045.0000000001", TimeUnit::guess);
  EXPECT_EQ(number.ns, kInstant);
  EXPECT_FALSE(number.exact);
}

TEST(TimestampTest, GuessesTheUnitByMagnitude) {
  const Case cases[] = {
      {"9223372036", 9'223'372'036 * kSecond},
      {"99999999999", kNoTime},  // the year 5138 does not fit
      {"100000000000", 100'000'000 * kSecond},
      {"99999999999999", kNoTime},
      {"100000000000000", 100'000'000 * kSecond},
      {"99999999999999999", kNoTime},
      {"100000000000000000", 100'000'000 * kSecond},
      {"9223372036854775807", 9'223'372'036'854'775'807},
      {"9223372036854775808", kNoTime},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(parse_time_number(c.text, TimeUnit::guess).ns, c.ns) << c.text;
  }
}

TEST(TimestampTest, FixedUnitsOverrideTheGuess) {
  EXPECT_EQ(parse_time_number("5", TimeUnit::nanoseconds).ns, 5);
  EXPECT_EQ(parse_time_number("5", TimeUnit::microseconds).ns, 5000);
  EXPECT_EQ(parse_time_number("5", TimeUnit::milliseconds).ns, 5'000'000);
  EXPECT_EQ(parse_time_number("1767323045678", TimeUnit::nanoseconds).ns, 1'767'323'045'678);
}

TEST(TimestampTest, ChoosesTheNearestYearForATimeWithoutOne) {
  const Case cases[] = {
      {"Jan  2 03:04:05", kInstant},
      {"Jan 02 03:04:05", kInstant},
      {"Dec 31 23:59:59", kInstant - (86'400 + 3 * 3600 + 4 * 60 + 6) * kSecond},
      {"Feb  2 03:04:05", kInstant + 31 * 86'400 * kSecond},
  };
  for (const Case& c : cases) {
    const ParsedTime time = parse_time_text(c.text, TimeUnit::guess, kNow);
    EXPECT_EQ(time.ns, c.ns) << c.text << " was read as " << time_text(time.ns);
    EXPECT_FALSE(time.exact) << "the year was guessed";
  }
}

// In whatever order: what was read before must not matter.
TEST(TimestampTest, ReadsTimesOfManyMinutesEachAsItIs) {
  std::mt19937_64 random(20261125);
  std::cout << "seed 20261125\n";
  for (int i = 0; i < 100'000; ++i) {
    const std::int64_t minute = static_cast<std::int64_t>(random() % 9) * 60'000'000'000;
    const std::int64_t day = static_cast<std::int64_t>(random() % 3) * 86'400'000'000'000;
    const std::int64_t ns = 1'700'000'000'000'000'000 + day + minute +
                            static_cast<std::int64_t>(random() % 60'000'000'000);
    const std::string text = time_text(ns);
    ASSERT_EQ(parse_time_text(text, TimeUnit::guess, 0).ns, ns) << text;
    ASSERT_EQ(parse_written_time(text).ns, ns) << text;
  }
}

TEST(TimestampTest, TakesForAWrittenTimeOnlyWhatTheStoreWrites) {
  EXPECT_EQ(parse_written_time("2026-01-02T03:04:05.000000001Z").ns, kInstant + 1);
  EXPECT_EQ(parse_written_time("1677-09-21T00:12:43.145224193Z").ns,
            std::numeric_limits<std::int64_t>::min() + 1);
  EXPECT_EQ(parse_written_time("2262-04-11T23:47:16.854775807Z").ns,
            std::numeric_limits<std::int64_t>::max());
  for (const std::string_view text :
       {"", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.00000001Z",
        "2026-01-02 03:04:05.000000001Z", "2026/01/02T03:04:05.000000001Z",
        "2026-01-02t03:04:05.000000001Z", "2026-01-02T03:04:05.000000001z",
        "2026-01-02T03:04:05,000000001Z", "2026-01-02T03:04:60.000000001Z",
        "2026-02-30T03:04:05.000000001Z", "2026-01-02T03:04:05.0000+00:00",
        "2262-04-11T23:47:16.854775808Z", "1677-09-21T00:12:43.145224192Z",
        "2026-01-02T03:04:05.00000000xZ", "2026-01-02T03-04:05.000000001Z",
        "2026-01-02T03:04+05.000000001Z", "2026-01-02T03:04-05.000000001Z"}) {
    EXPECT_FALSE(parse_written_time(text).present()) << text;
  }
}

TEST(TimestampTest, RefusesASecondOrFractionThatIsNoneThoughItsMinuteIsKnown) {
  const auto read = [](std::string_view text) {
    return parse_time_text(text, TimeUnit::guess, 0).present();
  };
  ASSERT_TRUE(read("2026-01-02T03:04:05.678Z"));
  for (const std::string_view text :
       {"2026-01-02T03:04:61Z", "2026-01-02T03:04:5Z", "2026-01-02T03:04:05.Z",
        "2026-01-02T03:04:05x6Z", "2026-01-02T03:04:05.6x8Z", "2026-01-02T03:04:0:Z",
        "2026-01-02T03:04:Z", "2026-01-02T03:04:05.678ZZ", "2026-01-02T03:04+05Z"}) {
    EXPECT_FALSE(read(text)) << text;
  }
  EXPECT_TRUE(read("2026-01-02T03:04:60Z"));
  EXPECT_TRUE(read("2026-01-02T03:04:05,678Z"));
  EXPECT_FALSE(read("2026-13-02T03:04:05Z"));
  EXPECT_FALSE(read("2026-13-02T03:04:06Z"));
}

TEST(TimestampTest, ReadsBackWhatTheStoreWrites) {
  const std::uint64_t seed = 20260102;
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const auto ns = static_cast<std::int64_t>(random()) / 2;
    const std::string text = time_text(ns);
    ASSERT_EQ(parse_time_text(text, TimeUnit::guess, 0).ns, ns) << text << " seed " << seed;
  }
}

}  // namespace
}  // namespace logboom::record
