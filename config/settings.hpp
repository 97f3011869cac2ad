#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "handlers/handler.hpp"
#include "store/options.hpp"

namespace logboom::config {

// One address to listen on. `host` is numeric, without the brackets of IPv6.
struct Listen {
  std::string host;
  std::uint16_t port = 0;  // 0: any free port

  friend bool operator==(const Listen&, const Listen&) = default;
};

// A number of bytes, or a share of the file system where `percent` is not zero.
struct SizeOrPercent {
  std::uint64_t bytes = 0;
  unsigned percent = 0;

  friend bool operator==(const SizeOrPercent&, const SizeOrPercent&) = default;
};

enum class OnIoError : std::uint8_t { exit, reject };
enum class Allocator : std::uint8_t { arena, heap };
enum class LogLevel : std::uint8_t { trace, debug, info, warn, error, off };
enum class LogFormat : std::uint8_t { text, json };

// The whole configuration, named as in the file. Take one from load() or defaults(): a fresh
// Settings holds zeros, because each default stands only in the table of keys (keys.cpp).
// Sizes and limits are bytes or counts. `auth` and `sinks` have no settings in this version.
struct Settings {
  struct Timeouts {
    std::chrono::nanoseconds idle{};
    std::chrono::nanoseconds header{};
    std::chrono::nanoseconds body{};
    std::chrono::nanoseconds reply{};
  };
  struct Server {
    std::vector<Listen> listen;
    std::uint64_t threads = 0;
    std::uint64_t inflight_max = 0;
    std::chrono::nanoseconds overload_wait{};
    std::chrono::nanoseconds drain_delay{};
    std::chrono::nanoseconds drain_timeout{};
    std::uint64_t connections_max = 0;
    Timeouts timeouts;
  };
  struct Limits {
    std::uint64_t body = 0;
    std::uint64_t body_decoded = 0;
    std::uint64_t record = 0;
    std::uint64_t header = 0;
    std::uint64_t header_count = 0;
    std::uint64_t json_depth = 0;
    std::uint64_t attributes = 0;
    handlers::RecordLimits::OnOversize on_oversize{};
  };
  struct Arena {
    Allocator allocator{};
    std::uint64_t chunk = 0;
    std::optional<std::uint64_t> retained;  // nothing: ten chunks
    std::uint64_t large_blocks = 0;
    bool wipe = false;
  };
  struct Segment {
    std::uint64_t max_bytes = 0;
    std::chrono::nanoseconds max_age{};
    std::uint64_t compression = 0;
  };
  struct Retention {
    std::chrono::nanoseconds age{};
    std::uint64_t bytes = 0;
  };
  struct Store {
    std::string dir;
    std::optional<std::chrono::nanoseconds> lock_wait;  // none: `auto`
    store::Durability durability{};
    std::optional<std::chrono::nanoseconds> commit_window;  // none: `auto`
    std::chrono::nanoseconds commit_timeout{};
    Segment segment;
    Retention retention;
    SizeOrPercent max_bytes;
    std::uint64_t min_free = 0;
    store::OnFull on_full{};
    std::uint64_t rejected_max = 0;
    OnIoError on_io_error{};
  };
  struct Log {
    LogLevel level{};
    LogFormat format{};
  };

  Server server;
  Limits limits;
  Arena arena;
  Store store;
  Log log;
};

// The settings of an empty configuration.
[[nodiscard]] Settings defaults();

}  // namespace logboom::config
