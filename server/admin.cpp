#include "server/admin.hpp"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "record/json_text.hpp"
#include "server/elastic_banner.hpp"
#include "server/metrics_page.hpp"
#include "server/snapshot.hpp"
#include "server/stats_page.hpp"

namespace logboom::server {
namespace {

bool is_person(const RequestHead& head) {
  return head.user_agent.starts_with("curl/") || head.user_agent.starts_with("Wget/") ||
         head.accept.find("text/html") != head.accept.npos;
}

}  // namespace

Admin::Admin(const SharedState& shared, std::vector<const Telemetry*> telemetry)
    : shared_(shared), telemetry_(std::move(telemetry)) {}

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
                             ready, record::quote(reason), draining, to_string(state)));
  return reply;
}

Measurements Admin::measure() const {
  const std::chrono::duration<double> up = std::chrono::steady_clock::now() - started_;
  return {.requests = Snapshot::take(telemetry_),
          .arenas = shared_.arenas.metrics(),
          .large_blocks = shared_.large_blocks.metrics(),
          .store = shared_.store.stats(),
          .store_id = shared_.store.store_id(),
          .process = metrics::ProcessStats::read(),
          .threads = telemetry_.size(),
          .threads_serving = shared_.threads_serving.load(std::memory_order_relaxed),
          .inflight_bytes = shared_.budget.used_bytes(),
          .inflight_bytes_max = shared_.budget.bytes_max(),
          .draining = shared_.draining.load(std::memory_order_relaxed),
          .start_time_seconds = start_time_seconds_,
          .uptime_seconds = up.count(),
          .version = shared_.options.release,
          .commit = shared_.options.commit};
}

Reply Admin::stats(arena::Arena& arena) const {
  Reply reply;
  reply.body = arena.copy(write_stats_page(measure()));
  return reply;
}

Reply Admin::metrics(arena::Arena& arena) const {
  Reply reply;
  reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
  reply.body = arena.copy(write_metrics_page(measure()));
  return reply;
}

}  // namespace logboom::server
