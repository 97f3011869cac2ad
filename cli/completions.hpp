#pragma once

#include <string>

#include "cli/command_reference.hpp"

namespace logboom::cli {

// Completion scripts in each shell's own words: subcommands, options, choices, files, directories.
[[nodiscard]] std::string bash_completion(const CommandReference& program);
[[nodiscard]] std::string zsh_completion(const CommandReference& program);
[[nodiscard]] std::string fish_completion(const CommandReference& program);

}  // namespace logboom::cli
