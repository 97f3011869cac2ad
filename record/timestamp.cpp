#include "record/timestamp.hpp"

#include "arena/copy_bytes.hpp"
#include "record/json_text.hpp"

#include <array>
#include <chrono>
#include <cstring>
#include <limits>

namespace logboom::record {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;
__extension__ using Wide = unsigned __int128;

constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";

// As a text gives it: not necessarily one that there is.
struct Date {
  int year = 0;
  int month = 0;
  int day = 0;
};

// A time as its text gives it, before it becomes nanoseconds.
struct Fields {
  Date date;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int nanosecond = 0;
  int offset_minutes = 0;
  bool exact = true;
};

std::chrono::year_month_day date_of(std::int64_t days_since_epoch) noexcept {
  return std::chrono::sys_days{std::chrono::days{days_since_epoch}};
}

ParsedTime to_time(const Fields& f) noexcept {
  const std::chrono::year_month_day date{std::chrono::year{f.date.year},
                                         std::chrono::month{static_cast<unsigned>(f.date.month)},
                                         std::chrono::day{static_cast<unsigned>(f.date.day)}};
  if (!date.ok() || f.hour >= 24 || f.minute >= 60 || f.second > 60) return {};
  const std::int64_t seconds =
      std::chrono::sys_days{date}.time_since_epoch().count() * kSecondsPerDay + f.hour * 3600 +
      f.minute * 60 + f.second - f.offset_minutes * 60;
  ParsedTime time{0, f.exact && f.second < 60};
  if (__builtin_mul_overflow(seconds, kNsPerSecond, &time.ns) ||
      __builtin_add_overflow(time.ns, f.nanosecond, &time.ns)) {
    return {};
  }
  return time;
}

// Reads a time's text from left to right; each step says whether its part was there.
class Reader {
 public:
  explicit Reader(std::string_view text) noexcept : at_(text.data()), end_(at_ + text.size()) {}

  [[nodiscard]] bool at_end() const noexcept { return at_ == end_; }
  [[nodiscard]] bool at_digit() const noexcept { return at_ != end_ && is_digit(*at_); }

  bool byte(char expected) noexcept {
    if (at_ == end_ || *at_ != expected) return false;
    ++at_;
    return true;
  }

  bool any_of(std::string_view expected) noexcept {
    for (const char candidate : expected) {
      if (byte(candidate)) return true;
    }
    return false;
  }

  bool word(std::string_view expected) noexcept {
    const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
    if (!rest.starts_with(expected)) return false;
    at_ += expected.size();
    return true;
  }

  bool digits(int count, int& value) noexcept {
    if (end_ - at_ < count) return false;
    int read = 0;
    for (int i = 0; i < count; ++i) {
      if (!is_digit(at_[i])) return false;
      read = read * 10 + (at_[i] - '0');
    }
    at_ += count;
    value = read;
    return true;
  }

  bool month_name(int& month) noexcept {
    if (end_ - at_ < 3) return false;
    const std::size_t found = kMonths.find(std::string_view(at_, 3));
    if (found == std::string_view::npos || found % 3 != 0) return false;
    at_ += 3;
    month = static_cast<int>(found / 3) + 1;
    return true;
  }

  // The digits after a point or comma; those past the ninth are lost.
  bool fraction(Fields& fields) noexcept {
    if (!at_digit()) return false;
    int scale = static_cast<int>(kNsPerSecond);
    for (; at_digit(); ++at_) {
      if (scale == 1) {
        fields.exact = fields.exact && *at_ == '0';
        continue;
      }
      scale /= 10;
      fields.nanosecond += (*at_ - '0') * scale;
    }
    return true;
  }

