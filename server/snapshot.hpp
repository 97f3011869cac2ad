#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "metrics/latency_histogram.hpp"
#include "server/telemetry.hpp"

namespace logboom::server {

// The counters of all io threads, added up at one moment each.
struct Snapshot {
  std::uint64_t connections = 0;  // open now
  std::uint64_t connections_opened = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t records_accepted = 0;
  std::array<std::uint64_t, Telemetry::kReasons> records_rejected{};
  std::array<std::uint64_t, 6> requests_by_class{};
  std::uint64_t requests = 0;
  std::uint64_t overload_pauses = 0;
  std::uint64_t overload_replies = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t aborted = 0;
  metrics::LatencyHistogram::Snapshot request_latency;

  [[nodiscard]] static Snapshot take(std::span<const Telemetry* const> threads);
  [[nodiscard]] std::uint64_t rejected() const noexcept;
};

}  // namespace logboom::server
