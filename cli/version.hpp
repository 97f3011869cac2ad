#pragma once

#include <string>

namespace logboom::cli {

// `logboom 0.1.0 (1a2b3c4d5e6f)`; without the commit if it is not known (cmake/version.cmake).
[[nodiscard]] std::string version_line();
// Its parts.
[[nodiscard]] std::string version_number();
[[nodiscard]] std::string version_commit();

}  // namespace logboom::cli
