#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arena/arena.hpp"
#include "handlers/handler.hpp"
#include "server/http_request.hpp"

namespace logboom::server {

enum class LogLevel : std::uint8_t { info, warning, error };

struct Timeouts {
  std::chrono::milliseconds idle{75'000};    // between requests: the connection is closed
  std::chrono::milliseconds header{10'000};  // first byte to end of header: 408
  std::chrono::milliseconds body{60'000};    // for each MiB of a body or its end: 408
  std::chrono::milliseconds reply{30'000};   // between two writes of a reply: closed
};

struct Limits {
  std::size_t body_bytes_max = 100 * 1024 * 1024;  // 413
  HeadLimits head;                                 // 431
  handlers::RecordLimits record;
};

// What a reload may change: a request keeps to what was in force when its first byte came.
struct Settings {
  std::size_t inflight_bytes_max = 256 * 1024 * 1024;
  // What one request may stage before it is durable, 413 beyond it: stored records are larger than
  // what they were made of, many times for very short lines of text.
  std::size_t staged_bytes_max = 512 * 1024 * 1024;
  std::chrono::milliseconds overload_wait{2000};  // then 503
  std::chrono::milliseconds drain_delay{0};
  std::chrono::milliseconds drain_timeout{30'000};
  std::chrono::milliseconds commit_timeout{5000};  // then 503, outcome unknown
  std::size_t connections_max = 0;                 // 0: descriptor limit minus a reserve
  Timeouts timeouts;
  Limits limits;
  bool exit_on_store_failure = true;  // store.on_io_error: exit
};

// What is fixed for the server's life.
struct Options {
  std::vector<std::string> listen{"127.0.0.1:8080"};
  // Listening sockets that were handed to the process; if there are any, `listen` is not used.
  std::vector<int> inherited_sockets;
  std::size_t threads = 0;                 // 0: one per core
  bool acknowledge_before_commit = false;  // store.durability is memory
  std::string version = "0";               // for people
  std::string release = "0";               // its number alone
  std::string commit;                      // that it was built of; empty if unknown
  // The server's own events, one sentence each; from any of its threads, never on the request path.
  std::function<void(LogLevel, std::string_view)> log = [](LogLevel, std::string_view) {};
  // SIGHUP, on the control thread: gives what is in force from now on, or nothing to go on as
  // before.
  std::function<std::optional<Settings>()> reload = [] { return std::nullopt; };
  // A drain has begun, on the control thread.
  std::function<void()> on_drain = [] {};
};

}  // namespace logboom::server
