#include "cli/diagnostics.hpp"

#include <cstdio>

#include <fmt/format.h>

namespace logboom::cli {

void complain(std::string_view message) {
  fmt::print(stderr, "logboom: {}\n", message);
}

}  // namespace logboom::cli