 private:
  const char* at_;
  const char* end_;
};

// hh:mm, hh:mm:ss, or either with a fraction.
bool read_clock(Reader& reader, Fields& fields) noexcept {
  if (!reader.digits(2, fields.hour) || !reader.byte(':')) return false;
  if (!reader.digits(2, fields.minute)) return false;
  if (!reader.byte(':')) return true;
  if (!reader.digits(2, fields.second)) return false;
  return !reader.any_of(".,") || reader.fraction(fields);
}

// Nothing, Z, UTC, GMT, or +hh:mm, +hhmm, +hh of either sign, to the end of the text.
bool read_zone(Reader& reader, Fields& fields) noexcept {
  if (reader.at_end()) return true;
  reader.byte(' ');
  if (reader.any_of("Zz") || reader.word("UTC") || reader.word("GMT")) return reader.at_end();
  const bool east = reader.byte('+');
  if (!east && !reader.byte('-')) return false;
  int hours = 0;
  int minutes = 0;
  if (!reader.digits(2, hours)) return false;
  const bool colon = reader.byte(':');
  if ((colon || !reader.at_end()) && !reader.digits(2, minutes)) return false;
  fields.offset_minutes = (hours * 60 + minutes) * (east ? 1 : -1);
  return reader.at_end() && hours < 24 && minutes < 60;
}

ParsedTime parse_rfc3339(std::string_view text) noexcept {
  Reader reader(text);
  Fields fields;
  if (!reader.digits(4, fields.date.year)) return {};
  const char separator = text[4];
  if ((separator != '-' && separator != '/') || !reader.byte(separator)) return {};
  if (!reader.digits(2, fields.date.month) || !reader.byte(separator)) return {};
  if (!reader.digits(2, fields.date.day)) return {};
  if (reader.at_end()) return to_time(fields);
  if (!reader.any_of("Tt ") || !read_clock(reader, fields)) return {};
  return read_zone(reader, fields) ? to_time(fields) : ParsedTime{};
}

// The candidate nearest to now, of last year, this and the next.
ParsedTime nearest_year(Fields fields, std::int64_t now_ns) noexcept {
  const std::int64_t day_ns = kNsPerSecond * kSecondsPerDay;
  const int year{date_of(now_ns / day_ns).year()};
  ParsedTime best;
  std::uint64_t best_distance = ~std::uint64_t{0};
  for (fields.date.year = year - 1; fields.date.year <= year + 1; ++fields.date.year) {
    const ParsedTime time = to_time(fields);
    if (!time.present()) continue;
    const auto later = static_cast<std::uint64_t>(time.ns > now_ns ? time.ns : now_ns);
    const auto earlier = static_cast<std::uint64_t>(time.ns > now_ns ? now_ns : time.ns);
    if (later - earlier < best_distance) {
      best_distance = later - earlier;
      best = time;
    }
  }
  best.exact = false;
  return best;
}

// Mmm dd hh:mm:ss, the day padded with a space.
ParsedTime parse_rfc3164(std::string_view text, std::int64_t now_ns) noexcept {
  Reader reader(text);
  Fields fields;
  if (!reader.month_name(fields.date.month) || !reader.byte(' ')) return {};
  const bool padded = reader.byte(' ');
  if (!reader.digits(padded ? 1 : 2, fields.date.day) || !reader.byte(' ')) return {};
  if (!read_clock(reader, fields) || !reader.at_end()) return {};
  return nearest_year(fields, now_ns);
}

// Sun, 06 Nov 1994 08:49:37 GMT
ParsedTime parse_rfc1123(std::string_view text) noexcept {
  if (text.size() < 5) return {};
  Reader reader(text.substr(3));
  Fields fields;
  if (!reader.word(", ") || !reader.digits(2, fields.date.day) || !reader.byte(' ')) return {};
  if (!reader.month_name(fields.date.month) || !reader.byte(' ')) return {};
  if (!reader.digits(4, fields.date.year) || !reader.byte(' ')) return {};
  return read_clock(reader, fields) && read_zone(reader, fields) ? to_time(fields) : ParsedTime{};
}

// 10/Oct/2000:13:55:36 -0700
ParsedTime parse_apache(std::string_view text) noexcept {
  Reader reader(text);
  Fields fields;
  if (!reader.digits(2, fields.date.day) || !reader.byte('/')) return {};
  if (!reader.month_name(fields.date.month) || !reader.byte('/')) return {};
  if (!reader.digits(4, fields.date.year) || !reader.byte(':')) return {};
  return read_clock(reader, fields) && read_zone(reader, fields) ? to_time(fields) : ParsedTime{};
}

// A decimal number as its significant digits times a power of ten.
struct Decimal {
  Wide digits = 0;
  int digit_count = 0;
  int exponent = 0;
  bool negative = false;
  bool exact = true;
};

// More significant digits than these do not fit, and exceed what a nanosecond can tell.
constexpr int kDigitsMax = 37;
constexpr int kExponentMax = 1000;

void add_digit(Decimal& number, char digit, bool in_fraction) noexcept {
  if (number.digit_count == kDigitsMax) {
    number.exact = number.exact && digit == '0';
    if (!in_fraction && number.exponent < kExponentMax) ++number.exponent;
    return;
  }
  number.digits = number.digits * 10 + static_cast<unsigned>(digit - '0');
  if (number.digits != 0) ++number.digit_count;
  if (in_fraction && number.exponent > -kExponentMax) --number.exponent;
}

bool read_exponent(std::string_view text, Decimal& number) noexcept {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative || (!text.empty() && text[0] == '+')) text.remove_prefix(1);
  if (text.empty()) return false;
  int exponent = 0;
  for (const char byte : text) {
    if (!is_digit(byte)) return false;
    if (exponent < kExponentMax) exponent = exponent * 10 + (byte - '0');
  }
  number.exponent += negative ? -exponent : exponent;
  return true;
}

