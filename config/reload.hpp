#pragma once

#include <string>
#include <vector>

#include "config/settings.hpp"

namespace logboom::config {

// What becomes of a server's settings when it is told to reload. Keys are given as
// `server.timeouts.idle: 75s -> 10s`.
struct Reload {
  Settings settings;                      // to be in force from now on
  std::vector<std::string> changed;       // keys with a new value in them
  std::vector<std::string> need_restart;  // keys that keep their old value until then
};

// `running` are the settings in force, `wanted` those of the file as it is now.
[[nodiscard]] Reload reload(const Settings& running, const Settings& wanted);

}  // namespace logboom::config
