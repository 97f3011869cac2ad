#include "record/timestamp.hpp"

#include "record/json_text.hpp"

#include <array>
#include <chrono>
#include <cstring>
#include <limits>
#include <optional>

namespace logboom::record {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;
__extension__ using Wide = unsigned __int128;
__extension__ using SignedWide = __int128;

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

// kNoTime if 64 bits cannot hold it.
std::int64_t to_ns(std::int64_t seconds, std::int64_t nanosecond) noexcept {
  const SignedWide wide = SignedWide{seconds} * kNsPerSecond + nanosecond;
  const auto ns = static_cast<std::int64_t>(wide);
  return ns == wide ? ns : kNoTime;
}

// Since the epoch; nothing if there is no such date or time of day.
std::optional<std::int64_t> seconds_of(const Fields& f) noexcept {
  const std::chrono::year_month_day date{std::chrono::year{f.date.year},
                                         std::chrono::month{static_cast<unsigned>(f.date.month)},
                                         std::chrono::day{static_cast<unsigned>(f.date.day)}};
  if (!date.ok() || f.hour >= 24 || f.minute >= 60 || f.second > 60) return {};
  return std::chrono::sys_days{date}.time_since_epoch().count() * kSecondsPerDay + f.hour * 3600 +
         f.minute * 60 + f.second - f.offset_minutes * 60;
}

ParsedTime to_time(const Fields& f) noexcept {
  const auto seconds = seconds_of(f);
  if (!seconds) return {};
  return {to_ns(*seconds, f.nanosecond), f.exact && f.second < 60};
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

bool read_rfc3339(std::string_view text, Fields& fields) noexcept {
  Reader reader(text);
  if (!reader.digits(4, fields.date.year)) return false;
  const char separator = text[4];
  if ((separator != '-' && separator != '/') || !reader.byte(separator)) return false;
  if (!reader.digits(2, fields.date.month) || !reader.byte(separator)) return false;
  if (!reader.digits(2, fields.date.day)) return false;
  if (reader.at_end()) return true;
  return reader.any_of("Tt ") && read_clock(reader, fields) && read_zone(reader, fields);
}

ParsedTime parse_rfc3339(std::string_view text) noexcept {
  Fields fields;
  return read_rfc3339(text, fields) ? to_time(fields) : ParsedTime{};
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

// 2026-01-02T03:04: with the colon behind the minute.
constexpr std::size_t kMinuteBytes = 17;
constexpr std::size_t kSecondBytes = kMinuteBytes + 2;

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

struct ReadMinute {
  std::array<char, kMinuteBytes> text{};  // as it stood there
  std::optional<std::int64_t> seconds;    // when it begins, if the text names a minute
};

// When the minute of a text's first kMinuteBytes begins.
std::optional<std::int64_t> begin_of_minute(const char* text) noexcept {
  if (text[kMinuteBytes - 1] != ':') return std::nullopt;
  std::array<char, kMinuteBytes + 2> whole{};
  std::memcpy(whole.data(), text, kMinuteBytes);
  std::memcpy(&whole[kMinuteBytes], "00", 2);
  Fields fields;
  if (!read_rfc3339({whole.data(), whole.size()}, fields)) return std::nullopt;
  return seconds_of(fields);
}

// Most times of a thread are of few minutes, which it remembers: the calendar costs more than all
// the rest of a time.
const ReadMinute& read_minute(const char* text) noexcept {
  thread_local std::array<ReadMinute, 4> known;
  ReadMinute& entry = known[static_cast<unsigned char>(text[kMinuteBytes - 2]) % known.size()];
  if (!equal_minutes(entry.text.data(), text)) {
    std::memcpy(entry.text.data(), text, kMinuteBytes);
    entry.seconds = begin_of_minute(text);
  }
  return entry;
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
  const ReadMinute& minute = read_minute(text.data());
  if (!minute.seconds) return {};
  return {to_ns(*minute.seconds + tens * 10 + ones, below), true};
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

ParsedTime parse_written_time(std::string_view text) noexcept {
  const bool in_form = text.size() == kTimeBytes && text[4] == '-' && text[10] == 'T';
  return in_form ? parse_utc(text) : ParsedTime{};
}

}  // namespace logboom::record
