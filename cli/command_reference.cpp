#include "cli/command_reference.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace logboom::cli {
namespace {

// CLI11 writes the type of an option with choices as TEXT:{json,text}.
void read_type(const std::string& type, OptionReference& option) {
  const std::size_t open = type.find(":{");
  option.value = type.substr(0, open);
  if (open == std::string::npos) return;
  const std::size_t close = type.find('}', open);
  option.choices = CLI::detail::split(type.substr(open + 2, close - open - 2), ',');
}

OptionReference describe_option(const CLI::Option& option) {
  OptionReference result;
  for (const std::string& name : option.get_snames()) result.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) result.names.push_back("--" + name);
  result.description = option.get_description();
  // Flags have a type name too, but take no value.
  if (option.get_expected_max() == 0) return result;
  read_type(option.get_type_name(), result);
  result.default_value = option.get_default_str();
  result.repeatable = option.get_expected_max() > 1;
  return result;
}

}  // namespace

CommandReference describe(const CLI::App& app) {
  CommandReference result{.name = app.get_name(),
                          .description = app.get_description(),
                          .footer = app.get_footer(),
                          .options = {},
                          .commands = {}};
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_group().empty()) result.options.push_back(describe_option(*option));
  }
  for (const CLI::App* command : app.get_subcommands({})) {
    if (!command->get_group().empty()) result.commands.push_back(describe(*command));
  }
  return result;
}

}  // namespace logboom::cli
