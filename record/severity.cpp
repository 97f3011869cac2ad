#include "record/severity.hpp"

#include "record/json_text.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace logboom::record {
namespace {

// A word of at most eight letters as one number, its first letter lowest: comparing is one step.
using PackedWord = std::uint64_t;
constexpr std::size_t kPackedBytesMax = sizeof(PackedWord);
static_assert(std::endian::native == std::endian::little, "a load must pack as pack() does");

constexpr PackedWord pack(std::string_view word) {
  PackedWord packed = 0;
  for (std::size_t i = 0; i < word.size(); ++i) {
    packed |= PackedWord{static_cast<unsigned char>(word[i])} << 8 * i;
  }
  return packed;
}

struct Word {
  constexpr Word(std::string_view text, std::uint8_t severity)
      : word(text), number(severity), packed(text.size() <= kPackedBytesMax ? pack(text) : 0) {}

  std::string_view word;
  std::uint8_t number;
  PackedWord packed;  // 0 for a longer one
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

// The longest word.
constexpr std::size_t kWordBytesMax = 13;

// Lower case of a letter. Nothing but a letter becomes one, so folded words are compared exactly.
constexpr char fold(char byte) noexcept {
  return static_cast<char>(byte | 0x20);
}

bool equal_folded(std::string_view word, std::string_view name) noexcept {
  if (word.size() != name.size()) return false;
  std::size_t same = 0;
  while (same < word.size() && fold(word[same]) == fold(name[same])) ++same;
  return same == word.size();
}

// The word's letters in lower case, in loads that may overlap. It has one to kPackedBytesMax.
PackedWord pack_folded(std::string_view word) noexcept {
  const std::size_t size = word.size();
  PackedWord packed = 0;
  if (size >= 4) {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::memcpy(&first, word.data(), sizeof first);
    std::memcpy(&last, word.data() + size - sizeof last, sizeof last);
    packed = first | PackedWord{last} << 8 * (size - sizeof last);
  } else {
    packed = pack(word);
  }
  return packed | PackedWord{0x2020'2020'2020'2020} >> 8 * (kPackedBytesMax - size);
}

std::uint8_t number_of_word(std::string_view word) noexcept {
  const PackedWord packed = word.size() <= kPackedBytesMax ? pack_folded(word) : 0;
  for (const Word& known : kWords) {
    if (known.packed == packed && (packed != 0 || equal_folded(known.word, word))) {
      return known.number;
    }
  }
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (equal_folded(kNames[i], word)) return static_cast<std::uint8_t>(i + 1);
  }
  return kSeverityAbsent;
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

std::uint8_t severity_from_word(std::string_view word, SeverityScale scale) noexcept {
  word = trim(word);
  if (word.empty() || word.size() > kWordBytesMax) return kSeverityAbsent;
  return is_digit(word[0]) ? severity_from_digits(word, scale) : number_of_word(word);
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
