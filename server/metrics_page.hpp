#pragma once

#include <string>

#include "arena/arena_pool.hpp"
#include "server/snapshot.hpp"
#include "store/stats.hpp"

namespace logboom::server {

// Everything the metrics page shows.
struct MetricsInput {
  Snapshot requests;
  arena::ArenaPoolMetrics arenas;
  store::Stats store;
  std::size_t inflight_bytes = 0;
  std::size_t inflight_bytes_max = 0;
  double uptime_seconds = 0;
  std::string version;
};

// Prometheus' text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/).
[[nodiscard]] std::string write_metrics_page(const MetricsInput& input);

}  // namespace logboom::server
