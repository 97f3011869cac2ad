#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/catalogue.hpp"
#include "store/data_dir.hpp"
#include "store/health.hpp"
#include "store/os_file.hpp"
#include "store/stored_files.hpp"

namespace logboom::store {

// What sealing works with; all of it outlives the call.
struct SealingParts {
  FileSystem& files;
  const DataDir& dir;
  const Health& health;
  int level = 3;  // of zstd
  // Ends a sealing soon and undone, with ECANCELED. Relaxed: no data hangs on it.
  const std::atomic<bool>& stopping;
};

// Writes the records of a closed segment to a sealed file, which is durable before the segment is
// removed. Damage goes to quarantine/ and is reported. Returns nothing for a segment without
// records, which is removed. On an error the segment stays, and no file is left beside it. `buffer`
// is memory that the next sealing may use again.
[[nodiscard]] Result<std::optional<SizedFile>> seal_segment(const SealingParts& parts,
                                                            const StoredFile& segment,
                                                            std::vector<char>& buffer);

// Finishes or undoes what a crash interrupted: of a segment and its sealed file one stays, the
// sealed one if every byte of it is right. Left-over beginnings are removed. The lock is held.
[[nodiscard]] Status settle_sealings(FileSystem& files, const DataPaths& paths,
                                     const Health& health);

}  // namespace logboom::store
