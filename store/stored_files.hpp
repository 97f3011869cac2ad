#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/data_dir.hpp"
#include "store/os_file.hpp"

namespace logboom::store {

// A file of records: a segment, or the sealed file that took its place. What it holds is in its
// name: times of arrival in UTC, cut to milliseconds, and numbers.
//   segments/20261122T101500.123Z-00000000000000000001.seg            first arrival, first number
//   sealed/2026-11-22/20261122T101500.123Z-20261122T102459.000Z-00000000000000000001-
//       00000000000000004711.ndjson.zst                               and the last of both
struct StoredFile {
  std::string path;  // within the data directory
  bool sealed = false;
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;  // of a sealed file, else 0
  std::int64_t first_arrival_ns = 0;
  std::int64_t last_arrival_ns = 0;  // of a sealed file, else 0

  // Without its folder.
  [[nodiscard]] std::string_view name() const noexcept;
};

inline constexpr std::string_view kSegmentSuffix = ".seg";
inline constexpr std::string_view kSealedSuffix = ".ndjson.zst";
// Files of zeros that wait to become segments; left-overs are removed at opening.
inline constexpr std::string_view kSparePrefix = ".spare-";
// A sealed file that is being written, in the folder of its day; likewise.
inline constexpr std::string_view kSealingPrefix = ".sealing-";

[[nodiscard]] std::string segment_name(std::int64_t arrival_ns, std::uint64_t first_seq);
// What the name of a segment says; nothing if it is not one's.
[[nodiscard]] std::optional<StoredFile> segment_of(std::string_view name);

// The folder in sealed/ of what first arrived then: `2026-11-22`.
[[nodiscard]] std::string day_name(std::int64_t arrival_ns);
// From the file's times and numbers.
[[nodiscard]] std::string sealed_name(const StoredFile& file);
[[nodiscard]] std::optional<StoredFile> sealed_of(std::string_view day, std::string_view name);

// All files of records, by number, which only grows, while a clock may go back; a sealed file
// stands before the segment that it took the place of, while that is still there. A file that is
// sealed meanwhile is in the list at least once.
[[nodiscard]] Result<std::vector<StoredFile>> list_stored_files(FileSystem& files,
                                                                const DataPaths& paths);

}  // namespace logboom::store
