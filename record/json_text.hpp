#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
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

// Decodes the inside of a valid JSON string, without its quotes, into `out`, which has room for
// inner.size() bytes; returns how many it wrote. A lone surrogate becomes U+FFFD.
std::size_t unescape(std::string_view inner, char* out) noexcept;

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
