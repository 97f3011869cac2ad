#include "record/trace_id.hpp"

#include "record/json_text.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace logboom::record {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";
constexpr std::size_t kUuidBytes = 36;

// Copies hex digits in lower case; false if one is not a digit.
bool copy_hex(std::string_view text, char* out) noexcept {
  for (const char byte : text) {
    const int value = hex_digit_value(byte);
    if (value < 0) return false;
    *out++ = kHexDigits[value];
  }
  return true;
}

// Without a branch for each byte and of a known length, so that the compiler takes many at a time.
template <std::size_t kDigits>
bool is_lower_hex(std::string_view text) noexcept {
  if (text.size() != kDigits) return false;
  const char* const digits = text.data();
  unsigned char bad = 0;
  for (std::size_t i = 0; i < kDigits; ++i) {
    const auto value = static_cast<unsigned char>(digits[i]);
    bad |= static_cast<unsigned char>(static_cast<unsigned char>(value - '0') > 9) &
           static_cast<unsigned char>(static_cast<unsigned char>(value - 'a') > 5);
  }
  return bad == 0;
}

bool is_zero(std::string_view text) noexcept {
  return text.find_first_not_of('0') == std::string_view::npos;
}

bool copy_uuid(std::string_view text, char* out) noexcept {
  constexpr std::size_t kGroups[] = {8, 4, 4, 4, 12};
  std::size_t at = 0;
  for (const std::size_t digits : kGroups) {
    if (at != 0 && text[at++] != '-') return false;
    if (!copy_hex(text.substr(at, digits), out)) return false;
    out += digits;
    at += digits;
  }
  return true;
}

// Writes an unsigned 64-bit decimal number as 16 hex digits.
bool copy_decimal(std::string_view text, char* out) noexcept {
  if (text.empty()) return false;
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t value = 0;
  for (const char byte : text) {
    if (!is_digit(byte)) return false;
    const auto digit = static_cast<std::uint64_t>(byte - '0');
    if (value > (kMax - digit) / 10) return false;
    value = value * 10 + digit;
  }
  for (std::size_t i = kSpanIdDigits; i-- > 0; value >>= 4) out[i] = kHexDigits[value & 15];
  return true;
}

// Reads any accepted form of a trace id but the UUID into `room`. Datadog logs the lower half of
// an id as a decimal number, or the whole of it as 32 hex digits.
bool copy_trace_id(std::string_view text, IdForm form, char* room) noexcept {
  if (text.size() == kTraceIdDigits) return copy_hex(text, room);
  constexpr std::size_t kPad = kTraceIdDigits - kSpanIdDigits;
  std::fill_n(room, kPad, '0');
  if (form == IdForm::decimal) return copy_decimal(text, room + kPad);
  return text.size() == kSpanIdDigits && copy_hex(text, room + kPad);
}

}  // namespace

std::string_view normalise_trace_id(std::string_view text, IdForm form, char* room) noexcept {
  if (is_lower_hex<kTraceIdDigits>(text)) return is_zero(text) ? "" : text;
  const std::string_view id(room, kTraceIdDigits);
  const bool read =
      text.size() == kUuidBytes ? copy_uuid(text, room) : copy_trace_id(text, form, room);
  return read && !is_zero(id) ? id : std::string_view();
}

std::string_view normalise_span_id(std::string_view text, IdForm form, char* room) noexcept {
  const bool plain = form == IdForm::hexadecimal && text.size() == kSpanIdDigits;
  if (plain && is_lower_hex<kSpanIdDigits>(text)) return is_zero(text) ? "" : text;
  const std::string_view id(room, kSpanIdDigits);
  const bool read =
      form == IdForm::decimal ? copy_decimal(text, room) : plain && copy_hex(text, room);
  return read && !is_zero(id) ? id : std::string_view();
}

}  // namespace logboom::record
