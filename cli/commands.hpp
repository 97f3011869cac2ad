#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace logboom::cli {

// What the chosen subcommand does; returns the exit code.
using Command = std::function<int()>;

// Each adds one subcommand with its options and help. When the command line names it, parsing
// sets `chosen`. Both references outlive the run.
void add_serve(CLI::App& app, Command& chosen);
void add_check(CLI::App& app, Command& chosen);
void add_config(CLI::App& app, Command& chosen);
void add_cat(CLI::App& app, Command& chosen);
void add_verify(CLI::App& app, Command& chosen);
void add_health(CLI::App& app, Command& chosen);

}  // namespace logboom::cli
