#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace logboom::record {

// Marks an absent time; no clock reads it.
inline constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min();

// One value of a record, in the form it arrived in, so that writing it out is a copy:
// `json` is one valid RFC 8259 value (a string keeps its quotes), copied verbatim but for raw
// line breaks between tokens; `text` is valid UTF-8 that the writer quotes and escapes.
// The bytes belong to the request's arena (or are static) and live as long as its lease.
struct Value {
  enum class Kind : std::uint8_t { absent, json, text };

  Kind kind = Kind::absent;
  std::string_view bytes;

  static constexpr Value json(std::string_view value) { return {Kind::json, value}; }
  static constexpr Value text(std::string_view value) { return {Kind::text, value}; }
  constexpr bool present() const { return kind != Kind::absent; }
};

// A key and its value; the key is a `json` string with its quotes, or `text`.
struct Attribute {
  Value key;
  Value value;

  // Makes it one of JSON. Where it will stay: copying one just made would stall the processor.
  void set_json(std::string_view json_key, std::string_view json) noexcept {
    key.kind = Value::Kind::json;
    key.bytes = json_key;
    value.kind = Value::Kind::json;
    value.bytes = json;
  }
};

// One log record in the OpenTelemetry log data model
// (https://opentelemetry.io/docs/specs/otel/logs/data-model/), as views into the request's arena.
// Absent fields are left out of the written line. Times are nanoseconds since the Unix epoch, UTC.
struct LogRecord {
  std::int64_t timestamp_ns = kNoTime;  // the event's own time
  std::int64_t observed_timestamp_ns =
      kNoTime;                       // the protocol's, else arrival; always set when written
  std::uint8_t severity_number = 0;  // 1 to 24; 0 is absent
  bool native = false;               // read from a line of Logboom's own; never written
  Value severity_text;               // the sender's own word
  Value body;
  // Attributes whose text the line can take as it came, in pieces that make up whole members, each
  // with the comma or the brace behind it; `text_attributes` counts them.
  std::span<const std::string_view> attributes_text;
  std::size_t text_attributes = 0;
  std::span<const Attribute> attributes;  // those behind them
  std::span<const Attribute> resource;
  Value scope;                // a JSON object
  std::string_view trace_id;  // 32 lower-case hex digits, or empty
  std::string_view span_id;   // 16 lower-case hex digits, or empty
  Value trace_flags;          // a JSON number
  Value event_name;
  std::string_view source;  // the protocol, `_src`: plain ASCII without quotes

  // Makes all fields absent. What is absent keeps its old bytes: fewer stores than a new record.
  void clear() noexcept {
    timestamp_ns = kNoTime;
    observed_timestamp_ns = kNoTime;
    severity_number = 0;
    native = false;
    severity_text.kind = Value::Kind::absent;
    body.kind = Value::Kind::absent;
    attributes_text = {};
    text_attributes = 0;
    attributes = {};
    resource = {};
    scope.kind = Value::Kind::absent;
    trace_id = {};
    span_id = {};
    trace_flags.kind = Value::Kind::absent;
    event_name.kind = Value::Kind::absent;
    source = {};
  }
  [[nodiscard]] constexpr std::size_t attribute_count() const noexcept {
    return text_attributes + attributes.size();
  }
};

}  // namespace logboom::record
