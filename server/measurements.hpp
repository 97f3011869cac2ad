#pragma once

#include <cstddef>
#include <string>

#include "arena/arena_pool.hpp"
#include "arena/large_block_cache.hpp"
#include "metrics/process_stats.hpp"
#include "server/snapshot.hpp"
#include "store/stats.hpp"

namespace logboom::server {

// Everything that /stats and /metrics show, gathered for one reply.
struct Measurements {
  Snapshot requests;
  arena::ArenaPoolMetrics arenas;
  arena::LargeBlockCacheMetrics large_blocks;
  store::Stats store;
  std::string store_id;
  metrics::ProcessStats process;
  std::size_t threads = 0;  // io threads
  std::size_t threads_serving = 0;
  std::size_t inflight_bytes = 0;
  std::size_t inflight_bytes_max = 0;
  bool draining = false;
  double start_time_seconds = 0;  // since the Unix epoch
  double uptime_seconds = 0;
  std::string version;
  std::string commit;  // that the binary was built of; empty if it does not know
};

}  // namespace logboom::server
