#pragma once

#include <cstddef>

#include "cli/settings_arguments.hpp"

namespace logboom::cli {

// What `logboom serve` was told; load_settings() makes Settings of it.
struct ServeArguments {
  SettingsArguments settings;
  std::size_t ballast_objects = 0;  // for the load test: see Ballast
};

// Runs the server until a signal ends it; returns the exit code.
[[nodiscard]] int run_serve(const ServeArguments& arguments);

}  // namespace logboom::cli
