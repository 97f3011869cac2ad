#pragma once

#include <memory>

#include "cli/commands.hpp"

namespace logboom::cli {

// The whole command line: every subcommand with its options and help. Parsing sets `chosen`, which
// outlives the result.
[[nodiscard]] std::unique_ptr<CLI::App> make_command_line(Command& chosen);

}  // namespace logboom::cli
