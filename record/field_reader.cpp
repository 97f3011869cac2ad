#include "record/field_reader.hpp"

#include "record/json_text.hpp"
#include "record/severity.hpp"
#include "record/timestamp.hpp"
#include "record/trace_id.hpp"

namespace logboom::record {
namespace {

bool is_string(std::string_view json) noexcept {
  return json[0] == '"';
}
bool is_number(std::string_view json) noexcept {
  return json[0] == '-' || is_digit(json[0]);
}

std::string_view inner(std::string_view json_string) noexcept {
  return json_string.substr(1, json_string.size() - 2);
}

}  // namespace

FieldReader::Reading FieldReader::read(const WellKnownKey& key, const Written& written,
                                       LogRecord& record) {
  switch (key.target) {
    case Target::time: return read_time(key, written, record);
    case Target::body: return read_body(written.value, record);
    case Target::severity: return read_severity(key, written, record);
    case Target::severity_number: return read_severity_number(written.value, record);
    case Target::service:
    case Target::host: return read_resource(key, written.value);
    case Target::trace_id:
    case Target::span_id: return read_id(key, written, record);
    case Target::origin:
    case Target::parent: break;
  }
  return Reading::unreadable;
}

// The text of a short string, or empty if it is something else or too long for what it should be.
// Valid until the next call.
std::string_view FieldReader::short_text(const Written& written) noexcept {
  if (!is_string(written.value) || written.value.size() > kTextBytesMax + 2) return {};
  const std::string_view text = inner(written.value);
  if (!written.has_escapes) [[likely]]
    return text;
  return {text_, unescape(text, text_)};
}

FieldReader::Reading FieldReader::read_body(std::string_view value, LogRecord& record) {
  if (value == "null") return Reading::unreadable;
  record.body = Value::json(value);
  return Reading::moved;
}

FieldReader::Reading FieldReader::read_time(const WellKnownKey& key, const Written& written,
                                            LogRecord& record) {
  TimeUnit unit = TimeUnit::guess;
  if (key.form == KeyForm::microseconds) unit = TimeUnit::microseconds;
  if (key.form == KeyForm::nanoseconds) unit = TimeUnit::nanoseconds;
  const ParsedTime time = is_number(written.value)
                              ? parse_time_number(written.value, unit)
                              : parse_time_text(short_text(written), unit, now_ns_);
  if (!time.present()) return Reading::unreadable;
  record.timestamp_ns = time.ns;
  return time.exact ? Reading::moved : Reading::copied;
}

// A word is the sender's text and is kept as that; a number would be lost in the translation.
FieldReader::Reading FieldReader::read_severity(const WellKnownKey& key, const Written& written,
                                                LogRecord& record) {
  const SeverityScale scale =
      key.form == KeyForm::syslog ? SeverityScale::logger_syslog : SeverityScale::logger;
  const bool number = is_number(written.value);
  const std::uint8_t severity = number ? severity_from_digits(written.value, scale)
                                       : severity_from_word(short_text(written), scale);
  if (severity == kSeverityAbsent) return Reading::unreadable;
  record.severity_number = severity;
  if (number) return Reading::copied;
  record.severity_text = Value::json(written.value);
  return Reading::moved;
}

// Overrides what a word said.
FieldReader::Reading FieldReader::read_severity_number(std::string_view value, LogRecord& record) {
  const std::uint8_t number = severity_from_digits(value, SeverityScale::open_telemetry);
  if (number == kSeverityAbsent) return Reading::unreadable;
  record.severity_number = number;
  return Reading::moved;
}

FieldReader::Reading FieldReader::read_id(const WellKnownKey& key, const Written& written,
                                          LogRecord& record) {
  const bool decimal = key.form == KeyForm::decimal;
  std::string_view text = decimal && is_number(written.value) ? written.value : short_text(written);
  if (key.form == KeyForm::after_slash && is_string(written.value)) {
    text = inner(written.value);
    text.remove_prefix(text.rfind('/') + 1);  // npos + 1 is 0: no slash, nothing to remove
  }
  char room[kTraceIdDigits];
  const IdForm form = decimal ? IdForm::decimal : IdForm::hexadecimal;
  const bool trace = key.target == Target::trace_id;
  std::string_view id =
      trace ? normalise_trace_id(text, form, room) : normalise_span_id(text, form, room);
  if (id.empty()) return Reading::unreadable;
  if (id.data() == room || id.data() == text_) id = arena_->copy(id);
  (trace ? record.trace_id : record.span_id) = id;
  return key.form == KeyForm::after_slash ? Reading::copied : Reading::moved;
}

FieldReader::Reading FieldReader::read_resource(const WellKnownKey& key, std::string_view value) {
  if (!is_string(value) || value.size() <= 2) return Reading::unreadable;
  const bool service = key.target == Target::service;
  resource_.push_back_uninitialized().set_json(service ? "\"service.name\"" : "\"host.name\"",
                                               value);
  return key.form == KeyForm::weak ? Reading::copied : Reading::moved;
}

}  // namespace logboom::record
