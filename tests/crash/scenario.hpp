#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/options.hpp"
#include "tests/crash/process_files.hpp"
#include "tests/crash/simulated_disk.hpp"

namespace logboom::store {

// The data directory of all simulations, and the cursor of the one sink.
inline constexpr const char* kSimulatedDir = "/data";
inline constexpr const char* kSink = "sink";

// One server process, from its start to its end.
struct Life {
  enum class Ending : std::uint8_t { close, kill, power_cut };

  Durability durability = Durability::sync;
  std::uint32_t steps = 0;  // of the workload; fewer if it dies or fails before
  ProcessFiles::Faults faults;
  Ending ending = Ending::close;  // at its last step, or at the call that it dies in
};

// What makes a store delete or refuse; 0 is no limit.
struct ScenarioLimits {
  std::uint64_t kept_bytes_max = 0;  // retention
  std::uint64_t wall_bytes_max = 0;
  OnFull on_full = OnFull::reject;

  [[nodiscard]] bool has_wall() const noexcept { return wall_bytes_max != 0; }
  // Whether it deletes what the sink has not passed.
  [[nodiscard]] bool drops() const noexcept { return has_wall() && on_full == OnFull::drop_oldest; }
  [[nodiscard]] bool may_delete() const noexcept { return kept_bytes_max != 0 || drops(); }
};

// A history of one data directory. All that happens in it follows from it.
struct Scenario {
  std::string name;  // parse() makes the same scenario from it
  std::uint64_t seed = 0;
  std::size_t producers = 1;
  std::size_t segment_bytes_max = 64 * 1024;
  std::size_t rejected_bytes_max = 1024 * 1024;
  ScenarioLimits limits;
  bool slow_sink = false;  // it takes seldom, so that records are deleted before
  bool ages = false;       // each commit finds that its segment is too old
  SimulatedDisk::Conduct conduct;
  std::vector<Life> lives;  // in the last one nothing goes wrong

  // How many fixed workloads there are.
  static constexpr std::uint64_t kWorkloads = 9;

  // Everything by chance.
  [[nodiscard]] static Scenario random(std::uint64_t seed);
  // A workload that ends in its call of this number.
  [[nodiscard]] static Scenario ending(std::uint64_t workload, Life::Ending ending,
                                       std::uint64_t call);
  // And then, after a power cut, another in the call `next` of the following process.
  [[nodiscard]] static Scenario ending_twice(std::uint64_t workload, std::uint64_t call,
                                             std::uint64_t next);
  // A workload whose call of this number fails with EIO, a new process, and a power cut.
  [[nodiscard]] static Scenario failing(std::uint64_t workload, std::uint64_t call);
  [[nodiscard]] static std::optional<Scenario> parse(std::string_view name);

  // Whether the ring of refused records is so small that it forgets some.
  [[nodiscard]] bool forgets_refused() const noexcept { return rejected_bytes_max < 64 * 1024; }

 private:
  [[nodiscard]] static Scenario of_workload(std::uint64_t workload);
};

}  // namespace logboom::store
