#include "config/keys.hpp"

#include <algorithm>
#include <iterator>

#include "config/codecs.hpp"
#include "config/listeners.hpp"

namespace logboom::config {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kGiB = 1024 * kMiB;
constexpr std::uint64_t kTiB = 1024 * kGiB;
constexpr auto kDay = 24h;

Codec listeners() {
  return {.shape = Codec::Shape::listeners,
          .range = "a list; with --set: addresses with commas between",
          .schema = listeners_schema(),
          .parse = parse_listeners,
          .print = print_listeners,
          .copy = codecs::copy_field([](auto& s) -> auto& { return s.server.listen; })};
}

Codec nothing_but(Codec::Shape shape, std::string_view empty) {
  return {.shape = shape,
          .range = {},
          .schema = shape == Codec::Shape::empty_list
                        ? R"("type": ["array", "null"], "maxItems": 0)"
                        : R"("type": ["object", "null"], "maxProperties": 0)",
          .parse = [=](Settings&, std::string_view text) -> std::string {
            return text == empty ? "" : unsupported(empty);
          },
          .print = [=](const Settings&) { return std::string{empty}; },
          .copy = [](const Settings&, Settings&) {}};
}

std::vector<Key> server_keys() {
  using namespace codecs;
  return {
      {"server.listen", kDefaultListeners,
       "Where to accept HTTP. `address` is numeric; port 0 takes any free port. `tls`, `allow` "
       "and\n"
       "`ack` may only have these values in this version.",
       listeners()},
      {"server.threads", "0",
       "Threads that may serve connections, each with its own loop; as few as keep up with the "
       "load\n"
       "do, the others sleep. 0: one per core.",
       count(
           [](auto& s) -> auto& { return s.server.threads; }, 0, 1024)},
      {"server.inflight_max", "256MiB",
       "Memory for requests that are not yet durable. Over it reading pauses for overload_wait,\n"
       "then clients get 503 and try again. One request at a time may go past it, so that one "
       "body\n"
       "within the limits is always admitted and those that wait for one another go on. How many\n"
       "requests may be in flight, one for each arena.chunk of it, is settled at the start.",
       size(
           [](auto& s) -> auto& { return s.server.inflight_max; }, 1 * kKiB, 16 * kTiB),
       Change::reload},
      {"server.overload_wait", "2s", "How long a request may wait for memory before it gets 503.",
       duration(
           [](auto& s) -> auto& { return s.server.overload_wait; }, 0s, 1min),
       Change::reload},
      {"server.drain_delay", "0s",
       "After SIGTERM go on serving for this long while /readyz is red, so that load balancers see "
       "it.",
       duration(
           [](auto& s) -> auto& { return s.server.drain_delay; }, 0s, 1h),
       Change::reload},
      {"server.drain_timeout", "30s",
       "How long requests in progress may take after SIGTERM before their connections are closed.",
       duration(
           [](auto& s) -> auto& { return s.server.drain_timeout; }, 0s, 1h),
       Change::reload},
      {"server.connections_max", "0",
       "Open connections; those above it wait in the kernel's queue. 0: the descriptor limit "
       "minus\n"
       "a reserve for files.",
       count(
           [](auto& s) -> auto& { return s.server.connections_max; }, 0, 10'000'000),
       Change::reload},
      {"server.timeouts.idle", "75s", "A connection without a request is closed after this.",
       duration(
           [](auto& s) -> auto& { return s.server.timeouts.idle; }, 10ms, kDay),
       Change::reload},
      {"server.timeouts.header", "10s",
       "From a request's first byte to the end of its header, else 408.",
       duration(
           [](auto& s) -> auto& { return s.server.timeouts.header; }, 10ms, kDay),
       Change::reload},
      {"server.timeouts.body", "60s",
       "For each MiB of the body, or for what is left of it, to arrive, else 408. It begins at the "
       "end\n"
       "of the header.",
       duration(
           [](auto& s) -> auto& { return s.server.timeouts.body; }, 10ms, kDay),
       Change::reload},
      {"server.timeouts.reply", "30s",
       "For the client to take the reply; then its connection is closed.",
       duration(
           [](auto& s) -> auto& { return s.server.timeouts.reply; }, 10ms, kDay),
       Change::reload},
  };
}

std::vector<Key> limits_keys() {
  using namespace codecs;
  return {
      {"limits.body", "100MiB", "A request's body as sent; a larger one gets 413.",
       size(
           [](auto& s) -> auto& { return s.limits.body; }, 1, 2 * kGiB),
       Change::reload},
      {"limits.body_decoded", "100MiB", "The same after decompression; a larger one gets 413.",
       size(
           [](auto& s) -> auto& { return s.limits.body_decoded; }, 1, 2 * kGiB),
       Change::reload},
      {"limits.record", "1MiB", "One record; for a larger one see on_oversize.",
       size(
           [](auto& s) -> auto& { return s.limits.record; }, 256, 64 * kMiB),
       Change::reload},
      {"limits.header", "64KiB", "Request line and header fields together; more gets 431.",
       size(
           [](auto& s) -> auto& { return s.limits.header; }, 256, 1 * kMiB),
       Change::reload},
      {"limits.header_count", "100", "Header fields; more get 431.",
       count(
           [](auto& s) -> auto& { return s.limits.header_count; }, 1, 10'000),
       Change::reload},
      {"limits.json_depth", "64", "Nested JSON objects and arrays; a deeper record is rejected.",
       count(
           [](auto& s) -> auto& { return s.limits.json_depth; }, 1, 1000),
       Change::reload},
      {"limits.attributes", "1000", "Attributes of one record; a record with more is rejected.",
       count(
           [](auto& s) -> auto& { return s.limits.attributes; }, 1, 1'000'000),
       Change::reload},
      {"limits.on_oversize", "truncate",
       "What becomes of a record over the limit: its body is cut and `logboom.truncated_bytes` "
       "says\n"
       "how much is gone, or it is rejected.",
       choice(
           [](auto& s) -> auto& { return s.limits.on_oversize; },
           std::array<std::string_view, 2>{"truncate", "reject"}),
       Change::reload},
  };
}

std::vector<Key> arena_keys() {
  using namespace codecs;
  return {
      {"arena.allocator", "arena",
       "Where requests live: in arenas that are reused, or, for comparison, with one malloc for "
       "each\n"
       "allocation.",
       choice(
           [](auto& s) -> auto& { return s.arena.allocator; },
           std::array<std::string_view, 2>{"arena", "heap"})},
      {"arena.chunk", "64KiB", "An arena grows by chunks of this size.",
       size(
           [](auto& s) -> auto& { return s.arena.chunk; }, 4 * kKiB, 64 * kMiB)},
      {"arena.retained", "auto",
       "What an arena keeps for the next request; the rest is freed. auto: ten chunks.",
       size_or_auto(
           [](auto& s) -> auto& { return s.arena.retained; }, 0, 1 * kGiB)},
      {"arena.large_blocks", "64MiB", "Warm memory kept for large bodies, all arenas together.",
       size(
           [](auto& s) -> auto& { return s.arena.large_blocks; }, 0, 1 * kTiB)},
      {"arena.wipe", "false", "Overwrite an arena with zeros after each request. Costs time.",
       flag([](auto& s) -> auto& { return s.arena.wipe; })},
  };
}

std::vector<Key> store_keys() {
  using namespace codecs;
  return {
      {"store.dir", "./data", "The data directory; made with mode 0700 if absent.",
       path([](auto& s) -> auto& { return s.store.dir; })},
      {"store.lock_wait", "auto",
       "How long to wait at the start for another server to let go of the data directory. auto: "
       "not\n"
       "at all, or, with a listening socket that was handed over, for as long as that server's "
       "drain\n"
       "may last.",
       duration_or_auto(
           [](auto& s) -> auto& { return s.store.lock_wait; }, 0s, 1h)},
      {"store.durability", "sync",
       "What a 2xx means. sync: written and fdatasynced, survives power loss. write: handed to "
       "the\n"
       "kernel, survives a crash of the process. memory: parsed and queued.",
       choice(
           [](auto& s) -> auto& { return s.store.durability; },
           std::array<std::string_view, 3>{"sync", "write", "memory"})},
      {"store.commit_window", "auto",
       "How long a commit waits for more requests to share it. auto: as long as it pays; 0: never.",
       duration_or_auto(
           [](auto& s) -> auto& { return s.store.commit_window; }, 0s, 1s)},
      {"store.commit_timeout", "5s",
       "How long a request waits for its commit before it gets 503; its records may still be "
       "stored.",
       duration(
           [](auto& s) -> auto& { return s.store.commit_timeout; }, 10ms, 1h),
       Change::reload},
      {"store.segment.max_bytes", "64MiB",
       "A segment is closed and a new one begun at this size...",
       size(
           [](auto& s) -> auto& { return s.store.segment.max_bytes; }, 64 * kKiB, 16 * kGiB)},
      {"store.segment.max_age", "10m", "... or this long after its first record.",
       duration(
           [](auto& s) -> auto& { return s.store.segment.max_age; }, 1s, 365 * kDay)},
      {"store.segment.compression", "3", "The zstd level of closed segments.",
       count(
           [](auto& s) -> auto& { return s.store.segment.compression; }, 1, 19)},
      {"store.retention.age", "7d",
       "Sealed segments older than this are deleted once every sink has passed them. 0: kept for\n"
       "ever.",
       duration(
           [](auto& s) -> auto& { return s.store.retention.age; }, 0s, 36500 * kDay),
       Change::reload},
      {"store.retention.bytes", "0",
       "The oldest sealed segments above this total are deleted, likewise. 0: no such limit.",
       size(
           [](auto& s) -> auto& { return s.store.retention.bytes; }, 0, 1024 * kTiB),
       Change::reload},
      {"store.max_bytes", "80%",
       "The wall: what the files of records may take, in bytes or of their file system.",
       size_or_percent([](auto& s) -> auto& { return s.store.max_bytes; }), Change::reload},
      {"store.min_free", "1GiB",
       "What the store leaves free on its file system. Under it, it is full too.",
       size(
           [](auto& s) -> auto& { return s.store.min_free; }, 0, 1024 * kTiB),
       Change::reload},
      {"store.on_full", "reject",
       "At the wall: answer 503 until there is room, or delete the oldest sealed segments, "
       "whatever the\n"
       "sinks have passed.",
       choice(
           [](auto& s) -> auto& { return s.store.on_full; },
           std::array<std::string_view, 2>{"reject", "drop_oldest"}),
       Change::reload},
      {"store.rejected_max", "64MiB",
       "Rejected records are kept in rejected/, the newest within this size.",
       size(
           [](auto& s) -> auto& { return s.store.rejected_max; }, 0, 1 * kTiB)},
      {"store.mask", "[]", "Attributes to be masked before they are stored.",
       nothing_but(Codec::Shape::empty_list, "[]"), Change::inert},
      {"store.on_io_error", "exit",
       "After a failed write or sync: exit with 74, so that a supervisor acts, or answer 503 from\n"
       "then on.",
       choice(
           [](auto& s) -> auto& { return s.store.on_io_error; },
           std::array<std::string_view, 2>{"exit", "reject"}),
       Change::reload},
  };
}

std::vector<Key> other_keys() {
  using namespace codecs;
  return {
      {"auth.tokens", "[]",
       "Who may do what. Without tokens, reading is for loopback clients only.",
       nothing_but(Codec::Shape::empty_list, "[]"), Change::inert},
      {"sinks", "{}", "Where records are delivered, by name.",
       nothing_but(Codec::Shape::empty_map, "{}"), Change::inert},
      {"log.level", "info", "The least severe of the server's own messages that are printed.",
       choice(
           [](auto& s) -> auto& { return s.log.level; },
           std::array<std::string_view, 6>{"trace", "debug", "info", "warn", "error", "off"}),
       Change::reload},
      {"log.format", "text", "One message a line on stderr, for people or as JSON.",
       choice(
           [](auto& s) -> auto& { return s.log.format; },
           std::array<std::string_view, 2>{"text", "json"}),
       Change::reload},
  };
}

std::vector<Key> make_table() {
  std::vector<Key> table;
  for (auto part : {server_keys, limits_keys, arena_keys, store_keys, other_keys}) {
    std::ranges::move(part(), std::back_inserter(table));
  }
  return table;
}

}  // namespace

std::span<const Key> keys() {
  static const std::vector<Key> table = make_table();
  return table;
}

}  // namespace logboom::config
