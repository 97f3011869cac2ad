#include "server/stats_page.hpp"

#include <chrono>
#include <iterator>
#include <string_view>
#include <type_traits>

#include <fmt/format.h>

#include "handlers/handler.hpp"
#include "record/json_text.hpp"

namespace logboom::server {
namespace {

// Writes a JSON object member by member, in the order of the calls.
class Object {
 public:
  void member(std::string_view name, const Object& value) { put(name, value.text()); }
  void member(std::string_view name, std::string_view value) { put(name, record::quote(value)); }
  void member(std::string_view name, bool value) { put(name, value ? "true" : "false"); }
  template <class Number>
  requires std::is_integral_v<Number>
  void member(std::string_view name, Number value) { put(name, fmt::format("{}", value)); }
  // With so many digits behind the point.
  void member(std::string_view name, double value, int digits) {
    put(name, fmt::format("{:.{}f}", value, digits));
  }
  [[nodiscard]] std::string text() const { return "{" + members_ + "}"; }

 private:
  void put(std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(members_), R"({}"{}":{})", members_.empty() ? "" : ",", name,
                   value);
  }

  std::string members_;
};

double milliseconds(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count()) / 1e6;
}

double ratio(std::uint64_t amount, double divisor) {
  return divisor > 0 ? static_cast<double>(amount) / divisor : 0;
}

Object quantiles(const Snapshot::Latency& latency) {
  Object out;
  out.member("count", latency.count);
  out.member("mean", ratio(latency.sum_ns, static_cast<double>(latency.count)) / 1e6, 3);
  out.member("p50", milliseconds(latency.quantile(0.5)), 3);
  out.member("p90", milliseconds(latency.quantile(0.9)), 3);
  out.member("p99", milliseconds(latency.quantile(0.99)), 3);
  out.member("p999", milliseconds(latency.quantile(0.999)), 3);
  out.member("max", milliseconds(latency.quantile(1.0)), 3);
  return out;
}

// The mean, and between which powers of two the quantiles lie: the upper of the two.
Object quantiles(const store::HistogramCounts& counts, double unit, int digits) {
  Object out;
  out.member("count", counts.total());
  out.member("mean", ratio(counts.sum, static_cast<double>(counts.total())) * unit, digits);
  for (const auto& [name, part] :
       {std::pair{"p50", 0.5}, std::pair{"p99", 0.99}, std::pair{"max", 1.0}}) {
    out.member(name, static_cast<double>(counts.quantile(part)) * unit, digits);
  }
  return out;
}

Object requests_of(const Snapshot& requests, double uptime) {
  Object out;
  out.member("total", requests.requests());
  out.member("per_second", ratio(requests.requests(), uptime), 1);
  for (std::size_t status = 0; status < kStatusClasses; ++status) {
    const auto each = static_cast<StatusClass>(status);
    out.member(to_string(each), requests.requests(each));
  }
  Object by_protocol;
  for (std::size_t kind = 0; kind < kRequestKinds; ++kind) {
    Object statuses;
    for (std::size_t status = 0; status < kStatusClasses; ++status) {
      statuses.member(to_string(static_cast<StatusClass>(status)),
                      requests.request_latency[kind][status].count);
    }
    by_protocol.member(to_string(static_cast<RequestKind>(kind)), statuses);
  }
  out.member("by_protocol", by_protocol);
  Object errors;
  for (std::size_t code = 0; code < kErrorCodes; ++code) {
    errors.member(to_string(static_cast<ErrorCode>(code)), requests.errors[code]);
  }
  out.member("errors", errors);
  out.member("timeouts", requests.timeouts);
  out.member("aborted", requests.aborted);
  out.member("overload_pauses", requests.overload_pauses);
  out.member("overload_replies", requests.overload_replies);
  return out;
}

Object latency_of(const Snapshot& requests) {
  Object out = quantiles(requests.log_latency());
  Object stages;
  for (std::size_t stage = 0; stage < kStages; ++stage) {
    stages.member(to_string(static_cast<Stage>(stage)), quantiles(requests.stage_latency[stage]));
  }
  out.member("stages", stages);
  return out;
}

Object records_of(const Snapshot& requests) {
  Object out;
  out.member("accepted", requests.accepted());
  out.member("rejected", requests.rejected());
  Object by_protocol;
  for (std::size_t protocol = 0; protocol < handlers::kProtocols; ++protocol) {
    Object reasons;
    for (std::size_t reason = 0; reason < handlers::kRejectReasons; ++reason) {
      reasons.member(to_string(static_cast<handlers::RejectReason>(reason)),
                     requests.records_rejected[protocol][reason]);
    }
    Object each;
    each.member("accepted", requests.records_accepted[protocol]);
    each.member("rejected", reasons);
    by_protocol.member(to_string(static_cast<handlers::Protocol>(protocol)), each);
  }
  out.member("by_protocol", by_protocol);
  return out;
}

