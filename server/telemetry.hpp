#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "handlers/handler.hpp"
#include "metrics/counter.hpp"
#include "metrics/latency_histogram.hpp"

namespace logboom::server {

// The counters of one io thread: written by it alone, summed up by whoever asks.
struct Telemetry {
  static constexpr std::size_t kReasons = handlers::kRejectReasons;

  metrics::Counter connections_opened;
  metrics::Counter connections_closed;
  metrics::Counter received_bytes;
  metrics::Counter records_accepted;
  std::array<metrics::Counter, kReasons> records_rejected;  // by handlers::RejectReason
  std::array<metrics::Counter, 6> requests_by_class;        // [2] counts 2xx
  metrics::Counter overload_pauses;
  metrics::Counter overload_replies;
  metrics::Counter timeouts;
  metrics::Counter aborted;                   // the client left in the middle of a request
  metrics::LatencyHistogram request_latency;  // first byte to reply sent
};

}  // namespace logboom::server
