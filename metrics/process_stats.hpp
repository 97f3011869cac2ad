#pragma once

#include <cstdint>

namespace logboom::metrics {

// What the kernel says about this process; 0 where it says nothing (no /proc).
struct ProcessStats {
  double cpu_seconds = 0;  // user and system time
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t descriptors = 0;
  std::uint64_t descriptors_max = 0;  // the soft limit

  // A few system calls. Before Linux 6.2 the descriptors have to be listed to be counted, in
  // somewhat less than a microsecond for each. Any thread.
  [[nodiscard]] static ProcessStats read();
};

// When this process was started, in seconds since the Unix epoch; 0 if unknown. It is reckoned
// from the time now, so ask once: a second answer may differ by what the clock was set by.
[[nodiscard]] double process_start_seconds();

}  // namespace logboom::metrics
