#include "cli/filter_arguments.hpp"

#include <chrono>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/diagnostics.hpp"

namespace logboom::cli {
namespace {

// Reads a time into `result`; an empty text is no time. False, with a complaint, if it is none.
bool read_time(std::string_view option, const std::string& text, std::int64_t now_ns,
               std::optional<std::int64_t>& result) {
  if (text.empty()) return true;
  auto time = query::parse_time(text, now_ns);
  if (!time) {
    complain(fmt::format("{}: {}", option, time.error()));
    return false;
  }
  result = *time;
  return true;
}

}  // namespace

void add_filter_options(CLI::App& command, FilterArguments& arguments) {
  command
      .add_option(
          "--since", arguments.since,
          "Only records from this time on: 2026-01-02T03:04:05Z, 2026-01-02, 15m (ago), now")
      ->type_name("TIME");
  command.add_option("--until", arguments.until, "Only records before this time")
      ->type_name("TIME");
  command
      .add_option("--where", arguments.where,
                  "Only records with this value at this path; repeated: all must hold")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
  command
      .add_option("--grep", arguments.grep,
                  "Only records where this RE2 expression is found in the line or the body")
      ->type_name("REGEX");
}

std::optional<query::FilterOptions> read_filter(const FilterArguments& arguments) {
  std::int64_t now_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                            std::chrono::system_clock::now().time_since_epoch())
                            .count();
  query::FilterOptions options;
  options.where = arguments.where;
  options.grep = arguments.grep;
  bool fine = read_time("--since", arguments.since, now_ns, options.since_ns) &&
              read_time("--until", arguments.until, now_ns, options.until_ns);
  if (!fine) return std::nullopt;
  return options;
}

}  // namespace logboom::cli
