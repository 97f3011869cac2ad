#pragma once

#include <string>
#include <string_view>

#include "cli/command_reference.hpp"

namespace logboom::cli {

// logboom(1) in man(7) macros. `version` is shown at the foot of the page; there is no date, so
// that the same sources give the same page.
[[nodiscard]] std::string man_page(const CommandReference& program, std::string_view version);

}  // namespace logboom::cli
