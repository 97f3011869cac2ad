#include "record/oversize.hpp"

#include "record/json_text.hpp"
#include "record/utf8.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>

namespace logboom::record {
namespace {

constexpr std::string_view kTruncatedKey = "\"logboom.truncated_bytes\"";

// The length of the escape at the beginning of `text`; a surrogate pair is one.
std::size_t escape_bytes(std::string_view text) noexcept {
  if (text[1] != 'u') return 2;
  const bool high = (text[2] | 0x20) == 'd' && std::strchr("89abAB", text[3]) != nullptr;
  return high && text.substr(6).starts_with("\\u") ? 12 : 6;
}

// The largest offset up to `limit` at which the inside of a JSON string can be cut.
std::size_t floor_to_escape(std::string_view inner, std::size_t limit) noexcept {
  std::size_t at = 0;
  for (;;) {
    const std::size_t backslash = inner.find('\\', at);
    if (backslash == std::string_view::npos || backslash >= limit) break;
    at = backslash + escape_bytes(inner.substr(backslash));
    if (at > limit) return backslash;
  }
  return floor_to_character(inner, limit);
}

Value cut_text(Value body, std::size_t limit) noexcept {
  return Value::text(body.bytes.substr(0, floor_to_character(body.bytes, limit)));
}

Value cut_json(Value body, std::size_t limit, arena::Arena& arena) {
  const std::string_view inner = body.bytes.substr(1, body.bytes.size() - 2);
  const std::size_t kept = floor_to_escape(inner, limit);
  auto quoted = arena.create_span_uninitialized<char>(kept + 2);
  std::memcpy(quoted.data(), body.bytes.data(), kept + 1);
  quoted[kept + 1] = '"';
  return Value::json({quoted.data(), quoted.size()});
}

Attribute truncated_bytes(std::size_t bytes, arena::Arena& arena) {
  auto digits = arena.create_span_uninitialized<char>(20);
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), bytes).ptr;
  const auto count = static_cast<std::size_t>(end - digits.data());
  return {Value::json(kTruncatedKey), Value::json({digits.data(), count})};
}

}  // namespace

bool cut_body(LogRecord& record, std::size_t excess, arena::Arena& arena) {
  const bool json = record.body.kind == Value::Kind::json;
  if (!record.body.present() || (json && record.body.bytes[0] != '"')) return false;
  const std::size_t body_bytes = record.body.bytes.size() - (json ? 2 : 0);
  if (body_bytes < excess) return false;
  const Value cut = json ? cut_json(record.body, body_bytes - excess, arena)
                         : cut_text(record.body, body_bytes - excess);
  auto attributes = arena.create_span_uninitialized<Attribute>(record.attributes.size() + 1);
  std::copy(record.attributes.begin(), record.attributes.end(), attributes.begin());
  attributes.back() = truncated_bytes(record.body.bytes.size() - cut.bytes.size(), arena);
  record.body = cut;
  record.attributes = attributes;
  return true;
}

}  // namespace logboom::record
