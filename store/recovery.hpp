#pragma once

#include <cstdint>

#include "store/data_dir.hpp"
#include "store/health.hpp"
#include "store/os_file.hpp"
#include "store/stats.hpp"

namespace logboom::store {

// What is known of the records in a directory's segments once they are all closed.
struct Recovered {
  RecoveryCounts counts;
  std::uint64_t segments = 0;
  std::uint64_t next_seq = 1;  // greater than every number in a segment
  std::int64_t last_arrival_ns = 0;
};

// Closes every segment that a crash or a failed disk left open: valid frames stay, a torn tail is
// cut off, damage stays where it is; the bytes of both are first copied to quarantine/, and each is
// one report. A segment that cannot be closed now is reported and left as it is. The lock is held.
[[nodiscard]] Result<Recovered> recover_segments(FileSystem& files, const DataPaths& paths,
                                                 const Health& health);

}  // namespace logboom::store
