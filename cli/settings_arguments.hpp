#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/load.hpp"
#include "config/settings.hpp"

namespace CLI {
class App;
}

namespace logboom::cli {

// Where a subcommand's settings come from; later ones win over earlier ones.
struct SettingsArguments {
  std::string config_file;          // --config; empty: defaults only
  std::vector<std::string> set;     // --set key=value
  std::vector<std::string> listen;  // --listen ADDR:PORT
  std::string data_dir;             // --data-dir; empty: as the file says
};

void add_config_option(CLI::App& command, SettingsArguments& arguments);
void add_set_option(CLI::App& command, SettingsArguments& arguments);
void add_data_dir_option(CLI::App& command, SettingsArguments& arguments);

// Loads them, with all that is wrong.
[[nodiscard]] config::Loaded load(const SettingsArguments& arguments);
// Loads them; on errors prints each on stderr and gives nothing: exit with kExitConfig.
[[nodiscard]] std::optional<config::Settings> load_settings(const SettingsArguments& arguments);

}  // namespace logboom::cli
