#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"

namespace logboom::config {

// Two keys whose values, each right by itself, cannot work together.
struct Conflict {
  std::string_view key;
  std::string_view other;
  std::string message;  // what is wrong with `key` beside `other`
};

[[nodiscard]] std::vector<Conflict> conflicts(const Settings& settings);

}  // namespace logboom::config
