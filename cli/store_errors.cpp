#include "cli/store_errors.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "cli/diagnostics.hpp"
#include "cli/exit_code.hpp"

namespace logboom::cli {

int require_data_dir(const std::string& dir) {
  std::error_code error;
  auto status = std::filesystem::status(dir, error);
  if (std::filesystem::is_directory(status)) return kExitOk;
  if (std::filesystem::exists(status)) {
    complain(fmt::format("{} is not a directory", dir));
  } else if (status.type() == std::filesystem::file_type::not_found) {
    complain(
        fmt::format("no data directory {}: give --data-dir, or start `logboom serve` first", dir));
  } else {
    complain(fmt::format("cannot open {}: {}", dir, error.message()));
  }
  return kExitIo;
}

int complain_of_store(std::string_view error) {
  complain(error);
  const auto says = [&](std::string_view words) { return error.find(words) != error.npos; };
  if (says("newer version")) return kExitConfig;
  return says("another server") ? kExitTryLater : kExitIo;
}

}  // namespace logboom::cli
