#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "config/load.hpp"

namespace logboom::cli {
namespace {

// Errors go to stderr without a prefix, as compilers print them, so that editors can follow them.
int run_check(const std::string& file) {
  config::Loaded loaded = config::load(file, {});
  for (const std::string& error : loaded.errors) fmt::print(stderr, "{}\n", error);
  if (!loaded.ok()) return kExitConfig;
  fmt::print("{}: ok\n", file);
  return kExitOk;
}

}  // namespace

void add_check(CLI::App& app, Command& chosen) {
  auto file = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("check", "Validate a configuration file");
  command->add_option("file", *file, "YAML file")->required()->type_name("FILE");
  command->footer(
      "Prints every error as FILE:LINE:COLUMN: message. Exits with 0 if there is none, else 78.\n"
      "Example:\n"
      "  logboom check /etc/logboom.yaml && systemctl restart logboom");
  command->callback([&chosen, file] { chosen = [file] { return run_check(*file); }; });
}

}  // namespace logboom::cli
