#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "store/catalogue.hpp"
#include "store/data_dir.hpp"
#include "store/limits_in_force.hpp"
#include "store/os_file.hpp"

namespace logboom::store {

// The limits of what a store takes of its file system. Any thread.
class Wall {
 public:
  Wall(FileSystem& files, const DataPaths& paths, const Catalogue& catalogue,
       const LimitsInForce& limits)
      : files_(files), paths_(paths), catalogue_(catalogue), limits_(limits) {}

  // The limits and what is free at the moment; 0 for what cannot be told.
  struct Room {
    std::uint64_t bytes_max = 0;
    std::uint64_t free_bytes_min = 0;
    std::uint64_t free_bytes = 0;
  };
  [[nodiscard]] Room room() const;

  // Whether a file of `bytes` more is within the limits: nothing, or one sentence that says why it
  // is not.
  [[nodiscard]] std::optional<std::string> refusal(std::uint64_t bytes) const;
  // The limits, for the operator: `at most 80 GiB (80% of the file system), 1 GiB left free`.
  [[nodiscard]] std::string describe() const;

 private:
  FileSystem& files_;
  const DataPaths& paths_;
  const Catalogue& catalogue_;
  const LimitsInForce& limits_;
};

}  // namespace logboom::store
