#include <memory>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "cli/settings_arguments.hpp"
#include "config/print.hpp"
#include "config/reference.hpp"
#include "config/schema.hpp"

namespace logboom::cli {
namespace {

struct ConfigArguments {
  SettingsArguments settings;
  bool example = false;
  bool schema = false;
  bool reference = false;
};

int print_page(const std::string& page) {
  Output output;
  output.append(page);
  return output.finish();
}

int run_config(const ConfigArguments& arguments) {
  if (arguments.example) return print_page(config::example_yaml());
  if (arguments.schema) return print_page(config::json_schema());
  if (arguments.reference) return print_page(config::reference_page());
  auto settings = load_settings(arguments.settings);
  if (!settings) return kExitConfig;
  return print_page(config::print_settings(*settings));
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
  command->add_flag("--schema", arguments->schema, "Print the JSON Schema for editors instead");
  command->add_flag("--reference", arguments->reference, "Print docs/configuration.md instead");
  command->footer(
      "Examples:\n"
      "  logboom config --config /etc/logboom.yaml --set store.durability=write\n"
      "  logboom config --example > logboom.yaml");
  command->callback(
      [&chosen, arguments] { chosen = [arguments] { return run_config(*arguments); }; });
}

}  // namespace logboom::cli
