#include "record/oversize.hpp"

#include "record/json_text.hpp"
#include "record/utf8.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <system_error>

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

Attribute truncated_bytes(std::uint64_t bytes, arena::Arena& arena) {
  auto digits = arena.create_span_uninitialized<char>(20);
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), bytes).ptr;
  const auto count = static_cast<std::size_t>(end - digits.data());
  return {Value::json(kTruncatedKey), Value::json({digits.data(), count})};
}

// The sum, or just `bytes` if what is there is no such count.
std::uint64_t add_to(std::string_view digits, std::uint64_t bytes) noexcept {
  std::uint64_t before = 0;
  std::uint64_t sum = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), before);
  const bool read = error == std::errc() && end == digits.data() + digits.size();
  return read && !__builtin_add_overflow(before, bytes, &sum) ? sum : bytes;
}

// The attributes with `bytes` added to the count of those missing.
std::span<const Attribute> with_truncated_bytes(std::span<const Attribute> attributes,
                                                std::uint64_t bytes, arena::Arena& arena) {
  const auto before = std::find_if(attributes.begin(), attributes.end(), [](const Attribute& a) {
    return a.key.kind == Value::Kind::json && a.key.bytes == kTruncatedKey;
  });
  const auto index = static_cast<std::size_t>(before - attributes.begin());
  const bool again = index < attributes.size();
  auto copy = arena.create_span_uninitialized<Attribute>(attributes.size() + (again ? 0 : 1));
  std::copy(attributes.begin(), attributes.end(), copy.begin());
  if (again) bytes = add_to(before->value.bytes, bytes);
  copy[index] = truncated_bytes(bytes, arena);
  return copy;
}

}  // namespace

bool cut_body(LogRecord& record, std::size_t excess, arena::Arena& arena) {
  const bool json = record.body.kind == Value::Kind::json;
  if (!record.body.present() || (json && record.body.bytes[0] != '"')) return false;
  const std::size_t body_bytes = record.body.bytes.size() - (json ? 2 : 0);
  if (body_bytes < excess) return false;
  const Value cut = json ? cut_json(record.body, body_bytes - excess, arena)
                         : cut_text(record.body, body_bytes - excess);
  const std::size_t missing = record.body.bytes.size() - cut.bytes.size();
  record.attributes = with_truncated_bytes(record.attributes, missing, arena);
  record.body = cut;
  return true;
}

}  // namespace logboom::record
