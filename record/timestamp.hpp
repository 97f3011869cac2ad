#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "record/log_record.hpp"

namespace logboom::record {

// The unit of a time given as a number. `guess` tells by magnitude: below 1e11 seconds, below
// 1e14 milliseconds, below 1e17 microseconds, else nanoseconds.
enum class TimeUnit : std::uint8_t { guess, seconds, milliseconds, microseconds, nanoseconds };

// A time that was read, or kNoTime. Not `exact` when something of the text is lost in it: digits
// beyond the nanosecond, a leap second, which reads as the next one, or a year that had to be
// guessed.
struct ParsedTime {
  std::int64_t ns = kNoTime;
  bool exact = true;

  [[nodiscard]] bool present() const noexcept { return ns != kNoTime; }
};

// Reads a decimal number with optional sign, fraction and exponent, in integer arithmetic. Zero is
// absent, as is a time that 64 bits of nanoseconds cannot hold (before 1677 or after 2262).
[[nodiscard]] ParsedTime parse_time_number(std::string_view number, TimeUnit unit) noexcept;

// Reads a time as text: a number as above, RFC 3339 and its relatives (a space for the T, a comma
// before the fraction, any usual offset or none, which is UTC; a date alone; slashes for dashes),
// RFC 3164, RFC 1123 and Apache's. `now_ns` chooses the year that RFC 3164 lacks: the nearest.
[[nodiscard]] ParsedTime parse_time_text(std::string_view text, TimeUnit unit,
                                         std::int64_t now_ns) noexcept;

// The length of a time in a line that Logboom wrote: 2026-01-02T03:04:05.678901234Z.
inline constexpr std::size_t kTimeBytes = 30;

// Reads a time in exactly that form; others are absent.
[[nodiscard]] ParsedTime parse_written_time(std::string_view text) noexcept;

}  // namespace logboom::record
