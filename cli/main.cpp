#include <csignal>
#include <exception>
#include <string_view>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/diagnostics.hpp"
#include "cli/exit_code.hpp"
#include "cli/version.hpp"

namespace {

using namespace logboom::cli;

void add_commands(CLI::App& app, Command& chosen) {
  app.set_version_flag("--version", version_line());
  app.require_subcommand(0, 1);  // none is told apart from an unknown one in run()
  for (auto* add : {add_serve, add_check, add_config, add_cat, add_verify, add_health}) {
    add(app, chosen);
  }
  app.footer(
      "Examples:\n"
      "  logboom serve --data-dir ./data\n"
      "  logboom cat --since 15m --where level=error --format text\n"
      "  logboom COMMAND --help\n"
      "Exit codes: 0 fine, 1 damaged, not ready or cut short, 64 usage, 69 unavailable, 70 a "
      "defect,\n"
      "74 input or output, 75 try later, 78 configuration.");
}

int refuse(std::string_view message) {
  complain(message);
  fmt::print(stderr, "Run `logboom --help` or `logboom COMMAND --help`.\n");
  return kExitUsage;
}

// Help and the version go to stdout; what the user got wrong goes to stderr.
int explain(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);
  return refuse(error.what());
}

int run(int argc, char** argv) {
  // A client or a pipe that goes away is an error of the write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  // So is a file-size limit: the store answers 503 and goes on when there is room.
  std::signal(SIGXFSZ, SIG_IGN);
  CLI::App app{"Logboom takes logs over HTTP and has them on disk before it says so.", "logboom"};
  Command chosen;
  add_commands(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return explain(app, error);
  }
  if (!chosen) return refuse("expected a command, such as `logboom serve` or `logboom cat`");
  return chosen();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    complain(fmt::format("unexpected: {}", error.what()));
    return kExitSoftware;
  }
}
