#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"

namespace logboom::config {

// A configuration and everything that is wrong with it. The settings may be used only if there
// are no errors.
struct Loaded {
  Settings settings;
  // `FILE:LINE:COLUMN: KEY: message` in the order of the file, then `--set KEY: message`, then what
  // keys do to each other.
  std::vector<std::string> errors;

  [[nodiscard]] bool ok() const noexcept { return errors.empty(); }
};

// Reads a YAML file, or nothing if the path is empty, then applies `key=value` overrides in order.
// Expands references to environment variables and files. Never throws; reports every error.
[[nodiscard]] Loaded load(const std::string& path, std::span<const std::string> overrides);

// The same for text that is already in memory; `name` stands for the file in errors.
[[nodiscard]] Loaded load_text(const std::string& yaml, std::string_view name,
                               std::span<const std::string> overrides);

}  // namespace logboom::config
