#pragma once

#include <span>
#include <string>
#include <string_view>

namespace logboom::config {

// The candidate that `text` is most likely a slip of the pen for, or an empty string: at most a
// third of its letters may be wrong, missing, added or swapped with their neighbour.
[[nodiscard]] std::string closest(std::string_view text, std::span<const std::string> candidates);

}  // namespace logboom::config
