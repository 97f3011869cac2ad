#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "record/json_text.hpp"

namespace logboom::record {

// What is wrong with a text that should be JSON.
enum class JsonFault : std::uint8_t {
  none,
  incomplete,         // the text ends inside the value: more bytes could make it valid
  expected_value,     // something that begins no JSON value
  bad_number,         // leading zeros, a bare sign or point, an empty exponent
  bad_literal,        // neither true, false nor null
  bad_escape,         // a backslash followed by what RFC 8259 does not name
  control_character,  // a raw byte below 0x20 in a string
  expected_key,       // an object's member must begin with a string
  expected_colon,     // between key and value
  expected_comma,     // or the container's closing bracket
  too_deep,           // more containers inside each other than allowed
  trailing_bytes      // a second value or garbage where the text should end
};

// Says a fault in a few words, such as "invalid number". Static text.
[[nodiscard]] std::string_view describe(JsonFault fault) noexcept;

// More containers than this inside each other are refused whatever the configured limit is.
inline constexpr std::size_t kJsonDepthCap = 1024;

// Walks JSON text from left to right and holds it to RFC 8259, syntax only: UTF-8 is validated
// separately, for whole bodies at a time. Escapes of lone surrogates pass, as the grammar allows.
// Iterative, so that no input exhausts the stack. After a fault `at()` is the offending byte.
// Reads nothing outside [begin, end); allocates nothing; the text must outlive the scanner.
class JsonScanner {
 public:
  // `depth_max` counts the containers that may be inside each other; at most kJsonDepthCap.
  JsonScanner(std::string_view text, std::size_t depth_max) noexcept
      : at_(text.data()),
        end_(text.data() + text.size()),
        depth_max_(depth_max < kJsonDepthCap ? depth_max : kJsonDepthCap) {}

  [[nodiscard]] const char* at() const noexcept { return at_; }
  [[nodiscard]] JsonFault fault() const noexcept { return fault_; }
  [[nodiscard]] bool at_end() const noexcept { return at_ == end_; }
  [[nodiscard]] std::size_t bytes_left() const noexcept {
    return static_cast<std::size_t>(end_ - at_);
  }

  void skip_space() noexcept {
    if (at_ != end_ && *at_ > ' ') [[likely]]
      return;
    while (at_ != end_ && is_space(*at_)) ++at_;
  }

  // Skips space and says whether `byte` comes next. At the end of the text it faults `incomplete`.
  [[nodiscard]] bool next_is(char byte) noexcept {
    skip_space();
    if (at_ == end_) return fail(JsonFault::incomplete);
    return *at_ == byte;
  }

  // Steps over a byte that next_is() has found, or bytes that the caller knows.
  void take(std::size_t bytes = 1) noexcept { at_ += bytes; }

  // Whether the string skipped last contains escapes, so that its text is not its meaning.
  [[nodiscard]] bool string_has_escapes() const noexcept { return string_has_escapes_; }

  // Skips one value, which begins right here. False after a fault.
  [[nodiscard]] bool skip_value() noexcept {
    if (at_ == end_) return fail(JsonFault::incomplete);
    if (*at_ == '"') return skip_string();
    if (const char* const behind = find_plain_number_end(at_, end_); behind != nullptr) {
      at_ = behind;
      return true;
    }
    return apart([](JsonScanner& scanner) { return scanner.skip_value_slow(); });
  }

  // Skips a string, which begins right here with its quote. False after a fault.
  [[nodiscard]] bool skip_string() noexcept {
    const char* const special = find_string_special(at_ + 1, end_);
    string_has_escapes_ = false;
    if (special == end_ || *special != '"') [[unlikely]] {
      return apart([special](JsonScanner& scanner) { return scanner.skip_string_slow(special); });
    }
    at_ = special + 1;
    return true;
  }

  // Skips a key with its quotes, space, the colon and space. `key` gets the key with its quotes.
  [[nodiscard]] bool skip_key(std::string_view& key) noexcept {
    if (at_ == end_) return fail(JsonFault::incomplete);
    if (*at_ != '"') return fail(JsonFault::expected_key);
    const char* const begin = at_;
    if (!skip_string()) return false;
    key = {begin, static_cast<std::size_t>(at_ - begin)};
    if (!next_is(':')) return fault_ == JsonFault::none ? fail(JsonFault::expected_colon) : false;
    ++at_;
    skip_space();
    return true;
  }

