#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace logboom::record {

// Small operations on JSON's text: what the scanner, the line writer and the record parser share.

[[nodiscard]] constexpr bool is_digit(char byte) noexcept {
  return byte >= '0' && byte <= '9';
}

// The value of a hexadecimal digit of either case, or -1.
[[nodiscard]] constexpr int hex_digit_value(char byte) noexcept {
  if (is_digit(byte)) return byte - '0';
  const char lower = static_cast<char>(byte | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Whether a byte ends a run that may stand in a JSON string as it is.
[[nodiscard]] constexpr bool is_string_special(char byte) noexcept {
  return byte == '"' || byte == '\\' || static_cast<unsigned char>(byte) < 0x20;
}

#if defined(__SSE2__)
// A bit for each of the sixteen bytes at `at` that is a quote, a backslash or a control character.
[[nodiscard]] inline unsigned string_specials(const char* at) noexcept {
  const __m128i bytes = _mm_loadu_si128(static_cast<const __m128i*>(static_cast<const void*>(at)));
  const __m128i named = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
  const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(named, low)));
}
#endif

// The first quote, backslash or control character in [at, end), else `end`.
[[nodiscard]] inline const char* find_string_special(const char* at, const char* end) noexcept {
#if defined(__SSE2__)
  while (end - at >= 16) {
    if (const unsigned found = string_specials(at); found != 0) return at + std::countr_zero(found);
    at += 16;
  }
#endif
  while (at < end && !is_string_special(*at)) ++at;
  return at;
}

// The end of the digits that begin at `at`, looked for eight at a time.
[[nodiscard]] inline const char* find_digits_end(const char* at, const char* end) noexcept {
  if constexpr (std::endian::native == std::endian::little) {
    constexpr std::uint64_t kEachByte = 0x0101'0101'0101'0101;
    while (end - at >= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, at, sizeof word);
      // A digit becomes its value; with 0x76 added to it, ten and more set the high bit. What is
      // carried on from there only reaches bytes behind the first that is no digit.
      const std::uint64_t values = word ^ (kEachByte * '0');
      const std::uint64_t others = ((values + kEachByte * 0x76) | values) & (kEachByte * 0x80);
      if (others != 0) return at + std::countr_zero(others) / 8;
      at += 8;
    }
  }
  while (at != end && is_digit(*at)) ++at;
  return at;
}

// The end of a number without sign and exponent that begins at `at`, as most are; null if there is
// something else or the number is bad.
[[nodiscard]] inline const char* find_plain_number_end(const char* at, const char* end) noexcept {
  const char* behind = find_digits_end(at, end);
  if (behind == at || (*at == '0' && behind - at > 1)) return nullptr;
  if (behind != end && *behind == '.') {
    const char* const fraction = behind + 1;
    behind = find_digits_end(fraction, end);
    if (behind == fraction) return nullptr;
  }
  return behind == end || (*behind | 0x20) != 'e' ? behind : nullptr;
}

// How far behind the end of a text the functions below look.
inline constexpr std::size_t kLookedAtBehind = 32;

// The end of a number without exponent that begins at `at`; null if it takes more than a look to
// find, or if there is something else or a bad one. Of `1e5` it finds the 1: what stands behind it
// is the caller's to check. `at` may be behind `end`, where there is nothing to find.
[[nodiscard, gnu::always_inline]] inline const char* look_behind_number(const char* at,
                                                                        const char* end) noexcept {
#if defined(__SSE2__)
  const __m128i bytes = _mm_loadu_si128(static_cast<const __m128i*>(static_cast<const void*>(at)));
  const __m128i values = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
  const __m128i digits = _mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values);
  const auto others = ~static_cast<unsigned>(_mm_movemask_epi8(digits));
  auto count = static_cast<unsigned>(std::countr_zero(others));
  if (count == 0 || (*at == '0' && count > 1)) return nullptr;
  if (at[count] == '.') {
    const auto fraction = static_cast<unsigned>(std::countr_zero(others >> (count + 1)));
    if (fraction == 0) return nullptr;
    count += 1 + fraction;
  }
  if (count < sizeof bytes) return at + count;
#endif
  return at < end ? find_plain_number_end(at, end) : nullptr;
}

// The first such byte at or behind `at`; what it finds behind `end` is not in the text, either.
[[nodiscard, gnu::always_inline]] inline const char* look_along_string(const char* at,
                                                                       const char* end) noexcept {
#if defined(__SSE2__)
  if (const unsigned found = string_specials(at); found != 0) return at + std::countr_zero(found);
  at += 16;
#endif
  return find_string_special(at, end);
}

// The end of a value that begins at `at`, likewise: of a string without escapes, a number or a
// literal. kLookedAtBehind bytes behind `at` and `end` are readable, and what is found there is not
// in the text.
[[nodiscard, gnu::always_inline]] inline const char* look_behind_value(const char* at,
                                                                       const char* end) noexcept {
  if (*at == '"') {
    const char* const special = look_along_string(at + 1, end);
    return *special == '"' ? special + 1 : nullptr;
  }
  if (is_digit(*at)) return look_behind_number(at, end);
  if (*at == '-') return look_behind_number(at + 1, end);
  if (std::memcmp(at, "true", 4) == 0 || std::memcmp(at, "null", 4) == 0) return at + 4;
  return std::memcmp(at, "false", 5) == 0 ? at + 5 : nullptr;
}

// Whether the text begins with a literal. With a fixed size the comparison is one instruction.
template <std::size_t N>
[[nodiscard]] inline bool begins_with(std::string_view text, const char (&literal)[N]) noexcept {
  return text.size() >= N - 1 && std::memcmp(text.data(), literal, N - 1) == 0;
}

// Decodes the inside of a valid JSON string, without its quotes, into `out`, which has room for
// inner.size() bytes; returns how many it wrote. A lone surrogate becomes U+FFFD.
std::size_t unescape(std::string_view inner, char* out) noexcept;

// Whether a valid value has line breaks between its tokens, as a line may not. Only containers can.
[[nodiscard]] inline bool has_line_break(std::string_view json) noexcept {
  return (json[0] == '{' || json[0] == '[') &&
         (std::memchr(json.data(), '\n', json.size()) != nullptr ||
          std::memchr(json.data(), '\r', json.size()) != nullptr);
}

// Copies a valid JSON value without the white space between its tokens to `out`, which has room
// for json.size() bytes; returns the end of what it wrote. Strings and numbers stay exact.
// `out` may be json.data() itself.
char* minify(std::string_view json, char* out) noexcept;

// Writes valid UTF-8 as the inside of a JSON string, escaping what must be, to `out`, which has
// room for kEscapedBytesMax bytes per byte of text; returns the end of what it wrote.
char* escape(std::string_view text, char* out) noexcept;

// The longest escape of one byte: \u001f.
inline constexpr std::size_t kEscapedBytesMax = 6;

// Valid UTF-8 as a JSON string with its quotes, on the heap: for pages and messages.
[[nodiscard]] std::string quote(std::string_view text);

}  // namespace logboom::record
