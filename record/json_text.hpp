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

// The first quote, backslash or control character in [at, end), else `end`.
[[nodiscard]] inline const char* find_string_special(const char* at, const char* end) noexcept {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i control = _mm_set1_epi8(0x1f);
  while (end - at >= 16) {
    const __m128i bytes =
        _mm_loadu_si128(static_cast<const __m128i*>(static_cast<const void*>(at)));
    const __m128i named =
        _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash));
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes);
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(named, low)));
    if (mask != 0) return at + std::countr_zero(mask);
    at += 16;
  }
#endif
  while (at != end && !is_string_special(*at)) ++at;
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

// Whether the text begins with a literal. With a fixed size the comparison is one instruction.
template <std::size_t N>
[[nodiscard]] inline bool begins_with(std::string_view text, const char (&literal)[N]) noexcept {
  return text.size() >= N - 1 && std::memcmp(text.data(), literal, N - 1) == 0;
}

// The end of a value that begins at `at` and takes no more than a look: a string without escapes,
// a plain number or a literal. Null if it is something else or bad.
[[nodiscard, gnu::always_inline]] inline const char* find_plain_value_end(
    const char* at, const char* end) noexcept {
  if (at == end) return nullptr;
  if (*at == '"') {
    const char* const special = find_string_special(at + 1, end);
    return special != end && *special == '"' ? special + 1 : nullptr;
  }
  if (is_digit(*at)) return find_plain_number_end(at, end);
  const std::string_view text(at, static_cast<std::size_t>(end - at));
  if (begins_with(text, "true") || begins_with(text, "null")) return at + 4;
  return begins_with(text, "false") ? at + 5 : nullptr;
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