  // Records the fault at the current byte. Always false, so that callers can return it.
  bool fail(JsonFault fault) noexcept {
    fault_ = fault;
    return false;
  }

  [[nodiscard]] static constexpr bool is_space(char byte) noexcept {
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
  }

 private:
  // The brackets that close the open containers, innermost last.
  struct Closers {
    char stack[kJsonDepthCap];
    std::size_t depth = 0;

    [[nodiscard]] char innermost() const noexcept { return stack[depth - 1]; }
  };

  // What takes a call works on a copy: this scanner's address stays unknown to it, so that the
  // compiler keeps a scanner in registers from one call to the next.
  template <class Skip>
  bool apart(Skip&& skip) noexcept {
    JsonScanner copy = *this;
    const bool valid = skip(copy);
    *this = copy;
    return valid;
  }

  bool skip_value_slow() noexcept;
  bool skip_string_slow(const char* special) noexcept;
  bool skip_container() noexcept;
  bool skip_item(Closers& open, bool& after_open) noexcept;
  bool open_container(Closers& open) noexcept;
  bool skip_number_or_literal() noexcept;
  bool skip_number() noexcept;
  bool skip_digits() noexcept;
  bool skip_literal(std::string_view literal) noexcept;
  bool skip_escape() noexcept;

  const char* at_;
  const char* end_;
  std::size_t depth_max_;
  JsonFault fault_ = JsonFault::none;
  bool string_has_escapes_ = false;
};

// A member of an object, as views into its text.
struct JsonMember {
  std::string_view key;  // with its quotes
  std::string_view value;
  bool key_has_escapes = false;
  bool value_has_escapes = false;  // of a string

  [[nodiscard]] std::string_view key_inner() const noexcept {
    return key.substr(1, key.size() - 2);
  }
};

// Skips an object's key and the colon behind it. False after a fault.
[[nodiscard]] inline bool skip_member_key(JsonScanner& scanner, JsonMember& member) noexcept {
  if (!scanner.skip_key(member.key)) return false;
  member.key_has_escapes = scanner.string_has_escapes();
  return true;
}

// Skips the value that belongs to it, and the comma or the brace behind that; `closed` says which
// it was. False after a fault.
[[nodiscard]] inline bool skip_member_value(JsonScanner& scanner, JsonMember& member,
                                            bool& closed) noexcept {
  const char* const value = scanner.at();
  if (!scanner.skip_value()) return false;
  member.value = {value, static_cast<std::size_t>(scanner.at() - value)};
  member.value_has_escapes = scanner.string_has_escapes();
  closed = !scanner.next_is(',');
  if (scanner.fault() != JsonFault::none) return false;
  if (closed && *scanner.at() != '}') return scanner.fail(JsonFault::expected_comma);
  scanner.take();
  if (!closed) scanner.skip_space();
  return true;
}

// Walks the object that begins right here and gives each member to `on_member`, in order,
// duplicates too. Nested containers count against the scanner's depth, the object itself does
// not. False after a fault: then the members already given were valid, the object is not.
template <class OnMember>
[[nodiscard]] bool for_each_member(JsonScanner& scanner, OnMember&& on_member) {
  scanner.take();
  bool closed = scanner.next_is('}');
  if (closed) scanner.take();
  while (!closed && scanner.fault() == JsonFault::none) {
    JsonMember member;
    if (!skip_member_key(scanner, member)) return false;
    if (!skip_member_value(scanner, member, closed)) return false;
    on_member(static_cast<const JsonMember&>(member));
  }
  return scanner.fault() == JsonFault::none;
}

// What a check found: no fault, or a fault and its offset from the beginning of the text.
struct JsonVerdict {
  JsonFault fault = JsonFault::none;
  std::size_t position = 0;

  [[nodiscard]] bool valid() const noexcept { return fault == JsonFault::none; }
};

// Checks that the text is exactly one JSON value with nothing but space around it. The syntax
// only: the caller validates UTF-8.
[[nodiscard]] JsonVerdict check_json(std::string_view text, std::size_t depth_max) noexcept;

}  // namespace logboom::record
