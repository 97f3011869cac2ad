#pragma once

#include <optional>
#include <string>
#include <vector>

#include "query/filter.hpp"

namespace CLI {
class App;
}

namespace logboom::cli {

// Which records a subcommand shows, as the user wrote it.
struct FilterArguments {
  std::string since;
  std::string until;
  std::vector<std::string> where;
  std::string grep;
};

void add_filter_options(CLI::App& command, FilterArguments& arguments);

// Reads them, times against the clock of now. On an error complains and gives nothing: exit with
// kExitUsage.
[[nodiscard]] std::optional<query::FilterOptions> read_filter(const FilterArguments& arguments);

}  // namespace logboom::cli
