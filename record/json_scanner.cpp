#include "record/json_scanner.hpp"

#include <array>
#include <cstring>

namespace logboom::record {

std::string_view describe(JsonFault fault) noexcept {
  switch (fault) {
    case JsonFault::none: return "no error";
    case JsonFault::incomplete: return "unexpected end of the value";
    case JsonFault::expected_value: return "expected a value";
    case JsonFault::bad_number: return "invalid number";
    case JsonFault::bad_literal: return "invalid literal";
    case JsonFault::bad_escape: return "invalid escape";
    case JsonFault::control_character: return "raw control character in a string";
    case JsonFault::expected_key: return "expected a key in quotes";
    case JsonFault::expected_colon: return "expected a colon";
    case JsonFault::expected_comma: return "expected a comma or a closing bracket";
    case JsonFault::too_deep: return "nested too deeply";
    case JsonFault::trailing_bytes: return "unexpected bytes after the value";
  }
  return "unknown error";
}

bool JsonScanner::skip_value_slow() noexcept {
  return *at_ == '{' || *at_ == '[' ? skip_container() : skip_number_or_literal();
}

// A string with escapes, or one that is bad. `special` is the first byte that is not plain.
bool JsonScanner::skip_string_slow(const char* special) noexcept {
  for (at_ = special; at_ != end_; at_ = find_string_special(at_, end_)) {
    if (*at_ == '"') {
      ++at_;
      return true;
    }
    if (*at_ != '\\') return fail(JsonFault::control_character);
    string_has_escapes_ = true;
    if (!skip_escape()) return false;
  }
  return fail(JsonFault::incomplete);
}

bool JsonScanner::skip_escape() noexcept {
  if (end_ - at_ < 2) {
    at_ = end_;
    return fail(JsonFault::incomplete);
  }
  if (at_[1] != 'u') {
    if (std::strchr("\"\\/bfnrt", at_[1]) == nullptr || at_[1] == '\0') {
      return fail(JsonFault::bad_escape);
    }
    at_ += 2;
    return true;
  }
  for (std::ptrdiff_t i = 2; i < 6; ++i) {
    if (at_ + i == end_) {
      at_ = end_;
      return fail(JsonFault::incomplete);
    }
    if (hex_digit_value(at_[i]) < 0) return fail(JsonFault::bad_escape);
  }
  at_ += 6;
  return true;
}

bool JsonScanner::open_container(Closers& open) noexcept {
  if (open.depth >= depth_max_) return fail(JsonFault::too_deep);
  open.stack[open.depth++] = *at_ == '{' ? '}' : ']';
  ++at_;
  return true;
}

bool JsonScanner::skip_container() noexcept {
  Closers open;
  if (!open_container(open)) return false;
  bool after_open = true;
  bool after_value = false;
  while (open.depth > 0) {
    skip_space();
    if (at_ == end_) return fail(JsonFault::incomplete);
    if ((after_open || after_value) && *at_ == open.innermost()) {
      ++at_;
      --open.depth;
      after_open = false;
      after_value = true;
    } else if (after_value) {
      if (*at_ != ',') return fail(JsonFault::expected_comma);
      ++at_;
      after_value = false;
    } else {
      if (!skip_item(open, after_open)) return false;
      after_value = !after_open;
    }
  }
  return true;
}

// A member's key if the container is an object, then a scalar, or the opening of a container,
// which sets `after_open`.
bool JsonScanner::skip_item(Closers& open, bool& after_open) noexcept {
  std::string_view key;
  if (open.innermost() == '}' && !skip_key(key)) return false;
  after_open = at_ != end_ && (*at_ == '{' || *at_ == '[');
  return after_open ? open_container(open) : skip_value();
}

bool JsonScanner::skip_number_or_literal() noexcept {
  switch (*at_) {
    case 't': return skip_literal("true");
    case 'f': return skip_literal("false");
    case 'n': return skip_literal("null");
    default: break;
  }
  if (*at_ == '-' || is_digit(*at_)) return skip_number();
  return fail(JsonFault::expected_value);
}

bool JsonScanner::skip_literal(std::string_view literal) noexcept {
  for (const char expected : literal) {
    if (at_ == end_) return fail(JsonFault::incomplete);
    if (*at_ != expected) return fail(JsonFault::bad_literal);
    ++at_;
  }
  return true;
}

bool JsonScanner::skip_digits() noexcept {
  if (at_ == end_) return fail(JsonFault::incomplete);
  if (!is_digit(*at_)) return fail(JsonFault::bad_number);
  do {
    ++at_;
  } while (at_ != end_ && is_digit(*at_));
  return true;
}

bool JsonScanner::skip_number() noexcept {
  if (*at_ == '-') ++at_;
  if (at_ != end_ && *at_ == '0') {
    ++at_;
    if (at_ != end_ && is_digit(*at_)) return fail(JsonFault::bad_number);
  } else if (!skip_digits()) {
    return false;
  }
  if (at_ != end_ && *at_ == '.') {
    ++at_;
    if (!skip_digits()) return false;
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (!skip_digits()) return false;
  }
  return true;
}

JsonVerdict check_json(std::string_view text, std::size_t depth_max) noexcept {
  JsonScanner scanner(text, depth_max);
  scanner.skip_space();
  if (scanner.skip_value()) {
    scanner.skip_space();
    if (!scanner.at_end()) static_cast<void>(scanner.fail(JsonFault::trailing_bytes));
  }
  return {scanner.fault(), static_cast<std::size_t>(scanner.at() - text.data())};
}

}  // namespace logboom::record
