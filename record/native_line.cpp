#include "record/native_line.hpp"

#include "record/json_scanner.hpp"
#include "record/json_text.hpp"
#include "record/severity.hpp"
#include "record/timestamp.hpp"
#include "record/trace_id.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string_view>

namespace logboom::record {
namespace {

bool is_string(std::string_view json) noexcept {
  return json[0] == '"';
}

bool read_time(std::string_view json, std::int64_t& ns) noexcept {
  if (!is_string(json)) return false;
  ns = parse_written_time(json.substr(1, json.size() - 2)).ns;
  return ns != kNoTime;
}

bool read_members(std::string_view json, const NativeSpace& space,
                  arena::ArenaVector<Attribute>& out) {
  if (json[0] != '{') return false;
  JsonScanner scanner(json, space.depth_max);
  return for_each_member(scanner, [&](const JsonMember& member) {
    if (out.size() <= space.attributes_max)
      out.push_back({Value::json(member.key), Value::json(member.value)});
  });
}

bool read_severity_number(std::string_view json, std::uint8_t& number) noexcept {
  number = severity_from_digits(json, SeverityScale::open_telemetry);
  return number != kSeverityAbsent && json[0] != '0';
}

bool read_trace_id(std::string_view json, std::string_view& id) noexcept {
  if (!is_string(json) || json.size() != kTraceIdDigits + 2) return false;
  char room[kTraceIdDigits];
  id = normalise_trace_id(json.substr(1, kTraceIdDigits), IdForm::hexadecimal, room);
  return id.data() == json.data() + 1;
}

bool read_span_id(std::string_view json, std::string_view& id) noexcept {
  if (!is_string(json) || json.size() != kSpanIdDigits + 2) return false;
  char room[kSpanIdDigits];
  id = normalise_span_id(json.substr(1, kSpanIdDigits), IdForm::hexadecimal, room);
  return id.data() == json.data() + 1;
}

bool read_string(std::string_view json, Value& value) noexcept {
  value = Value::json(json);
  return is_string(json);
}

bool read_object(std::string_view json, Value& value) noexcept {
  value = Value::json(json);
  return json[0] == '{';
}

bool is_unsigned(std::string_view json, std::uint64_t max) noexcept {
  std::uint64_t number = 0;
  const char* const end = json.data() + json.size();
  const auto [stop, error] = std::from_chars(json.data(), end, number);
  return error == std::errc() && stop == end && number <= max;
}

// The lower eight bits are all that the data model defines.
bool read_trace_flags(std::string_view json, Value& value) noexcept {
  value = Value::json(json);
  return is_unsigned(json, 255);
}

bool is_source(std::string_view json) noexcept {
  constexpr std::size_t kSourceBytesMax = 32;
  if (!is_string(json) || json.size() < 3 || json.size() > kSourceBytesMax + 2) return false;
  const std::string_view name = json.substr(1, json.size() - 2);
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_.-") == name.npos;
}

using FieldReader = bool (*)(std::string_view json, const NativeSpace& space, LogRecord& record);

struct Field {
  std::string_view key;
  FieldReader read;
};

// In the order of docs/record.md, though a line may have them in any.
constexpr Field kFields[] = {
    {"\"timestamp\"",
     [](auto json, auto&, auto& record) { return read_time(json, record.timestamp_ns); }},
    {"\"observed_timestamp\"",
     [](auto json, auto&, auto& record) { return read_time(json, record.observed_timestamp_ns); }},
    {"\"severity_number\"",
     [](auto json, auto&, auto& record) {
       return read_severity_number(json, record.severity_number);
     }},
    {"\"severity_text\"",
     [](auto json, auto&, auto& record) { return read_string(json, record.severity_text); }},
    {"\"body\"",
     [](auto json, auto&, auto& record) {
       record.body = Value::json(json);
       return true;
     }},
    {"\"attributes\"",
     [](auto json, auto& space, auto&) { return read_members(json, space, space.attributes); }},
    {"\"resource\"",
     [](auto json, auto& space, auto&) { return read_members(json, space, space.resource); }},
    {"\"scope\"", [](auto json, auto&, auto& record) { return read_object(json, record.scope); }},
    {"\"trace_id\"",
     [](auto json, auto&, auto& record) { return read_trace_id(json, record.trace_id); }},
    {"\"span_id\"",
     [](auto json, auto&, auto& record) { return read_span_id(json, record.span_id); }},
    {"\"trace_flags\"",
     [](auto json, auto&, auto& record) { return read_trace_flags(json, record.trace_flags); }},
    {"\"event_name\"",
     [](auto json, auto&, auto& record) { return read_string(json, record.event_name); }},
    {"\"_seq\"",
     [](auto json, auto&, auto&) {
       return is_unsigned(json, std::numeric_limits<std::uint64_t>::max());
     }},
    {"\"_src\"", [](auto json, auto&, auto&) { return is_source(json); }},
};

static_assert(std::size(kFields) == kNativeFields);

}  // namespace

bool read_native_line(std::span<const Attribute> members, const NativeSpace& space,
                      LogRecord& record) {
  space.attributes.clear();
  space.resource.clear();
  LogRecord read;
  std::array<bool, std::size(kFields)> seen{};
  for (const Attribute& member : members) {
    const auto* const field =
        std::find_if(std::begin(kFields), std::end(kFields),
                     [&](const Field& f) { return f.key == member.key.bytes; });
    if (field == std::end(kFields)) return false;
    bool& again = seen[static_cast<std::size_t>(field - kFields)];
    if (again || !field->read(member.value.bytes, space, read)) return false;
    again = true;
  }
  record = read;
  record.native = true;
  record.attributes = space.attributes.span();
  record.resource = space.resource.span();
  return true;
}

}  // namespace logboom::record
