#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "handlers/handler.hpp"
#include "metrics/counter.hpp"
#include "metrics/latency_histogram.hpp"
#include "server/error_code.hpp"

namespace logboom::server {

// What a request was, as far as its answer shows. Each value is a metrics label.
enum class RequestKind : std::uint8_t {
  json,    // logs, read as JSON
  text,    // logs, read as text
  unread,  // answered before a body was read as records: refused, malformed, out of time
  page     // health checks and the pages about the server itself
};

// The class of a reply's status. Each value is a metrics label.
enum class StatusClass : std::uint8_t { success, client_error, server_error };

// The parts of a request for logs, one behind the other. Each value is a metrics label.
enum class Stage : std::uint8_t {
  read,         // from the first byte to the last of the body, and waiting for memory
  parse,        // from there until the records are staged
  commit_wait,  // from there until its io thread takes up the outcome of the commit
  write         // from there until the kernel has the reply
};

inline constexpr std::size_t kRequestKinds = 4;
inline constexpr std::size_t kStatusClasses = 3;
inline constexpr std::size_t kStages = 4;

[[nodiscard]] std::string_view to_string(RequestKind kind) noexcept;
[[nodiscard]] std::string_view to_string(StatusClass status) noexcept;
[[nodiscard]] std::string_view to_string(Stage stage) noexcept;

// Whether a body was read as records.
[[nodiscard]] constexpr bool holds_logs(RequestKind kind) noexcept {
  return kind == RequestKind::json || kind == RequestKind::text;
}
// There are no replies below 200 but 100 Continue, which is none, and none of 3xx.
[[nodiscard]] constexpr StatusClass class_of(std::uint16_t status) noexcept {
  if (status < 400) return StatusClass::success;
  return status < 500 ? StatusClass::client_error : StatusClass::server_error;
}

// The counters of one io thread: written by it alone, summed up by whoever asks.
struct Telemetry {
  static constexpr std::size_t kReasons = handlers::kRejectReasons;
  static constexpr std::size_t kProtocols = handlers::kProtocols;
  using Latency = metrics::LatencyHistogram;

  metrics::Counter connections_opened;
  metrics::Counter connections_closed;
  metrics::Counter connections_moved;  // to another thread
  metrics::Counter received_bytes;
  std::array<metrics::Counter, kProtocols> records_accepted;  // by handlers::Protocol
  // By handlers::Protocol and handlers::RejectReason.
  std::array<std::array<metrics::Counter, kReasons>, kProtocols> records_rejected;
  std::array<metrics::Counter, kErrorCodes> errors;  // error replies, by ErrorCode
  metrics::Counter overload_pauses;
  metrics::Counter overload_replies;
  metrics::Counter timeouts;
  metrics::Counter aborted;  // the client left in the middle of a request
  // First byte to reply sent, by RequestKind and StatusClass. Their counts are the requests.
  std::array<std::array<Latency, kStatusClasses>, kRequestKinds> request_latency;
  std::array<Latency, kStages> stage_latency;  // by Stage

  void record_request(RequestKind kind, std::uint16_t status,
                      std::chrono::nanoseconds latency) noexcept {
    const auto status_class = static_cast<std::size_t>(class_of(status));
    request_latency[static_cast<std::size_t>(kind)][status_class].record(latency);
  }
  void record_error(ErrorCode code) noexcept { errors[static_cast<std::size_t>(code)].add(); }
  void record_stage(Stage stage, std::chrono::nanoseconds latency) noexcept {
    stage_latency[static_cast<std::size_t>(stage)].record(latency);
  }
};

}  // namespace logboom::server