bool read_decimal(std::string_view text, Decimal& number) noexcept {
  number.negative = !text.empty() && text[0] == '-';
  if (number.negative) text.remove_prefix(1);
  if (text.empty() || !is_digit(text[0])) return false;
  bool in_fraction = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_digit(text[i])) {
      add_digit(number, text[i], in_fraction);
    } else if (text[i] == '.' && !in_fraction) {
      in_fraction = true;
    } else {
      return (text[i] | 0x20) == 'e' && read_exponent(text.substr(i + 1), number);
    }
  }
  return true;
}

// The power of ten that makes nanoseconds of the unit. `magnitude` is how many digits the number
// has before its point: a number below 1e11 has at most eleven.
int exponent_of(TimeUnit unit, int magnitude) noexcept {
  switch (unit) {
    case TimeUnit::seconds: return 9;
    case TimeUnit::milliseconds: return 6;
    case TimeUnit::microseconds: return 3;
    case TimeUnit::nanoseconds: return 0;
    case TimeUnit::guess: break;
  }
  if (magnitude <= 11) return 9;
  if (magnitude <= 14) return 6;
  return magnitude <= 17 ? 3 : 0;
}

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

// Whole days, so that minutes and seconds count as they do since the epoch.
constexpr std::int64_t kSecondsBeforeEpoch = 110'000 * kSecondsPerDay;

// 2026-01-02T03:04: with the colon behind the minute.
constexpr std::size_t kMinuteBytes = 17;
constexpr std::size_t kSecondBytes = kMinuteBytes + 2;
using MinuteText = std::array<char, kMinuteBytes>;

