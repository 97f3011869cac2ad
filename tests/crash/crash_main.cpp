// Goes on with random crashes of a simulated disk for as long as it is let: ./dev crash.
#include <signal.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string_view>

#include <fmt/format.h>

#include "tests/crash/simulation.hpp"

namespace {

using logboom::store::Outcome;
using logboom::store::Scenario;
using logboom::store::Simulation;
using Clock = std::chrono::steady_clock;

constexpr int kUsage = 64;
constexpr std::chrono::milliseconds kProgressEvery{500};

volatile sig_atomic_t interrupted = 0;

struct Arguments {
  std::uint64_t seeds = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t from = 1;
  std::string_view run;
  bool traces = false;
};

struct Totals {
  Clock::time_point start = Clock::now();
  std::uint64_t runs = 0;
  std::uint64_t crashes = 0;
  std::uint64_t failures = 0;

  void tell(const char* end) const {
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    fmt::print(stderr, "\r{} runs, {} crashes, {} failures, {:.0f} runs/s{}", runs, crashes,
               failures, static_cast<double>(runs) / seconds, end);
  }
};

bool read_number(std::string_view text, std::uint64_t& number) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
}

bool read_arguments(int count, char** values, Arguments& arguments) {
  for (int i = 1; i < count; ++i) {
    const std::string_view name = values[i];
    if (name == "--trace") {
      arguments.traces = true;
      continue;
    }
    if (++i == count) return false;
    const std::string_view value = values[i];
    if (name == "--run") {
      arguments.run = value;
    } else if (name == "--seeds" || name == "--from") {
      if (!read_number(value, name == "--seeds" ? arguments.seeds : arguments.from)) return false;
    } else {
      return false;
    }
  }
  return true;
}

void play(const Scenario& scenario, bool traces, Totals& totals) {
  const Outcome outcome = Simulation(scenario, traces).run();
  ++totals.runs;
  totals.crashes += outcome.crashes;
  if (outcome.problem.empty()) return;
  ++totals.failures;
  fmt::print("\n{}: {}\n  again: ./dev crash --run {}\n", scenario.name, outcome.problem,
             scenario.name);
  std::fflush(stdout);
}

void play_seeds(const Arguments& arguments, Totals& totals) {
  Clock::time_point told = totals.start;
  for (std::uint64_t i = 0; i < arguments.seeds && interrupted == 0; ++i) {
    play(Scenario::random(arguments.from + i), arguments.traces, totals);
    if (Clock::now() - told < kProgressEvery) continue;
    told = Clock::now();
    totals.tell("");
  }
}

}  // namespace

int main(int count, char** values) {
  Arguments arguments;
  if (!read_arguments(count, values, arguments)) {
    fmt::print(stderr, "usage: ./dev crash [--seeds N] [--from SEED] | --run NAME  [--trace]\n");
    return kUsage;
  }
  ::signal(SIGINT, [](int) { interrupted = 1; });
  Totals totals;
  if (arguments.run.empty()) {
    play_seeds(arguments, totals);
  } else {
    const auto scenario = Scenario::parse(arguments.run);
    if (!scenario) {
      fmt::print(stderr, "there is no run {}: random-SEED, power-, kill- or error-WORKLOAD-CALL\n",
                 arguments.run);
      return kUsage;
    }
    play(*scenario, arguments.traces, totals);
  }
  totals.tell("\n");
  return totals.failures == 0 ? 0 : 1;
}
