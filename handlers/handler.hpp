#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "arena/arena.hpp"
#include "record/log_record.hpp"

namespace logboom::handlers {

// Why a record was refused. Each value is a metrics label and the reason kept in `rejected/`.
enum class RejectReason : std::uint8_t {
  bad_json,            // not RFC 8259, or deeper than limits.json_depth
  bad_utf8,            // JSON with invalid UTF-8
  too_large,           // over limits.record and not reducible, or on_oversize is reject
  too_many_attributes  // over limits.attributes
};

inline constexpr std::size_t kRejectReasons = 4;

[[nodiscard]] std::string_view to_string(RejectReason reason) noexcept;

// What a record came as. Each value is a metrics label.
enum class Protocol : std::uint8_t {
  json,   // JSON of any sender
  text,   // a line of text
  native  // a line that Logboom wrote itself, whatever it had come as then
};

inline constexpr std::size_t kProtocols = 3;

[[nodiscard]] std::string_view to_string(Protocol protocol) noexcept;

// Of a record that a handler has made.
[[nodiscard]] inline Protocol protocol_of(const record::LogRecord& record) noexcept {
  if (record.native) [[unlikely]]
    return Protocol::native;
  return record.source == "text" ? Protocol::text : Protocol::json;
}

// A refused record: where it was and what was wrong. Views live as long as the request.
struct Rejection {
  std::uint64_t record = 0;  // counted from zero over all records of the request
  std::uint64_t line = 0;    // counted from one
  RejectReason reason = RejectReason::bad_json;
  Protocol protocol = Protocol::json;
  std::string_view error;  // one sentence that says what and where
  std::string_view raw;    // the bytes refused
};

// Where a handler's records go: the io thread's staging chain, or a test's vector.
// Called on the io thread that runs the handler; what it needs after the call it copies.
class RecordSink {
 public:
  virtual void accept(const record::LogRecord& record) = 0;
  virtual void reject(const Rejection& rejection) = 0;

 protected:
  ~RecordSink() = default;
};

// Limits of one record; see `limits` in the configuration for the effect of each.
struct RecordLimits {
  enum class OnOversize : std::uint8_t { truncate, reject };

  std::size_t record_bytes_max = 1024 * 1024;
  std::size_t json_depth_max = 64;
  std::size_t attributes_max = 1000;
  OnOversize on_oversize = OnOversize::truncate;
};

// What a handler may use while it serves one request. All of it outlives the handler.
struct RequestContext {
  arena::Arena& arena;
  RecordSink& sink;
  const RecordLimits& limits;
  std::int64_t arrival_ns = 0;  // server clock, nanoseconds since the Unix epoch
  std::string_view query;       // the target's query string, undecoded, without `?`
};

// What came of a body; the server turns it into the dialect's reply.
struct Outcome {
  std::uint64_t accepted = 0;
  std::uint64_t rejected = 0;
  bool empty_body = false;            // nothing but white space: an error of the request
  std::string_view request_error;     // what no body can be read under; static, empty if nothing
  std::span<const Rejection> errors;  // the first kErrorsReported, copied into the arena
};

inline constexpr std::size_t kErrorsReported = 16;

}  // namespace logboom::handlers
