#pragma once

#include <string_view>

namespace logboom::cli {

// One line on stderr: `logboom: MESSAGE`.
void complain(std::string_view message);

}  // namespace logboom::cli
