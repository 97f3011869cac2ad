#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logboom::store {

class FileSystem;

// What a 2xx means; docs/store-format.md tells how each is kept.
enum class Durability : std::uint8_t { sync, write, memory };

enum class Severity : std::uint8_t { info, warning, error };

// What the store takes of its file system at most.
struct WallOptions {
  std::uint64_t bytes_max = 0;
  unsigned percent_max = 80;  // of the file system; unless 0, instead of bytes_max
  std::uint64_t free_bytes_min = 1024 * 1024 * 1024;
};

// At the wall: refuse new records, or delete the oldest.
enum class OnFull : std::uint8_t { reject, drop_oldest };

// What is deleted once every cursor has passed it; 0 is never.
struct RetentionOptions {
  std::chrono::seconds age{7 * 86'400};
  std::uint64_t bytes_max = 0;
};

// What may change while a store runs: Store::set_limits().
struct Limits {
  WallOptions wall;
  OnFull on_full = OnFull::reject;
  RetentionOptions retention;
};

// A reader of the store whose position is kept: one for each sink.
struct CursorOptions {
  enum class Start : std::uint8_t { oldest, newest };

  std::string name;  // letters, digits, `-`, `_` and `.`, not at its front
  // Of a cursor that is new: with all that is stored, or with what comes.
  Start start = Start::oldest;
  // How long records wait for this cursor before retention may delete them; none: until the store
  // is full.
  std::optional<std::chrono::seconds> hold;
};

struct Options {
  std::string dir = "./data";
  // How long to wait for another process to let go of the directory.
  std::chrono::milliseconds lock_wait{0};
  Durability durability = Durability::sync;
  // How long the committer may wait for more requests before it commits; zero is never,
  // negative is `auto`: paced by the batches, their rate and the sync times it has seen.
  std::chrono::microseconds commit_window{-1};
  std::size_t segment_bytes_max = 64 * 1024 * 1024;
  std::chrono::seconds segment_age_max{600};
  Limits limits;  // to begin with
  std::vector<CursorOptions> cursors;
  // The zstd level of sealed files.
  int compression = 3;
  std::size_t rejected_bytes_max = 64 * 1024 * 1024;
  // Number of producers: one per io thread.
  std::size_t producers = 1;
  // The store's own events, one sentence each, from any of its threads; never on the commit path
  // in normal operation.
  std::function<void(Severity, std::string_view)> report = [](Severity, std::string_view) {};
  // Whether the store runs its work on threads of its own. If not, nothing happens but in
  // Store::turn(): for simulations that decide who does what when.
  bool threads = true;
  // Where its files are: the machine's own if null. Outlives the store.
  FileSystem* files = nullptr;
  // Nanoseconds since the Unix epoch; any thread. Null is the system's clock.
  std::function<std::int64_t()> now_ns = nullptr;

  // What that clock says.
  [[nodiscard]] std::int64_t now() const {
    if (now_ns) return now_ns();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
};

}  // namespace logboom::store