MinuteText make_minute_text(std::uint64_t minute) noexcept {
  constexpr std::int64_t kMinutesPerDay = kSecondsPerDay / 60;
  const auto minutes = static_cast<std::int64_t>(minute) - kSecondsBeforeEpoch / 60;
  const auto day_minute = static_cast<std::uint32_t>(minute % kMinutesPerDay);
  const std::chrono::year_month_day date = date_of((minutes - day_minute) / kMinutesPerDay);
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

// In loads that overlap: a call to memcmp costs more.
bool equal_minutes(const char* a, const char* b) noexcept {
  constexpr std::size_t kOffsets[] = {0, 8, kMinuteBytes - 8};
  std::uint64_t differs = 0;
  for (const std::size_t offset : kOffsets) {
    std::uint64_t words[2];
    std::memcpy(&words[0], a + offset, sizeof words[0]);
    std::memcpy(&words[1], b + offset, sizeof words[1]);
    differs |= words[0] ^ words[1];
  }
  return differs == 0;
}

// The same for times that are read.
struct ReadMinute {
  MinuteText text{};          // as it stood there
  bool as_written = false;    // and as write_time() has it
  std::int64_t ns = kNoTime;  // when it begins; kNoTime if the text names no minute
};

// The minute that a text names in its first kMinuteBytes.
const ReadMinute& read_minute(const char* text) noexcept {
  thread_local std::array<ReadMinute, 4> known;
  ReadMinute& entry = known[static_cast<unsigned char>(text[kMinuteBytes - 2]) % known.size()];
  if (!equal_minutes(entry.text.data(), text)) {
    std::memcpy(entry.text.data(), text, kMinuteBytes);
    entry.as_written = text[4] == '-' && text[10] == 'T';
    std::array<char, kMinuteBytes + 2> whole{};
    std::memcpy(whole.data(), text, kMinuteBytes);
    std::memcpy(&whole[kMinuteBytes], "00", 2);
    entry.ns = parse_rfc3339({whole.data(), whole.size()}).ns;
  }
  return entry;
}

// The time read last, if it stood there as write_time() has it, but for trailing zeros: most times
// are written right after they were read.
struct LastRead {
  std::int64_t ns = kNoTime;
  std::array<char, kTimeBytes> text;
};

LastRead& last_read() noexcept {
  thread_local LastRead last;
  return last;
}

// `text` has the form that parse_utc() reads.
void keep_last_read(std::int64_t ns, std::string_view text) noexcept {
  LastRead& last = last_read();
  last.ns = ns;
  std::memcpy(&last.text[kSecondBytes], ".000000000Z", kTimeBytes - kSecondBytes);
  arena::copy_both_ends<16>(last.text.data(), text.data(), text.size() - 1);
}

// The nanoseconds of a point and one to nine digits behind it, or of nothing; else -1.
std::int64_t nanoseconds_of(std::string_view fraction) noexcept {
  static constexpr std::array<std::int64_t, 9> kScales = {
      100'000'000, 10'000'000, 1'000'000, 100'000, 10'000, 1'000, 100, 10, 1};
  if (fraction.empty()) return 0;
  const std::string_view digits = fraction.substr(1);
  if (fraction[0] != '.' || digits.empty() || digits.size() > kScales.size()) return -1;
  std::int64_t ns = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const unsigned digit = static_cast<unsigned char>(digits[i]) - unsigned{'0'};
    if (digit > 9) return -1;
    ns += digit * kScales[i];
  }
  return ns;
}

// What most times look like, such as 2026-01-02T03:04:05.678Z: no more than nine digits of
// fraction, no leap second. Other times are absent here.
ParsedTime parse_utc(std::string_view text) noexcept {
  if (text.size() <= kSecondBytes || text.size() > kTimeBytes || text.back() != 'Z') return {};
  const unsigned tens = static_cast<unsigned char>(text[kMinuteBytes]) - unsigned{'0'};
  const unsigned ones = static_cast<unsigned char>(text[kMinuteBytes + 1]) - unsigned{'0'};
  if (tens > 5 || ones > 9) return {};
  const std::string_view fraction = text.substr(kSecondBytes, text.size() - kSecondBytes - 1);
  const std::int64_t below = nanoseconds_of(fraction);
  if (below < 0) return {};
  const std::int64_t ns = (tens * 10 + ones) * kNsPerSecond + below;
  const ReadMinute& minute = read_minute(text.data());
  ParsedTime time;
  if (minute.ns == kNoTime || __builtin_add_overflow(minute.ns, ns, &time.ns)) return {};
  if (minute.as_written) keep_last_read(time.ns, text);
  return time;
}

}  // namespace

ParsedTime parse_time_number(std::string_view text, TimeUnit unit) noexcept {
  Decimal number;
  if (!read_decimal(text, number) || number.digits == 0) return {};
  const int magnitude = number.digit_count + number.exponent;
  int exponent = number.exponent + exponent_of(unit, magnitude);
  if (number.digit_count + exponent > 19) return {};
  for (; exponent > 0; --exponent) number.digits *= 10;
  for (; exponent < 0 && number.digits != 0; ++exponent) {
    number.exact = number.exact && number.digits % 10 == 0;
    number.digits /= 10;
  }
  if (number.digits == 0) return {};
  if (number.digits > static_cast<Wide>(std::numeric_limits<std::int64_t>::max())) return {};
  const auto ns = static_cast<std::int64_t>(number.digits);
  return {number.negative ? -ns : ns, number.exact};
}

ParsedTime parse_time_text(std::string_view text, TimeUnit unit, std::int64_t now_ns) noexcept {
  if (const ParsedTime time = parse_utc(text); time.present()) return time;
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (text.empty()) return {};
  if (!is_digit(text[0]) && text[0] != '-') {
    const ParsedTime time = parse_rfc3164(text, now_ns);
    return time.present() ? time : parse_rfc1123(text);
  }
  if (text.size() > 2 && text[2] == '/') return parse_apache(text);
  const ParsedTime time = parse_rfc3339(text);
  return time.present() ? time : parse_time_number(text, unit);
}

char* write_time(std::int64_t ns, char* out) noexcept {
  if (const LastRead& last = last_read(); last.ns == ns) {
    std::memcpy(out, last.text.data(), kTimeBytes);
    return out + kTimeBytes;
  }
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

}  // namespace logboom::record
