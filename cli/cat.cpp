#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/diagnostics.hpp"
#include "cli/exit_code.hpp"
#include "cli/filter_arguments.hpp"
#include "cli/output.hpp"
#include "cli/settings_arguments.hpp"
#include "cli/store_errors.hpp"
#include "query/text_format.hpp"
#include "store/reader.hpp"

namespace logboom::cli {
namespace {

using namespace std::chrono_literals;

struct CatArguments {
  SettingsArguments settings;
  FilterArguments filter;
  bool follow = false;
  std::string format = "json";
};

volatile std::sig_atomic_t interrupted = 0;

void on_interrupt(int) {
  interrupted = 1;
}

// Without SA_RESTART, so that a sleep or a blocked write ends.
void end_on_interrupt() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

// Prints records as the user asked for.
class Printer {
 public:
  explicit Printer(const CatArguments& arguments)
      : text_(arguments.format == "text"), formatter_(Output::wants_colour()) {}

  void print(std::string_view line, Output& output) {
    if (text_) {
      formatter_.append(line, output.buffer());
    } else {
      output.buffer().append(line).append("\n");
    }
    output.flush_if_full();
  }

 private:
  bool text_;
  query::TextFormatter formatter_;
};

// The frames that can hold records of the time asked for.
store::ReaderOptions reader_options(const query::FilterOptions& filter) {
  store::ReaderOptions options;
  if (filter.since_ns) options.time_min_ns = *filter.since_ns;
  if (filter.until_ns) options.time_max_ns = *filter.until_ns;
  return options;
}

// Prints what there is now.
void print_available(store::Reader& reader, query::Filter& filter, Printer& printer,
                     Output& output) {
  while (output.open() && interrupted == 0) {
    auto record = reader.next();
    if (!record) return;
    if (filter.matches(record->line)) printer.print(record->line, output);
  }
}

// Waits for more, at most 100 ms at a time, until the user or the reader of stdout has enough.
void follow(store::Reader& reader, query::Filter& filter, Printer& printer, Output& output) {
  constexpr auto kWaitMin = 5ms;
  constexpr auto kWaitMax = 100ms;
  std::chrono::milliseconds wait = kWaitMin;
  while (output.open() && interrupted == 0 && !reader.error()) {
    auto record = reader.next();
    if (!record) {
      output.flush();
      output.wait(std::exchange(wait, std::min(wait * 2, kWaitMax)));
      continue;
    }
    wait = kWaitMin;
    if (filter.matches(record->line)) printer.print(record->line, output);
  }
}

// What the reader could not show; an exit code.
int report_gaps(const store::Reader& reader) {
  if (reader.damaged_regions() > 0) {
    complain(fmt::format("passed over {} damaged bytes in {} places; `logboom verify` names them",
                         reader.damaged_bytes(), reader.damaged_regions()));
  }
  if (!reader.error()) return kExitOk;
  complain(reader.error() == store::newer_version()
               ? "cannot read on: a newer version writes here now; use its `logboom cat`"
               : fmt::format("cannot read on: {}", reader.error().message()));
  return kExitIo;
}

int run_cat(const CatArguments& arguments) {
  auto options = read_filter(arguments.filter);
  if (!options) return kExitUsage;
  auto filter = query::Filter::make(*options);
  if (!filter) {
    complain(filter.error());
    return kExitUsage;
  }
  auto settings = load_settings(arguments.settings);
  if (!settings) return kExitConfig;
  if (int missing = require_data_dir(settings->store.dir)) return missing;
  auto reader = store::Reader::open(settings->store.dir, reader_options(*options));
  if (!reader) return complain_of_store(reader.error());
  if (!arguments.follow) reader->end_with_present();
  end_on_interrupt();
  Printer printer{arguments};
  Output output;
  print_available(*reader, *filter, printer, output);
  if (arguments.follow) follow(*reader, *filter, printer, output);
  int written = output.finish();
  return written != kExitOk ? written : report_gaps(*reader);
}

}  // namespace

void add_cat(CLI::App& app, Command& chosen) {
  auto arguments = std::make_shared<CatArguments>();
  CLI::App* command = app.add_subcommand("cat", "Print stored records in the order of arrival");
  add_data_dir_option(*command, arguments->settings);
  add_config_option(*command, arguments->settings);
  add_filter_options(*command, arguments->filter);
  command->add_flag("--follow", arguments->follow, "Wait for further records; ^C ends");
  command->add_option("--format", arguments->format, "json, one object a line, or text for people")
      ->check(CLI::IsMember({"json", "text"}))
      ->capture_default_str();
  command->footer(
      "Works while the server runs and after a crash. Times are the record's own, else when it "
      "was\n"
      "observed; as an argument also Unix seconds, UTC where no offset is given.\n"
      "A path such as user.id is looked up in the record, then its attributes, then its resource;\n"
      "`level`, `message`, `service` and `host` find the fields they commonly mean. PATH!=VALUE "
      "and\n"
      "PATH=START* work too.\n"
      "Examples:\n"
      "  logboom cat --since 15m --format text\n"
      "  logboom cat --where level=error --where service=checkout --grep 'time.?out'\n"
      "  logboom cat --since 2026-01-02 --until 2026-01-03 | jq .body\n"
      "  logboom cat --follow --where user.id=42");
  command->callback([&chosen, arguments] { chosen = [arguments] { return run_cat(*arguments); }; });
}

}  // namespace logboom::cli