Object connections_of(const Snapshot& requests) {
  Object out;
  out.member("open", requests.connections);
  out.member("total", requests.connections_opened);
  out.member("moved", requests.connections_moved);
  return out;
}

Object inflight_of(const Measurements& measured) {
  Object out;
  out.member("bytes", measured.inflight_bytes);
  out.member("bytes_max", measured.inflight_bytes_max);
  return out;
}

Object threads_of(const Measurements& measured) {
  Object out;
  out.member("serving", measured.threads_serving);
  out.member("resting", measured.threads - measured.threads_serving);
  return out;
}

Object large_blocks_of(const arena::LargeBlockCacheMetrics& blocks) {
  Object out;
  out.member("hits", blocks.hits);
  out.member("misses", blocks.misses);
  out.member("idle_bytes", blocks.idle_bytes);
  return out;
}

Object arena_of(const Measurements& measured) {
  const arena::ArenaPoolMetrics& arenas = measured.arenas;
  Object out;
  out.member("leases", arenas.leases_given);
  out.member("active", arenas.active);
  out.member("active_max", arenas.active_max);
  out.member("misses", arenas.misses);
  out.member("capacity_bytes", arenas.capacity_bytes);
  out.member("used_bytes", arenas.used_bytes);
  out.member("used_bytes_max", arenas.used_bytes_max);
  out.member("large_blocks", large_blocks_of(measured.large_blocks));
  return out;
}

Object files_of(const store::Stats& store) {
  Object out;
  out.member("sealed", store.sealed_files);
  out.member("unsealed", store.files - store.sealed_files);
  out.member("bytes", store.file_bytes);
  out.member("bytes_max", store.limit_bytes);
  out.member("filesystem_free_bytes", store.filesystem_free_bytes);
  out.member("min_free_bytes", store.min_free_bytes);
  out.member("oldest_arrival_seconds", static_cast<double>(store.oldest_arrival_ns) / 1e9, 3);
  out.member("sealed_segments", store.sealed);
  out.member("seal_failures", store.seal_failures);
  out.member("expired", store.expired);
  out.member("dropped", store.dropped);
  return out;
}

Object recovery_of(const store::RecoveryCounts& recovery) {
  Object out;
  out.member("segments", recovery.segments);
  out.member("records", recovery.records);
  out.member("torn_tails", recovery.torn_tails);
  out.member("damaged_regions", recovery.damaged_regions);
  out.member("quarantined_bytes", recovery.quarantined_bytes);
  return out;
}

Object store_of(const Measurements& measured) {
  const store::Stats& store = measured.store;
  Object out;
  out.member("state", to_string(store.state));
  out.member("reason", std::string_view(store.state_reason));
  out.member("store_id", std::string_view(measured.store_id));
  out.member("last_seq", store.last_seq);
  out.member("records", store.records);
  out.member("bytes", store.bytes);
  out.member("commits", store.commits);
  out.member("sync_ms", quantiles(store.sync_us, 1e-3, 3));
  out.member("commit_ms", quantiles(store.commit_us, 1e-3, 3));
  out.member("requests_per_commit", quantiles(store.requests_per_commit, 1, 1));
  out.member("files", files_of(store));
  out.member("rejected_kept", store.rejected_kept);
  out.member("rejected_lost", store.rejected_lost);
  out.member("lost_records", store.lost_records);
  out.member("recovery", recovery_of(store.recovery));
  return out;
}

Object process_of(const Measurements& measured) {
  const metrics::ProcessStats& process = measured.process;
  Object out;
  out.member("start_time_seconds", measured.start_time_seconds, 3);
  out.member("cpu_seconds", process.cpu_seconds, 2);
  out.member("resident_bytes", process.resident_bytes);
  out.member("virtual_bytes", process.virtual_bytes);
  out.member("descriptors", process.descriptors);
  out.member("descriptors_max", process.descriptors_max);
  return out;
}

}  // namespace

std::string write_stats_page(const Measurements& measured) {
  Object page;
  page.member("version", std::string_view(measured.version));
  page.member("commit", std::string_view(measured.commit));
  page.member("uptime_seconds", measured.uptime_seconds, 1);
  page.member("draining", measured.draining);
  page.member("requests", requests_of(measured.requests, measured.uptime_seconds));
  page.member("latency_ms", latency_of(measured.requests));
  page.member("records", records_of(measured.requests));
  page.member("received_bytes", measured.requests.received_bytes);
  page.member("connections", connections_of(measured.requests));
  page.member("threads", threads_of(measured));
  page.member("inflight", inflight_of(measured));
  page.member("arena", arena_of(measured));
  page.member("store", store_of(measured));
  page.member("process", process_of(measured));
  page.member("sinks", Object());
  return page.text() + "\n";
}

}  // namespace logboom::server
