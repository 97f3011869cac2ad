#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "metrics/latency_histogram.hpp"
#include "server/telemetry.hpp"

namespace logboom::server {

// The counters of all io threads, added up at one moment each. Some tens of kilobytes.
struct Snapshot {
  using Latency = metrics::LatencyHistogram::Snapshot;

  std::uint64_t connections = 0;  // open now
  std::uint64_t connections_opened = 0;
  std::uint64_t connections_moved = 0;
  std::uint64_t received_bytes = 0;
  // By the same indices as Telemetry's.
  std::array<std::uint64_t, Telemetry::kProtocols> records_accepted{};
  std::array<std::array<std::uint64_t, Telemetry::kReasons>, Telemetry::kProtocols>
      records_rejected{};
  std::array<std::uint64_t, kErrorCodes> errors{};  // by ErrorCode
  std::uint64_t overload_pauses = 0;
  std::uint64_t overload_replies = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t aborted = 0;
  std::array<std::array<Latency, kStatusClasses>, kRequestKinds> request_latency;
  std::array<Latency, kStages> stage_latency;

  [[nodiscard]] static Snapshot take(std::span<const Telemetry* const> threads);

  [[nodiscard]] std::uint64_t requests() const noexcept;
  [[nodiscard]] std::uint64_t requests(StatusClass status) const noexcept;
  // Of the requests that were read as logs, whatever came of them.
  [[nodiscard]] Latency log_latency() const noexcept;
  [[nodiscard]] std::uint64_t accepted() const noexcept;
  [[nodiscard]] std::uint64_t rejected() const noexcept;
};

}  // namespace logboom::server
