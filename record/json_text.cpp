#include "record/json_text.hpp"

#include <array>
#include <cstring>

namespace logboom::record {
namespace {

constexpr std::uint32_t kReplacementCharacter = 0xfffd;

std::uint32_t read_hex4(const char* digits) noexcept {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    value = value << 4 | static_cast<std::uint32_t>(hex_digit_value(digits[i]));
  }
  return value;
}

bool is_high_surrogate(std::uint32_t unit) noexcept {
  return unit >= 0xd800 && unit < 0xdc00;
}
bool is_low_surrogate(std::uint32_t unit) noexcept {
  return unit >= 0xdc00 && unit < 0xe000;
}

char* write_utf8(std::uint32_t point, char* out) noexcept {
  if (point < 0x80) {
    *out++ = static_cast<char>(point);
  } else if (point < 0x800) {
    *out++ = static_cast<char>(0xc0 | point >> 6);
    *out++ = static_cast<char>(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    *out++ = static_cast<char>(0xe0 | point >> 12);
    *out++ = static_cast<char>(0x80 | (point >> 6 & 0x3f));
    *out++ = static_cast<char>(0x80 | (point & 0x3f));
  } else {
    *out++ = static_cast<char>(0xf0 | point >> 18);
    *out++ = static_cast<char>(0x80 | (point >> 12 & 0x3f));
    *out++ = static_cast<char>(0x80 | (point >> 6 & 0x3f));
    *out++ = static_cast<char>(0x80 | (point & 0x3f));
  }
  return out;
}

// Reads the escape `\uXXXX` at `at`, with its second half if it is a surrogate pair.
std::uint32_t read_unicode_escape(const char*& at, const char* end) noexcept {
  const std::uint32_t first = read_hex4(at + 2);
  at += 6;
  if (is_low_surrogate(first)) return kReplacementCharacter;
  if (!is_high_surrogate(first)) return first;
  if (end - at < 6 || at[0] != '\\' || at[1] != 'u') return kReplacementCharacter;
  const std::uint32_t second = read_hex4(at + 2);
  if (!is_low_surrogate(second)) return kReplacementCharacter;
  at += 6;
  return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
}

char named_escape(char name) noexcept {
  switch (name) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return name;
  }
}

bool is_json_space(char byte) noexcept {
  return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

// Copies the string that begins at `at` with its quotes; both ends advance.
void copy_string(const char*& at, const char* end, char*& out) noexcept {
  const char* const begin = at++;
  while (at != end && *at != '"') {
    at = find_string_special(at, end);
    if (at != end && *at != '"') at += *at == '\\' && end - at > 1 ? 2 : 1;
  }
  if (at != end) ++at;
  std::memmove(out, begin, static_cast<std::size_t>(at - begin));
  out += at - begin;
}

char* write_escape(char byte, char* out) noexcept {
  static constexpr char kHexDigits[] = "0123456789abcdef";
  static constexpr char kNamed[] = "\0\0\0\0\0\0\0\0btn\0fr";
  const auto value = static_cast<unsigned char>(byte);
  *out++ = '\\';
  if (value >= 0x20) {
    *out++ = byte;
  } else if (value < sizeof(kNamed) - 1 && kNamed[value] != '\0') {
    *out++ = kNamed[value];
  } else {
    std::memcpy(out, "u00", 3);
    out[3] = kHexDigits[value >> 4];
    out[4] = kHexDigits[value & 15];
    out += 5;
  }
  return out;
}

}  // namespace

std::size_t unescape(std::string_view inner, char* out) noexcept {
  const char* at = inner.data();
  const char* const end = at + inner.size();
  char* const begin = out;
  while (at != end) {
    if (*at != '\\') {
      *out++ = *at++;
    } else if (at[1] == 'u') {
      out = write_utf8(read_unicode_escape(at, end), out);
    } else {
      *out++ = named_escape(at[1]);
      at += 2;
    }
  }
  return static_cast<std::size_t>(out - begin);
}

char* minify(std::string_view json, char* out) noexcept {
  const char* at = json.data();
  const char* const end = at + json.size();
  while (at != end) {
    if (*at == '"') {
      copy_string(at, end, out);
    } else {
      if (!is_json_space(*at)) *out++ = *at;
      ++at;
    }
  }
  return out;
}

char* escape(std::string_view text, char* out) noexcept {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    const char* const special = find_string_special(at, end);
    const auto clean = static_cast<std::size_t>(special - at);
    std::memcpy(out, at, clean);
    out += clean;
    at = special;
    if (at != end) out = write_escape(*at++, out);
  }
  return out;
}

std::string quote(std::string_view text) {
  std::string quoted(text.size() * kEscapedBytesMax + 2, '"');
  char* const end = escape(text, quoted.data() + 1);
  quoted.resize(static_cast<std::size_t>(end - quoted.data()));
  return quoted + '"';
}

}  // namespace logboom::record
