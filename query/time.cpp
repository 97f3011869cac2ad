#include "query/time.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <limits>

#include <fmt/format.h>

namespace logboom::query {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

// Reads a text from the left; each step says whether it found what it looked for.
class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : rest_(text) {}

  bool at_end() const noexcept { return rest_.empty(); }

  bool skip(char c) noexcept {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // Exactly `width` digits.
  bool digits(std::size_t width, std::int64_t& value) noexcept {
    if (rest_.size() < width) return false;
    value = 0;
    for (char c : rest_.substr(0, width)) {
      if (c < '0' || c > '9') return false;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(width);
    return true;
  }

  // One or more digits of a decimal fraction, as nanoseconds; those after the ninth are cut.
  bool fraction(std::int64_t& nanoseconds) noexcept {
    std::int64_t unit = kSecond;
    std::int64_t digit = 0;
    nanoseconds = 0;
    while (digits(1, digit)) {
      unit = unit == 0 ? 0 : unit / 10;
      nanoseconds += digit * unit;
    }
    return unit != kSecond;
  }

 private:
  std::string_view rest_;
};

struct TimeOfDay {
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
};

bool scan_date(Scanner& scan, std::int64_t& day_number) noexcept {
  std::int64_t year = 0;
  std::int64_t month = 0;
  std::int64_t day = 0;
  bool found = scan.digits(4, year) && scan.skip('-') && scan.digits(2, month) && scan.skip('-') &&
               scan.digits(2, day);
  if (!found) return false;
  std::chrono::year_month_day date{std::chrono::year{static_cast<int>(year)},
                                   std::chrono::month{static_cast<unsigned>(month)},
                                   std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return false;
  day_number = std::chrono::sys_days{date}.time_since_epoch().count();
  return true;
}

bool scan_time_of_day(Scanner& scan, TimeOfDay& time) noexcept {
  std::int64_t hour = 0;
  std::int64_t minute = 0;
  std::int64_t second = 0;
  if (!scan.digits(2, hour) || !scan.skip(':') || !scan.digits(2, minute)) return false;
  if (scan.skip(':')) {
    if (!scan.digits(2, second)) return false;
    if (scan.skip('.') && !scan.fraction(time.nanoseconds)) return false;
  }
  time.seconds = hour * 3600 + minute * 60 + second;
  return hour < 24 && minute < 60 && second <= 60;  // 60: a leap second
}

bool scan_offset(Scanner& scan, std::int64_t& seconds) noexcept {
  seconds = 0;
  if (scan.at_end() || scan.skip('Z') || scan.skip('z')) return true;
  std::int64_t sign = scan.skip('-') ? -1 : 1;
  if (sign == 1 && !scan.skip('+')) return false;
  std::int64_t hours = 0;
  std::int64_t minutes = 0;
  if (!scan.digits(2, hours)) return false;
  scan.skip(':');
  if (!scan.digits(2, minutes) || minutes > 59) return false;
  seconds = sign * (hours * 3600 + minutes * 60);
  return hours < 24;
}

std::optional<std::int64_t> to_nanoseconds(std::int64_t seconds,
                                           std::int64_t nanoseconds) noexcept {
  std::int64_t result = 0;
  if (__builtin_mul_overflow(seconds, kSecond, &result)) return std::nullopt;
  if (__builtin_add_overflow(result, nanoseconds, &result)) return std::nullopt;
  return result;
}

std::optional<std::int64_t> parse_unix_seconds(std::string_view text) noexcept {
  std::int64_t seconds = 0;
  const char* end = text.data() + text.size();
  auto [rest, error] = std::from_chars(text.data(), end, seconds);
  if (error != std::errc{} || seconds < 0) return std::nullopt;
  Scanner scan{{rest, static_cast<std::size_t>(end - rest)}};
  std::int64_t nanoseconds = 0;
  if (scan.skip('.') && !scan.fraction(nanoseconds)) return std::nullopt;
  if (!scan.at_end()) return std::nullopt;
  return to_nanoseconds(seconds, nanoseconds);
}

// `15m` as nanoseconds.
std::optional<std::int64_t> parse_age(std::string_view text) noexcept {
  struct Unit {
    char name;
    std::int64_t seconds;
  };
  constexpr std::array<Unit, 5> kUnits{
      {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86'400}, {'w', 604'800}}};
  if (text.empty() || text.front() == '-') return std::nullopt;
  std::int64_t number = 0;
  const char* unit_at = text.data() + text.size() - 1;
  auto [rest, error] = std::from_chars(text.data(), unit_at, number);
  if (error != std::errc{} || rest != unit_at) return std::nullopt;
  for (const Unit& unit : kUnits) {
    std::int64_t seconds = 0;
    if (unit.name != *unit_at) continue;
    if (__builtin_mul_overflow(number, unit.seconds, &seconds)) return std::nullopt;
    return to_nanoseconds(seconds, 0);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> parse_timestamp(std::string_view text) noexcept {
  Scanner scan{text};
  std::int64_t day = 0;
  if (!scan_date(scan, day)) return std::nullopt;
  if (scan.at_end()) return to_nanoseconds(day * 86'400, 0);
  if (!scan.skip('T') && !scan.skip('t') && !scan.skip(' ')) return std::nullopt;
  TimeOfDay time;
  std::int64_t offset = 0;
  if (!scan_time_of_day(scan, time) || !scan_offset(scan, offset) || !scan.at_end()) {
    return std::nullopt;
  }
  return to_nanoseconds(day * 86'400 + time.seconds - offset, time.nanoseconds);
}

Result<std::int64_t> parse_time(std::string_view text, std::int64_t now_ns) {
  if (text == "now") return now_ns;
  if (auto age = parse_age(text)) {
    // An age that reaches back behind the first time there is means from the beginning.
    std::int64_t time = 0;
    bool too_old = __builtin_sub_overflow(now_ns, *age, &time);
    return too_old ? std::numeric_limits<std::int64_t>::min() : time;
  }
  if (auto time = parse_timestamp(text)) return *time;
  if (auto time = parse_unix_seconds(text)) return *time;
  return fmt::format(
      "expected a time, such as 2026-01-02T03:04:05Z, 2026-01-02, 15m (ago), now or Unix seconds, "
      "not `{}`",
      text);
}

}  // namespace logboom::query
