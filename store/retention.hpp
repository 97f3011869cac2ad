#pragma once

#include <cstdint>
#include <mutex>

#include "store/catalogue.hpp"
#include "store/cursors.hpp"
#include "store/data_dir.hpp"
#include "store/health.hpp"
#include "store/limits_in_force.hpp"
#include "store/os_file.hpp"

namespace logboom::store {

// Deletes sealed files, oldest first. Any thread; one deletes at a time.
class Retention {
 public:
  // What it works with; all of it outlives it.
  struct Parts {
    FileSystem& files;
    const DataPaths& paths;
    const Health& health;
    Counters& counters;
    Catalogue& catalogue;
    Cursors& cursors;
  };

  Retention(const Parts& parts, const LimitsInForce& limits) : parts_(parts), limits_(limits) {}

  // Deletes what is older than the age, or above the bytes, and what every cursor has passed that
  // still holds it back. Returns whether there was any. `now_ns` since 1970.
  bool apply(std::int64_t now_ns);
  // Deletes the oldest sealed file, whoever has not read it yet: each cursor that has not is told
  // first. False if there is none.
  bool drop_oldest();

 private:
  [[nodiscard]] bool is_due(std::int64_t now_ns) const;
  [[nodiscard]] Status remove(const SizedFile& file);

  const Parts parts_;
  const LimitsInForce& limits_;
  std::mutex mutex_;
};

}  // namespace logboom::store
