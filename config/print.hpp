#pragma once

#include <string>

#include "config/settings.hpp"

namespace logboom::config {

// Settings as YAML that load_text() reads back to the same settings. Keys that nothing acts on in
// this version are marked by a comment. There are no secrets among the keys of this version.
[[nodiscard]] std::string print_settings(const Settings& settings);

// config/logboom.example.yaml: every key with its default, effect, unit and range.
[[nodiscard]] std::string example_yaml();

}  // namespace logboom::config
