#include "cli/version.hpp"

#include <string_view>

#include <fmt/format.h>

namespace logboom::cli {

std::string version_line() {
  constexpr std::string_view kCommit = LOGBOOM_COMMIT;
  if (kCommit.empty()) return fmt::format("logboom {}", LOGBOOM_VERSION);
  return fmt::format("logboom {} ({})", LOGBOOM_VERSION, kCommit);
}

std::string version_number() {
  return LOGBOOM_VERSION;
}

std::string version_commit() {
  return LOGBOOM_COMMIT;
}

}  // namespace logboom::cli
