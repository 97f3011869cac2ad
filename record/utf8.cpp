#include "record/utf8.hpp"

#include <simdjson.h>

#include <cstring>

namespace logboom::record {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

struct Sequence {
  std::size_t bytes;  // the length of the character, or of its longest valid beginning
  bool valid;
};

// The range that the second byte of a multi-byte character must be in depends on the first.
struct SecondByte {
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
};

SecondByte second_byte_after(unsigned char lead) noexcept {
  switch (lead) {
    case 0xe0: return {0xa0, 0xbf};
    case 0xed: return {0x80, 0x9f};
    case 0xf0: return {0x90, 0xbf};
    case 0xf4: return {0x80, 0x8f};
    default: return {};
  }
}

std::size_t length_of_lead(unsigned char lead) noexcept {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

Sequence read_sequence(std::string_view bytes) noexcept {
  const auto lead = static_cast<unsigned char>(bytes[0]);
  const std::size_t length = length_of_lead(lead);
  if (length == 0) return {1, false};
  SecondByte expected = second_byte_after(lead);
  for (std::size_t i = 1; i < length; ++i) {
    if (i == bytes.size()) return {i, false};
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (byte < expected.low || byte > expected.high) return {i, false};
    expected = {};
  }
  return {length, true};
}

}  // namespace

bool is_valid_utf8(std::string_view bytes) noexcept {
  return simdjson::validate_utf8(bytes.data(), bytes.size());
}

std::size_t find_invalid_utf8(std::string_view bytes) noexcept {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const Sequence sequence = read_sequence(bytes.substr(at));
    if (!sequence.valid) break;
    at += sequence.bytes;
  }
  return at;
}

std::string_view replace_invalid_utf8(std::string_view bytes, arena::Arena& arena) {
  auto room = arena.create_span_uninitialized<char>(bytes.size() * kReplacement.size());
  char* out = room.data();
  while (!bytes.empty()) {
    const Sequence sequence = read_sequence(bytes);
    const std::string_view piece = sequence.valid ? bytes.substr(0, sequence.bytes) : kReplacement;
    std::memcpy(out, piece.data(), piece.size());
    out += piece.size();
    bytes.remove_prefix(sequence.bytes);
  }
  return {room.data(), static_cast<std::size_t>(out - room.data())};
}

std::size_t floor_to_character(std::string_view text, std::size_t limit) noexcept {
  if (limit >= text.size()) return text.size();
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  return limit;
}

}  // namespace logboom::record
