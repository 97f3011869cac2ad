#pragma once

#include <string>

namespace logboom::cli {

// `logboom 0.1.0 (1a2b3c4)`; the commit is the one at the time of configuring, if known.
[[nodiscard]] std::string version_line();
// Its parts.
[[nodiscard]] std::string version_number();
[[nodiscard]] std::string version_commit();

}  // namespace logboom::cli
