#include "record/severity.hpp"

#include "record/json_text.hpp"

#include <array>
#include <cstddef>

namespace logboom::record {
namespace {

struct Word {
  std::string_view word;
  std::uint8_t number;
};

// The commonest first: a look-up ends at the first match.
constexpr Word kWords[] = {
    {"info", 9},        {"error", 17},        {"warn", 13},   {"debug", 5},   {"warning", 13},
    {"trace", 1},       {"fatal", 21},        {"notice", 10}, {"err", 17},    {"critical", 18},
    {"crit", 18},       {"alert", 19},        {"emerg", 21},  {"panic", 21},  {"emergency", 21},
    {"information", 9}, {"informational", 9}, {"inf", 9},     {"verbose", 5}, {"severe", 17},
    {"fail", 17},       {"wrn", 13},          {"dbg", 5},     {"trc", 1},     {"finest", 1},
    {"fine", 5},        {"log", 9},           {"i", 9},       {"e", 17},      {"w", 13},
    {"d", 5},
};

constexpr std::array<std::string_view, kSeverityMax> kNames = {
    "TRACE", "TRACE2", "TRACE3", "TRACE4", "DEBUG", "DEBUG2", "DEBUG3", "DEBUG4",
    "INFO",  "INFO2",  "INFO3",  "INFO4",  "WARN",  "WARN2",  "WARN3",  "WARN4",
    "ERROR", "ERROR2", "ERROR3", "ERROR4", "FATAL", "FATAL2", "FATAL3", "FATAL4",
};

// From emergency (0) to debug (7), as the data model's appendix maps them.
constexpr std::array<std::uint8_t, 8> kSyslog = {21, 19, 18, 17, 13, 10, 9, 5};

// The longest word; also the room for a folded copy.
constexpr std::size_t kWordBytesMax = 13;

std::uint8_t short_name_number(std::string_view folded) noexcept {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    const std::string_view name = kNames[i];
    if (name.size() != folded.size()) continue;
    std::size_t same = 0;
    while (same < name.size() && (name[same] | 0x20) == (folded[same] | 0x20)) ++same;
    if (same == name.size()) return static_cast<std::uint8_t>(i + 1);
  }
  return kSeverityAbsent;
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

char fold(char byte) noexcept {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte | 0x20) : byte;
}

}  // namespace

std::uint8_t severity_from_word(std::string_view word, SeverityScale scale) noexcept {
  word = trim(word);
  if (word.empty() || word.size() > kWordBytesMax) return kSeverityAbsent;
  if (is_digit(word[0])) return severity_from_digits(word, scale);
  char buffer[kWordBytesMax];
  for (std::size_t i = 0; i < word.size(); ++i) buffer[i] = fold(word[i]);
  const std::string_view folded(buffer, word.size());
  for (const Word& known : kWords) {
    if (known.word == folded) return known.number;
  }
  return short_name_number(folded);
}

std::uint8_t severity_from_digits(std::string_view digits, SeverityScale scale) noexcept {
  if (digits.empty() || digits.size() > 2) return kSeverityAbsent;
  unsigned number = 0;
  for (const char digit : digits) {
    if (!is_digit(digit)) return kSeverityAbsent;
    number = number * 10 + static_cast<unsigned>(digit - '0');
  }
  if (scale == SeverityScale::open_telemetry) {
    return number <= kSeverityMax ? static_cast<std::uint8_t>(number) : kSeverityAbsent;
  }
  if (number >= 10 && number <= 60 && number % 10 == 0) {
    return static_cast<std::uint8_t>((number / 10 - 1) * 4 + 1);
  }
  const bool syslog = scale == SeverityScale::logger_syslog && number < kSyslog.size();
  return syslog ? kSyslog[number] : kSeverityAbsent;
}

std::string_view severity_name(std::uint8_t number) noexcept {
  return number >= 1 && number <= kSeverityMax ? kNames[number - 1U] : std::string_view();
}

}  // namespace logboom::record
