#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include "cli/version.hpp"

namespace logboom::cli {

std::unique_ptr<CLI::App> make_command_line(Command& chosen) {
  auto app = std::make_unique<CLI::App>(
      "Logboom takes logs over HTTP and has them on disk before it says so.", "logboom");
  app->set_version_flag("--version", version_line());
  app->require_subcommand(0, 1);  // none is told apart from an unknown one by main()
  for (auto* add : {add_serve, add_check, add_config, add_cat, add_verify, add_health}) {
    add(*app, chosen);
  }
  app->footer(
      "Examples:\n"
      "  logboom serve --data-dir ./data\n"
      "  logboom cat --since 15m --where level=error --format text\n"
      "  logboom COMMAND --help\n"
      "Exit codes: 0 fine, 1 damaged, not ready or cut short, 64 usage, 69 unavailable, 70 a "
      "defect,\n"
      "74 input or output, 75 try later, 78 configuration.");
  return app;
}

}  // namespace logboom::cli
