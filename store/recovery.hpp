#pragma once

#include <cstdint>
#include <vector>

#include "store/data_dir.hpp"
#include "store/health.hpp"
#include "store/os_file.hpp"
#include "store/stats.hpp"
#include "store/stored_files.hpp"

namespace logboom::store {

// What is known of the records in a directory's segments once they are all closed.
struct Recovered {
  RecoveryCounts counts;
  std::uint64_t sealed = 0;    // files
  std::uint64_t next_seq = 1;  // greater than every number in a segment
  std::int64_t last_arrival_ns = 0;
  std::vector<StoredFile> closed;  // segments that wait to be sealed, oldest first
};

// Closes every segment that a crash or a failed disk left open: valid frames stay, a torn tail is
// cut off, damage stays where it is; the bytes of both are first copied to quarantine/, and each is
// one report. A segment that cannot be closed now is reported and left as it is. The lock is held.
[[nodiscard]] Result<Recovered> recover_segments(FileSystem& files, const DataPaths& paths,
                                                 const Health& health);

// Syncs a segment that was closed without it, and has its end say so: after an orderly stop all is
// on stable storage, whatever the durability.
[[nodiscard]] Status make_durable(FileSystem& files, const std::string& path);

}  // namespace logboom::store
