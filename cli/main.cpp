#include <csignal>
#include <exception>
#include <string_view>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/command_line.hpp"
#include "cli/diagnostics.hpp"
#include "cli/exit_code.hpp"

namespace {

using namespace logboom::cli;

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
  Command chosen;
  const auto app = make_command_line(chosen);
  try {
    app->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return explain(*app, error);
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
