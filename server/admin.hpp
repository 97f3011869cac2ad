#pragma once

#include <chrono>
#include <string_view>
#include <vector>

#include "arena/arena.hpp"
#include "arena/arena_pool.hpp"
#include "server/http_request.hpp"
#include "server/measurements.hpp"
#include "server/reply.hpp"
#include "server/session_host.hpp"
#include "server/telemetry.hpp"

namespace logboom::server {

// The pages about the server itself. Any io thread may call any of them: all they read is constant
// or a counter. They allocate, and make some system calls that do not wait for a disk.
class Admin {
 public:
  // `telemetry` has one element per io thread; all of it outlives the Admin.
  Admin(const SharedState& shared, std::vector<const Telemetry*> telemetry);

  // For people with curl, wget or a browser an example, for all others what Elasticsearch says.
  [[nodiscard]] Reply greeting(const RequestHead& head, arena::Arena& arena) const;
  // The process is alive.
  [[nodiscard]] Reply healthz() const;
  // 200 only if the store accepts and no drain has begun; a short overload does not matter.
  [[nodiscard]] Reply readyz(arena::Arena& arena) const;
  // A snapshot for a person with curl and jq.
  [[nodiscard]] Reply stats(arena::Arena& arena) const;
  // The same for Prometheus, in its text format 0.0.4.
  [[nodiscard]] Reply metrics(arena::Arena& arena) const;

 private:
  [[nodiscard]] Measurements measure() const;

  const SharedState& shared_;
  const std::vector<const Telemetry*> telemetry_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  const double start_time_seconds_ = metrics::process_start_seconds();
};

}  // namespace logboom::server
