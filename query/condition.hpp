#pragma once

#include <string>
#include <string_view>

#include "query/time.hpp"

namespace logboom::query {

// `path=value`, `path!=value`, `path=start*`.
struct Condition {
  std::string path;   // `body`, `attributes.user.id`, `user.id`, `level`
  std::string value;  // compared with a string's content or another value's JSON text
  bool negated = false;
  bool prefix = false;  // `value` is only the beginning

  // Whether the text found at the path fits; `negated` is not looked at.
  // Severity texts, which every sender spells in its own way, compare without regard to case.
  [[nodiscard]] bool accepts(std::string_view text, bool ignore_case) const noexcept;
};

// Reads one condition. The first `=` ends the path; a `*` at the end stands for anything, `\*`
// for itself.
[[nodiscard]] Result<Condition> parse_condition(std::string_view text);

}  // namespace logboom::query
