#include "cli/serve.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arena/arena_pool.hpp"
#include "arena/large_block_cache.hpp"
#include "cli/diagnostics.hpp"
#include "cli/event_log.hpp"
#include "cli/exit_code.hpp"
#include "cli/store_errors.hpp"
#include "cli/version.hpp"
#include "server/server.hpp"
#include "store/store.hpp"

namespace logboom::cli {
namespace {

std::chrono::milliseconds to_ms(std::chrono::nanoseconds time) {
  return std::chrono::ceil<std::chrono::milliseconds>(time);
}

server::Options server_options(const config::Settings& settings) {
  server::Options options;
  options.listen.clear();
  for (const config::Listen& listen : settings.server.listen) {
    const bool v6 = listen.host.find(':') != std::string::npos;
    options.listen.push_back(
        fmt::format(fmt::runtime(v6 ? "[{}]:{}" : "{}:{}"), listen.host, listen.port));
  }
  options.threads = settings.server.threads;
  options.inflight_bytes_max = settings.server.inflight_max;
  options.overload_wait = to_ms(settings.server.overload_wait);
  options.drain_delay = to_ms(settings.server.drain_delay);
  options.drain_timeout = to_ms(settings.server.drain_timeout);
  options.commit_timeout = to_ms(settings.store.commit_timeout);
  options.connections_max = settings.server.connections_max;
  options.timeouts = {.idle = to_ms(settings.server.timeouts.idle),
                      .header = to_ms(settings.server.timeouts.header),
                      .body = to_ms(settings.server.timeouts.body),
                      .reply = to_ms(settings.server.timeouts.reply)};
  options.limits.body_bytes_max = settings.limits.body;
  options.limits.head = {.header_bytes_max = settings.limits.header,
                         .header_count_max = settings.limits.header_count};
  options.limits.record = {.record_bytes_max = settings.limits.record,
                           .json_depth_max = settings.limits.json_depth,
                           .attributes_max = settings.limits.attributes,
                           .on_oversize = settings.limits.on_oversize};
  options.acknowledge_before_commit = settings.store.durability == store::Durability::memory;
  options.exit_on_store_failure = settings.store.on_io_error == config::OnIoError::exit;
  options.version = version_line();
  return options;
}

store::Options store_options(const config::Settings& settings, std::size_t producers) {
  store::Options options;
  options.dir = settings.store.dir;
  options.durability = settings.store.durability;
  if (settings.store.commit_window) {
    options.commit_window =
        std::chrono::duration_cast<std::chrono::microseconds>(*settings.store.commit_window);
  }
  options.segment_bytes_max = settings.store.segment.max_bytes;
  options.segment_age_max = std::chrono::ceil<std::chrono::seconds>(settings.store.segment.max_age);
  options.rejected_bytes_max = settings.store.rejected_max;
  options.producers = producers;
  return options;
}

// Every request in flight has an arena, and an arena in use holds a chunk at least:
//   what the in-flight budget pays for in chunks
//   + one for each io thread, so that a request that waits for the budget does not stop the others.
arena::ArenaPoolOptions pool_options(const config::Settings& settings, std::size_t threads) {
  arena::ArenaPoolOptions options;
  const std::size_t paid_for = settings.server.inflight_max / settings.arena.chunk;
  options.capacity =
      static_cast<std::uint32_t>(std::clamp<std::size_t>(paid_for, 16, 1'000'000) + threads);
  options.arena = {.chunk_bytes = settings.arena.chunk,
                   .retained_bytes = settings.arena.retained,
                   .wipe_on_reset = settings.arena.wipe,
                   .mode = settings.arena.allocator == config::Allocator::heap
                               ? arena::ArenaMode::heap
                               : arena::ArenaMode::arena};
  return options;
}

EventLog::Level to_level(server::LogLevel level) {
  switch (level) {
    case server::LogLevel::info: return EventLog::Level::info;
    case server::LogLevel::warning: return EventLog::Level::warning;
    case server::LogLevel::error: return EventLog::Level::error;
  }
  return EventLog::Level::info;
}

EventLog::Level to_level(store::Severity severity) {
  switch (severity) {
    case store::Severity::info: return EventLog::Level::info;
    case store::Severity::warning: return EventLog::Level::warning;
    case store::Severity::error: return EventLog::Level::error;
  }
  return EventLog::Level::info;
}

std::string_view promise_of(store::Durability durability) {
  switch (durability) {
    case store::Durability::sync: return "sync: on stable storage before a request is answered";
    case store::Durability::write:
      return "write: handed to the kernel before a request is answered";
    case store::Durability::memory: return "memory: answered before anything is stored";
  }
  return "";
}

std::string size_text(std::uint64_t bytes) {
  if (bytes % (1024 * 1024) == 0) return fmt::format("{} MiB", bytes / (1024 * 1024));
  if (bytes % 1024 == 0) return fmt::format("{} KiB", bytes / 1024);
  return fmt::format("{} bytes", bytes);
}

// What a person who has just started the server wants to know, on stderr.
void print_banner(const config::Settings& settings, const server::Server& server,
                  std::size_t threads) {
  // ./dev run names itself here, so that the lines can be pasted as they stand.
  const char* const front = std::getenv("LOGBOOM_FRONT_DOOR");
  const bool default_dir = settings.store.dir == "./data";
  std::string banner = fmt::format("{} is ready\n", version_line());
  for (const std::string& address : server.addresses()) {
    banner += fmt::format(
        "  send    curl -d '{{\"message\":\"hello\",\"level\":\"info\"}}' http://{}/log\n",
        address);
  }
  banner += fmt::format("  read    {} cat{}\n", front == nullptr ? "logboom" : front,
                        default_dir ? "" : " --data-dir " + settings.store.dir);
  banner += fmt::format("  data    {} ({})\n",
                        std::filesystem::absolute(settings.store.dir).lexically_normal().string(),
                        promise_of(settings.store.durability));
  banner +=
      fmt::format("  limits  body {}, record {}, in flight {}, {} connections, {} io thread{}\n",
                  size_text(settings.limits.body), size_text(settings.limits.record),
                  size_text(settings.server.inflight_max), server.connections_max(), threads,
                  threads == 1 ? "" : "s");
  banner += "  stop    ^C or SIGTERM: answers what is in flight, then ends\n";
  std::fputs(banner.c_str(), stderr);
}

int exit_code_of(server::Ended ended) {
  switch (ended) {
    case server::Ended::drained: return kExitOk;
    case server::Ended::cut_short: return kExitNegative;
    case server::Ended::store_failed: return kExitIo;
  }
  return kExitSoftware;
}

}  // namespace

int run_serve(const ServeArguments& arguments) {
  const std::optional<config::Settings> loaded = load_settings(arguments.settings);
  if (!loaded) return kExitConfig;
  const config::Settings& settings = *loaded;

  EventLog log(settings.log);
  server::Options options = server_options(settings);
  options.log = [&log](server::LogLevel level, std::string_view message) {
    log.write(to_level(level), message);
  };
  const std::size_t threads = server::Server::threads(options);
  arena::LargeBlockCache large_blocks(settings.arena.large_blocks);
  arena::ArenaPool arenas(pool_options(settings, threads), large_blocks);

  store::Options store_settings = store_options(settings, threads);
  store_settings.report = [&log](store::Severity severity, std::string_view message) {
    log.write(to_level(severity), message);
  };
  auto store = store::Store::open(std::move(store_settings));
  if (!store) return complain_of_store(store.error());
  auto server = server::Server::open(options, **store, arenas, large_blocks);
  if (!server) {
    complain(server.error());
    return kExitUnavailable;
  }

  print_banner(settings, **server, threads);
  const server::Ended ended = (*server)->run();
  server->reset();
  store->reset();
  log.write(EventLog::Level::info, "stopped");
  return exit_code_of(ended);
}

}  // namespace logboom::cli
