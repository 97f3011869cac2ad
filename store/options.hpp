#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace logboom::store {

class FileSystem;

// What a 2xx means; docs/store-format.md tells how each is kept.
enum class Durability : std::uint8_t { sync, write, memory };

enum class Severity : std::uint8_t { info, warning, error };

struct Options {
  std::string dir = "./data";
  Durability durability = Durability::sync;
  // How long the committer may wait for more requests before it commits; zero is never,
  // negative is `auto`: paced by the batch sizes and sync times it has seen.
  std::chrono::microseconds commit_window{-1};
  std::size_t segment_bytes_max = 64 * 1024 * 1024;
  std::chrono::seconds segment_age_max{600};
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
};

}  // namespace logboom::store
