#include "store/time_text.hpp"

#include <array>
#include <chrono>
#include <cstring>

namespace logboom::store {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;
// Whole days, so that minutes and seconds count as they do since the epoch.
constexpr std::int64_t kSecondsBeforeEpoch = 110'000 * kSecondsPerDay;

// 2026-01-02T03:04: with the colon behind the minute.
constexpr std::size_t kMinuteBytes = 17;
using MinuteText = std::array<char, kMinuteBytes>;

void write_digits2(std::uint32_t value, char* out) noexcept {
  static constexpr auto kPairs = [] {
    std::array<char, 200> pairs{};
    for (std::size_t i = 0; i < 100; ++i) {
      pairs[2 * i] = static_cast<char>('0' + i / 10);
      pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
    }
    return pairs;
  }();
  std::memcpy(out, &kPairs[std::size_t{value} * 2], 2);
}

MinuteText make_minute_text(std::uint64_t minute) noexcept {
  constexpr std::int64_t kMinutesPerDay = kSecondsPerDay / 60;
  const auto minutes = static_cast<std::int64_t>(minute) - kSecondsBeforeEpoch / 60;
  const auto day_minute = static_cast<std::uint32_t>(minute % kMinutesPerDay);
  const std::chrono::year_month_day date =
      std::chrono::sys_days{std::chrono::days{(minutes - day_minute) / kMinutesPerDay}};
  const auto year = static_cast<std::uint32_t>(int{date.year()});
  MinuteText text;
  std::memcpy(text.data(), "0000-00-00T00:00:", kMinuteBytes);
  write_digits2(year / 100, &text[0]);
  write_digits2(year % 100, &text[2]);
  write_digits2(unsigned{date.month()}, &text[5]);
  write_digits2(unsigned{date.day()}, &text[8]);
  write_digits2(day_minute / 60, &text[11]);
  write_digits2(day_minute % 60, &text[14]);
  return text;
}

// Most times of a thread are of few minutes, whose text it remembers: the calendar costs more
// than all the rest of a time. Neighbouring minutes do not evict each other.
const MinuteText& minute_text(std::uint64_t minute) noexcept {
  struct Known {
    std::uint64_t minute = 0;  // no time that can be written is in this one
    MinuteText text;
  };
  thread_local std::array<Known, 16> known;
  Known& entry = known[minute % known.size()];
  if (entry.minute != minute) entry = {minute, make_minute_text(minute)};
  return entry.text;
}

}  // namespace

char* write_time(std::int64_t ns, char* out) noexcept {
  std::int64_t seconds = ns / kNsPerSecond;
  auto nanosecond = static_cast<std::uint32_t>(ns - seconds * kNsPerSecond);
  if (ns < seconds * kNsPerSecond) {
    nanosecond += static_cast<std::uint32_t>(kNsPerSecond);
    --seconds;
  }
  // Counted from the first second that 64 bits of nanoseconds can hold, it is not negative.
  const auto shifted = static_cast<std::uint64_t>(seconds + kSecondsBeforeEpoch);
  std::memcpy(out, minute_text(shifted / 60).data(), kMinuteBytes);
  write_digits2(static_cast<std::uint32_t>(shifted % 60), out + kMinuteBytes);
  out[19] = '.';
  out[20] = static_cast<char>('0' + nanosecond / 100'000'000);
  write_digits2(nanosecond / 1'000'000 % 100, out + 21);
  write_digits2(nanosecond / 10'000 % 100, out + 23);
  write_digits2(nanosecond / 100 % 100, out + 25);
  write_digits2(nanosecond % 100, out + 27);
  out[29] = 'Z';
  return out + kTimeBytes;
}

}  // namespace logboom::store
