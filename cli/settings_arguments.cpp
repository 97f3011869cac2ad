#include "cli/settings_arguments.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/diagnostics.hpp"
#include "config/load.hpp"

namespace logboom::cli {
namespace {

// The command line's settings in the form of --set, in the order in which they apply.
std::vector<std::string> overrides(const SettingsArguments& arguments) {
  std::vector<std::string> result = arguments.set;
  if (!arguments.listen.empty()) {
    result.push_back(fmt::format("server.listen={}", fmt::join(arguments.listen, ",")));
  }
  return result;
}

}  // namespace

void add_config_option(CLI::App& command, SettingsArguments& arguments) {
  command
      .add_option("--config", arguments.config_file, "YAML file; absent keys have their default")
      ->type_name("FILE");
}

void add_set_option(CLI::App& command, SettingsArguments& arguments) {
  command.add_option("--set", arguments.set, "Set one key over the file; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

void add_data_dir_option(CLI::App& command, SettingsArguments& arguments) {
  command
      .add_option("--data-dir", arguments.data_dir,
                  "Data directory; else the configuration's store.dir, ./data by default")
      ->type_name("DIR");
}

config::Loaded load(const SettingsArguments& arguments) {
  config::Loaded loaded = config::load(arguments.config_file, overrides(arguments));
  // A path given on the command line has been expanded by the shell and is taken as it is.
  if (!arguments.data_dir.empty()) loaded.settings.store.dir = arguments.data_dir;
  return loaded;
}

std::optional<config::Settings> load_settings(const SettingsArguments& arguments) {
  config::Loaded loaded = load(arguments);
  for (const std::string& error : loaded.errors) complain(error);
  if (!loaded.ok()) return std::nullopt;
  return std::move(loaded.settings);
}

}  // namespace logboom::cli
