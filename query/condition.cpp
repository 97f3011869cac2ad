#include "query/condition.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace logboom::query {
namespace {

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_letters(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

bool Condition::accepts(std::string_view text, bool ignore_case) const noexcept {
  if (prefix) text = text.substr(0, value.size());
  return ignore_case ? same_letters(text, value) : text == value;
}

Result<Condition> parse_condition(std::string_view text) {
  std::size_t equals = text.find('=');
  std::string_view path = text.substr(0, equals);
  bool negated = path.ends_with('!');
  if (negated) path.remove_suffix(1);
  if (equals == std::string_view::npos || path.empty()) {
    return Result<Condition>{
        boost::system::in_place_error,
        fmt::format("expected path=value, such as level=error or user.id!=7, not `{}`", text)};
  }
  Condition condition{.path = std::string{path},
                      .value = std::string{text.substr(equals + 1)},
                      .negated = negated,
                      .prefix = false};
  if (condition.value.ends_with("\\*")) {
    condition.value.erase(condition.value.size() - 2, 1);
  } else if (condition.value.ends_with('*')) {
    condition.value.pop_back();
    condition.prefix = true;
  }
  return condition;
}

}  // namespace logboom::query
