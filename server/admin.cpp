#include "server/admin.hpp"

#include <iterator>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "record/json_text.hpp"
#include "server/elastic_banner.hpp"
#include "server/metrics_page.hpp"
#include "server/snapshot.hpp"

namespace logboom::server {
namespace {

std::string quoted(std::string_view text) {
  std::string escaped(text.size() * record::kEscapedBytesMax, '\0');
  escaped.resize(static_cast<std::size_t>(record::escape(text, escaped.data()) - escaped.data()));
  return '"' + escaped + '"';
}

std::string_view name_of(store::State state) {
  switch (state) {
    case store::State::accepting: return "accepting";
    case store::State::full: return "full";
    case store::State::failed: return "failed";
  }
  return "unknown";
}

bool is_person(const RequestHead& head) {
  return head.user_agent.starts_with("curl/") || head.user_agent.starts_with("Wget/") ||
         head.accept.find("text/html") != head.accept.npos;
}

double milliseconds(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count()) / 1e6;
}

void append_requests(std::string& out, const Snapshot& sum, double uptime) {
  const auto& latency = sum.request_latency;
  fmt::format_to(std::back_inserter(out),
                 R"("requests":{{"total":{},"2xx":{},"4xx":{},"5xx":{},"per_second":{:.1f},)"
                 R"("timeouts":{},"aborted":{},"overload_pauses":{},"overload_replies":{}}},)",
                 sum.requests, sum.requests_by_class[2], sum.requests_by_class[4],
                 sum.requests_by_class[5], static_cast<double>(sum.requests) / uptime, sum.timeouts,
                 sum.aborted, sum.overload_pauses, sum.overload_replies);
  fmt::format_to(std::back_inserter(out),
                 R"("latency_ms":{{"p50":{:.3f},"p90":{:.3f},"p99":{:.3f},"p999":{:.3f},)"
                 R"("max":{:.3f}}},)",
                 milliseconds(latency.quantile(0.5)), milliseconds(latency.quantile(0.9)),
                 milliseconds(latency.quantile(0.99)), milliseconds(latency.quantile(0.999)),
                 milliseconds(latency.quantile(1.0)));
  fmt::format_to(std::back_inserter(out),
                 R"("records":{{"accepted":{},"rejected":{}}},"received_bytes":{},)"
                 R"("connections":{{"open":{},"total":{}}},)",
                 sum.records_accepted, sum.rejected(), sum.received_bytes, sum.connections,
                 sum.connections_opened);
}

void append_arena(std::string& out, const arena::ArenaPoolMetrics& arenas) {
  fmt::format_to(std::back_inserter(out),
                 R"("arena":{{"leases":{},"active":{},"active_max":{},"misses":{},)"
                 R"("capacity_bytes":{},"used_bytes_max":{}}},)",
                 arenas.leases_given, arenas.active, arenas.active_max, arenas.misses,
                 arenas.capacity_bytes, arenas.used_bytes_max);
}

void append_store(std::string& out, const store::Stats& store, const std::string& store_id) {
  fmt::format_to(
      std::back_inserter(out),
      R"("store":{{"state":"{}","reason":{},"store_id":{},"last_seq":{},"records":{},)"
      R"("bytes":{},"commits":{},"files":{},"sealed_files":{},"file_bytes":{},"rejected_kept":{},)"
      R"("quarantined_bytes":{}}},"sinks":{{}})",
      name_of(store.state), quoted(store.state_reason), quoted(store_id), store.last_seq,
      store.records, store.bytes, store.commits, store.files, store.sealed_files, store.file_bytes,
      store.rejected_kept, store.recovery.quarantined_bytes);
}

}  // namespace

Admin::Admin(const SharedState& shared, std::vector<const Telemetry*> telemetry)
    : shared_(shared), telemetry_(std::move(telemetry)) {}

double Admin::uptime_seconds() const {
  const std::chrono::duration<double> up = std::chrono::steady_clock::now() - started_;
  return up.count();
}

Reply Admin::greeting(const RequestHead& head, arena::Arena& arena) const {
  if (!is_person(head)) return elastic_banner(head.user_agent, arena);
  Reply reply;
  reply.content_type = "text/plain; charset=utf-8";
  reply.body = arena.copy(
      fmt::format("{}: send logs, each is on stable storage before it is answered 2xx.\n"
                  "  curl -d '{{\"message\":\"hello\",\"level\":\"info\"}}' http://{}/log\n"
                  "Also here: /healthz /readyz /stats /metrics\n",
                  shared_.options.version, head.host.empty() ? "localhost:8080" : head.host));
  return reply;
}

Reply Admin::healthz() const {
  Reply reply;
  reply.body = "{\"status\":\"alive\"}\n";
  return reply;
}

Reply Admin::readyz(arena::Arena& arena) const {
  const bool draining = shared_.draining.load(std::memory_order_relaxed);
  const store::State state = shared_.store.state();
  const bool ready = !draining && state == store::State::accepting;
  const std::string reason = draining ? "the server is draining" : shared_.store.state_reason();
  Reply reply;
  reply.status = ready ? 200 : 503;
  if (!ready) reply.extra_headers = "Retry-After: 1\r\n";
  reply.body =
      arena.copy(fmt::format(R"({{"ready":{},"reason":{},"draining":{},"store":"{}","sinks":{{}}}})"
                             "\n",
                             ready, quoted(reason), draining, name_of(state)));
  return reply;
}

Reply Admin::stats(arena::Arena& arena) const {
  const double uptime = uptime_seconds();
  std::string out = fmt::format(R"({{"version":{},"uptime_seconds":{:.1f},)",
                                quoted(shared_.options.version), uptime);
  append_requests(out, Snapshot::take(telemetry_), uptime);
  fmt::format_to(std::back_inserter(out), R"("inflight":{{"bytes":{},"bytes_max":{}}},)",
                 shared_.budget.used_bytes(), shared_.budget.bytes_max());
  append_arena(out, shared_.arenas.metrics());
  append_store(out, shared_.store.stats(), shared_.store.store_id());
  out += "}\n";
  Reply reply;
  reply.body = arena.copy(out);
  return reply;
}

Reply Admin::metrics(arena::Arena& arena) const {
  Reply reply;
  reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
  reply.body = arena.copy(write_metrics_page({.requests = Snapshot::take(telemetry_),
                                              .arenas = shared_.arenas.metrics(),
                                              .store = shared_.store.stats(),
                                              .inflight_bytes = shared_.budget.used_bytes(),
                                              .inflight_bytes_max = shared_.budget.bytes_max(),
                                              .uptime_seconds = uptime_seconds(),
                                              .version = shared_.options.version}));
  return reply;
}

}  // namespace logboom::server
