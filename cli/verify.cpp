#include <cstdio>
#include <memory>
#include <string_view>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/diagnostics.hpp"
#include "cli/exit_code.hpp"
#include "cli/settings_arguments.hpp"
#include "cli/store_errors.hpp"
#include "store/verify.hpp"

namespace logboom::cli {
namespace {

int run_verify(const SettingsArguments& arguments) {
  auto settings = load_settings(arguments);
  if (!settings) return kExitConfig;
  if (int missing = require_data_dir(settings->store.dir)) return missing;
  auto counts =
      store::verify(settings->store.dir, [](std::string_view finding) { complain(finding); });
  if (!counts) return complain_of_store(counts.error());
  fmt::print(
      "files {}\nsealed {}\nframes {}\nrecords {}\nbytes {}\ntorn tails {}\ndamaged regions {}\n"
      "damaged bytes {}\nquarantined files {}\n{}\n",
      counts->files, counts->sealed, counts->frames, counts->records, counts->bytes,
      counts->torn_tails, counts->damaged_regions, counts->damaged_bytes, counts->quarantined,
      counts->intact() ? "intact" : "damaged");
  return counts->intact() ? kExitOk : kExitNegative;
}

}  // namespace

void add_verify(CLI::App& app, Command& chosen) {
  auto arguments = std::make_shared<SettingsArguments>();
  CLI::App* command = app.add_subcommand("verify", "Check every checksum of the data directory");
  add_data_dir_option(*command, *arguments);
  add_config_option(*command, *arguments);
  command->footer(
      "Prints counts. Exits with 0 if the data is intact, 1 if it is damaged. A torn tail is what "
      "a\n"
      "crash left of records that were never acknowledged: that is not damage.\n"
      "Example:\n"
      "  logboom verify --data-dir /var/lib/logboom");
  command->callback(
      [&chosen, arguments] { chosen = [arguments] { return run_verify(*arguments); }; });
}

}  // namespace logboom::cli
