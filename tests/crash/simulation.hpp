#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "store/reader.hpp"
#include "tests/crash/oracle.hpp"
#include "tests/crash/process_files.hpp"
#include "tests/crash/scenario.hpp"
#include "tests/crash/simulated_disk.hpp"
#include "tests/crash/simulated_server.hpp"

namespace logboom::store {

struct Outcome {
  std::string problem;           // the first, or empty
  std::uint64_t crashes = 0;     // of any kind, each followed by a recovery
  std::uint64_t operations = 0;  // of the first life
};

// Plays a scenario: its lives one after the other on one disk, watched by a reader of its own
// process all the while, with everything read and checked whenever a life has ended or begun.
class Simulation {
 public:
  explicit Simulation(const Scenario& scenario, bool traces = false);
  [[nodiscard]] Outcome run();

 private:
  // A process that follows the records as they come.
  struct Watcher {
    Watcher(SimulatedDisk& disk, Oracle& oracle) : files(disk), reading(oracle) {}
    ProcessFiles files;
    std::optional<Reader> reader;
    Oracle::Reading reading;
  };

  void live(const Life& life, bool last);
  void check_opened(const SimulatedServer& server);
  void work(SimulatedServer& server, const Life& life);
  void end(SimulatedServer& server, const Life& life);
  void outlive(Life::Ending ending);
  void watch(Survives survives);
  [[nodiscard]] bool well() const noexcept { return oracle_.problem().empty(); }

  // Reads everything there is.
  [[nodiscard]] Oracle::Reading read_all();
  void check_without_server();
  void check_sink(SimulatedServer& server);
  void check_refused(ProcessFiles& files);

  const Scenario scenario_;
  const bool traces_;
  Dice dice_;
  SimulatedClock clock_;
  Oracle oracle_;
  SimulatedSink sink_{oracle_};
  Outcome outcome_;
  std::unique_ptr<SimulatedDisk> disk_;
  std::unique_ptr<Watcher> watcher_;
};

}  // namespace logboom::store
