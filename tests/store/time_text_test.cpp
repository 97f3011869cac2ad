#include "store/time_text.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>
#include <limits>
#include <random>
#include <string>

#include "tests/support/line_start.hpp"

namespace logboom::store {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
// 2026-01-02T03:04:05Z
constexpr std::int64_t kInstant = 1'767'323'045 * kSecond;

std::string written(std::int64_t ns) {
  char out[kTimeBytes];
  EXPECT_EQ(write_time(ns, out), out + kTimeBytes);
  return std::string(out, kTimeBytes);
}

TEST(TimeTextTest, HasNineDigitsAndZ) {
  EXPECT_EQ(written(kInstant + 1), "2026-01-02T03:04:05.000000001Z");
  EXPECT_EQ(written(0), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(written(-1), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(written(std::numeric_limits<std::int64_t>::max()), "2262-04-11T23:47:16.854775807Z");
  EXPECT_EQ(written(std::numeric_limits<std::int64_t>::min() + 1),
            "1677-09-21T00:12:43.145224193Z");
}

TEST(TimeTextTest, NeighbouringTimesAreWrittenEachAsItIs) {
  for (std::int64_t step = -6000; step < 6000; ++step) {
    for (const std::int64_t base : {std::int64_t{0}, kInstant}) {
      const std::int64_t ns = base + step * 17 * kSecond + step;
      ASSERT_EQ(written(ns), time_text(ns));
    }
  }
}

// In whatever order: what was written before must not matter.
TEST(TimeTextTest, TimesOfManyMinutesAreWrittenEachAsItIs) {
  std::mt19937_64 random(20261127);
  std::cout << "seed 20261127\n";
  for (int i = 0; i < 100'000; ++i) {
    const auto year = static_cast<std::int64_t>(random() % 5) * 365 * 86'400 * kSecond;
    const auto minute = static_cast<std::int64_t>(random() % 40) * 60 * kSecond;
    const std::int64_t ns = 1'700'000'000 * kSecond + year + minute +
                            static_cast<std::int64_t>(random() % (60 * kSecond));
    ASSERT_EQ(written(ns), time_text(ns));
  }
}

}  // namespace
}  // namespace logboom::store
