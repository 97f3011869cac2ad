#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace logboom::cli {

// What the command line says of itself, for pages that are generated from it. All of it is plain
// text in CLI11's own words; hidden options are left out.

// An option, a flag or a positional argument.
struct OptionReference {
  std::vector<std::string> names;    // with their dashes, the long one last; none: positional
  std::string value;                 // what stands for its value, such as FILE; empty: a flag
  std::vector<std::string> choices;  // the only values it takes; empty: any
  std::string default_value;         // empty: none
  std::string description;
  bool repeatable = false;

  [[nodiscard]] bool positional() const { return names.empty(); }
  [[nodiscard]] bool flag() const { return value.empty() && choices.empty(); }
};

// The program itself or one subcommand.
struct CommandReference {
  std::string name;
  std::string description;
  std::string footer;
  std::vector<OptionReference> options;
  std::vector<CommandReference> commands;
};

[[nodiscard]] CommandReference describe(const CLI::App& app);

}  // namespace logboom::cli
