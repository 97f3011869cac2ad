#include <memory>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "cli/settings_arguments.hpp"
#include "config/print.hpp"

namespace logboom::cli {
namespace {

struct ConfigArguments {
  SettingsArguments settings;
  bool example = false;
};

int run_config(const ConfigArguments& arguments) {
  Output output;
  if (arguments.example) {
    output.append(config::example_yaml());
    return output.finish();
  }
  auto settings = load_settings(arguments.settings);
  if (!settings) return kExitConfig;
  output.append(config::print_settings(*settings));
  return output.finish();
}

}  // namespace

void add_config(CLI::App& app, Command& chosen) {
  auto arguments = std::make_shared<ConfigArguments>();
  CLI::App* command =
      app.add_subcommand("config", "Print the effective configuration, defaults included");
  add_config_option(*command, arguments->settings);
  add_set_option(*command, arguments->settings);
  command->add_flag("--example", arguments->example,
                    "Print a file with every key's default, effect and range instead");
  command->footer(
      "Examples:\n"
      "  logboom config --config /etc/logboom.yaml --set store.durability=write\n"
      "  logboom config --example > logboom.yaml");
  command->callback(
      [&chosen, arguments] { chosen = [arguments] { return run_config(*arguments); }; });
}

}  // namespace logboom::cli
