#include "config/module_options.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>

#include <fmt/format.h>

namespace logboom::config {
namespace {

// For the other server's store to be closed after its drain.
constexpr std::chrono::seconds kClosingTime{10};
constexpr std::size_t kArenasMin = 16;
constexpr std::size_t kArenasMax = 1'000'000;

std::chrono::milliseconds to_ms(std::chrono::nanoseconds time) {
  return std::chrono::ceil<std::chrono::milliseconds>(time);
}

std::string address_of(const Listen& listen) {
  const bool v6 = listen.host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", listen.host, listen.port)
            : fmt::format("{}:{}", listen.host, listen.port);
}

server::Timeouts timeouts(const Settings::Timeouts& from) {
  return {.idle = to_ms(from.idle),
          .header = to_ms(from.header),
          .body = to_ms(from.body),
          .reply = to_ms(from.reply)};
}

// The other server's settings are not known; one's own are the best guess.
std::chrono::milliseconds lock_wait(const Settings& settings, bool takes_over) {
  if (settings.store.lock_wait) return to_ms(*settings.store.lock_wait);
  if (!takes_over) return std::chrono::milliseconds{0};
  return to_ms(settings.server.drain_delay + settings.server.drain_timeout + kClosingTime);
}

server::Limits limits(const Settings& settings) {
  return {.body_bytes_max = settings.limits.body,
          .head = {.header_bytes_max = settings.limits.header,
                   .header_count_max = settings.limits.header_count},
          .record = record_limits(settings)};
}

}  // namespace

store::Options store_options(const Settings& settings, bool takes_over) {
  const Settings::Store& from = settings.store;
  store::Options options;
  options.dir = from.dir;
  options.lock_wait = lock_wait(settings, takes_over);
  options.durability = from.durability;
  options.commit_window = std::chrono::microseconds{-1};
  if (from.commit_window) {
    options.commit_window = std::chrono::ceil<std::chrono::microseconds>(*from.commit_window);
  }
  options.segment_bytes_max = from.segment.max_bytes;
  options.segment_age_max = std::chrono::ceil<std::chrono::seconds>(from.segment.max_age);
  options.rejected_bytes_max = from.rejected_max;
  options.limits = store_limits(settings);
  options.compression = static_cast<int>(from.segment.compression);
  return options;
}

store::Limits store_limits(const Settings& settings) {
  const Settings::Store& from = settings.store;
  return {.wall = {.bytes_max = from.max_bytes.bytes,
                   .percent_max = from.max_bytes.percent,
                   .free_bytes_min = from.min_free},
          .on_full = from.on_full,
          .retention = {.age = std::chrono::ceil<std::chrono::seconds>(from.retention.age),
                        .bytes_max = from.retention.bytes}};
}

handlers::RecordLimits record_limits(const Settings& settings) {
  return {.record_bytes_max = settings.limits.record,
          .json_depth_max = settings.limits.json_depth,
          .attributes_max = settings.limits.attributes,
          .on_oversize = settings.limits.on_oversize};
}

server::Options server_options(const Settings& settings) {
  const Settings::Server& from = settings.server;
  server::Options options;
  options.listen.clear();
  for (const Listen& listen : from.listen) options.listen.push_back(address_of(listen));
  options.threads = from.threads;
  options.acknowledge_before_commit = settings.store.durability == store::Durability::memory;
  return options;
}

server::Settings server_settings(const Settings& settings) {
  const Settings::Server& from = settings.server;
  server::Settings made;
  made.inflight_bytes_max = from.inflight_max;
  made.staged_bytes_max = std::max(from.inflight_max, 4 * settings.limits.body);
  made.overload_wait = to_ms(from.overload_wait);
  made.drain_delay = to_ms(from.drain_delay);
  made.drain_timeout = to_ms(from.drain_timeout);
  made.commit_timeout = to_ms(settings.store.commit_timeout);
  made.connections_max = from.connections_max;
  made.timeouts = timeouts(from.timeouts);
  made.limits = limits(settings);
  made.exit_on_store_failure = settings.store.on_io_error == OnIoError::exit;
  return made;
}

// Every request in flight has an arena, and an arena in use holds a chunk at least:
//   what the in-flight budget pays for in chunks
//   + one for each io thread, so that a request that waits for the budget does not stop the others.
arena::ArenaPoolOptions pool_options(const Settings& settings, std::size_t threads) {
  const std::size_t paid_for = settings.server.inflight_max / settings.arena.chunk;
  const bool heap = settings.arena.allocator == Allocator::heap;
  arena::ArenaPoolOptions options;
  options.capacity =
      static_cast<std::uint32_t>(std::clamp(paid_for, kArenasMin, kArenasMax) + threads);
  options.arena = {.chunk_bytes = settings.arena.chunk,
                   .retained_bytes = settings.arena.retained,
                   .wipe_on_reset = settings.arena.wipe,
                   .mode = heap ? arena::ArenaMode::heap : arena::ArenaMode::arena};
  return options;
}

}  // namespace logboom::config
