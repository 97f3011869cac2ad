#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace logboom::record {

// The proleptic Gregorian calendar, by arithmetic; any thread.

inline constexpr std::int64_t kDaysPerEra = 146'097;   // 400 years of the Gregorian calendar
inline constexpr std::int64_t kDaysToEpoch = 719'468;  // from 0000-03-01 to 1970-01-01

// Days since the Unix epoch of a date. Years begin in March
// here, so that the leap day comes last and month lengths follow one linear formula.
constexpr std::int64_t days_from_date(int year, int month, int day) noexcept {
  const std::int64_t march_year = month <= 2 ? year - 1 : year;
  const std::int64_t era = (march_year >= 0 ? march_year : march_year - 399) / 400;
  const std::int64_t year_of_era = march_year - era * 400;
  const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * kDaysPerEra + day_of_era - kDaysToEpoch;
}

struct Date {
  int year = 0;
  int month = 0;
  int day = 0;
};

// The inverse, for the years that a time in nanoseconds can have, all of which are positive.
constexpr Date date_from_days(std::int64_t days) noexcept {
  const auto shifted = static_cast<std::uint32_t>(days + kDaysToEpoch);
  const std::uint32_t era = shifted / static_cast<std::uint32_t>(kDaysPerEra);
  const std::uint32_t day_of_era = shifted % static_cast<std::uint32_t>(kDaysPerEra);
  const std::uint32_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::uint32_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::uint32_t march_month = (5 * day_of_year + 2) / 153;
  const std::uint32_t month = march_month < 10 ? march_month + 3 : march_month - 9;
  return {static_cast<int>(year_of_era + era * 400 + (month <= 2 ? 1 : 0)), static_cast<int>(month),
          static_cast<int>(day_of_year - (153 * march_month + 2) / 5 + 1)};
}

constexpr bool is_leap(int year) noexcept {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr int days_in_month(int year, int month) noexcept {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

}  // namespace logboom::record
