#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

namespace logboom {

// RFC 3339 in UTC with nine digits of fraction, by the standard library's calendar alone.
inline std::string time_text(std::int64_t ns) {
  using namespace std::chrono;
  const auto second = floor<seconds>(nanoseconds(ns));
  const auto day = floor<days>(second);  // in nanoseconds it might not fit
  const year_month_day date{sys_days(day)};
  const hh_mm_ss<seconds> clock{second - day};
  std::int64_t fraction = ns % 1'000'000'000;
  if (fraction < 0) fraction += 1'000'000'000;
  const auto digits = [](auto number, std::size_t count) {
    const std::string all = std::to_string(number);
    return std::string(count - all.size(), '0') + all;
  };
  return digits(int{date.year()}, 4) + "-" + digits(unsigned{date.month()}, 2) + "-" +
         digits(unsigned{date.day()}, 2) + "T" + digits(clock.hours().count(), 2) + ":" +
         digits(clock.minutes().count(), 2) + ":" + digits(clock.seconds().count(), 2) + "." +
         digits(fraction, 9) + "Z";
}

// What a record's line begins with: the brace and the times, the first only if there is one.
inline std::string line_start(std::int64_t timestamp_ns, std::int64_t observed_ns) {
  const std::string observed = "\"observed_timestamp\":\"" + time_text(observed_ns) + "\"";
  if (timestamp_ns == std::numeric_limits<std::int64_t>::min()) return "{" + observed;
  return "{\"timestamp\":\"" + time_text(timestamp_ns) + "\"," + observed;
}

}  // namespace logboom
