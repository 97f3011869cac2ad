#include "record/line_writer.hpp"

#include "arena/copy_bytes.hpp"
#include "record/json_text.hpp"

#include <cstring>

namespace logboom::record {
namespace {

// Every field's name, punctuation, ids and the severity number, generously.
constexpr std::size_t kFixedBytesMax = 384;

std::size_t value_bytes_max(const Value& value) noexcept {
  if (value.kind == Value::Kind::text) return value.bytes.size() * kEscapedBytesMax + 2;
  return value.bytes.size();
}

std::size_t members_bytes_max(std::span<const Attribute> members) noexcept {
  std::size_t bytes = 0;
  for (const Attribute& member : members) {
    bytes += value_bytes_max(member.key) + value_bytes_max(member.value) + 2;
  }
  return bytes;
}

std::size_t pieces_bytes(std::span<const std::string_view> pieces) noexcept {
  std::size_t bytes = 0;
  for (const std::string_view piece : pieces) bytes += piece.size();
  return bytes;
}

// A fixed piece of the line; a compile-time size makes the copy a few moves.
template <std::size_t N>
char* put(const char (&literal)[N], char* out) noexcept {
  std::memcpy(out, literal, N - 1);
  return out + N - 1;
}

char* put(std::string_view bytes, char* out) noexcept {
  arena::copy_bytes(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

inline char* put_value(const Value& value, char* out) noexcept {
  if (value.kind == Value::Kind::json) {
    return has_line_break(value.bytes) ? minify(value.bytes, out) : put(value.bytes, out);
  }
  *out++ = '"';
  out = escape(value.bytes, out);
  *out++ = '"';
  return out;
}

// Whether `next` stands one byte behind `previous`, and that byte is `between`: then the sender
// wrote them as the line has them.
bool adjoins(std::string_view previous, char between, std::string_view next) noexcept {
  const char* const end = previous.data() + previous.size();
  return next.data() == end + 1 && *end == between;
}

bool is_plain_run(const Attribute& member) noexcept {
  return member.key.kind == Value::Kind::json && member.value.kind == Value::Kind::json &&
         adjoins(member.key.bytes, ':', member.value.bytes) && !has_line_break(member.value.bytes);
}

// The members that a sender wrote side by side without space are copied as one piece, which is
// most of an ordinary line. Returns how many members the piece at members[0] has.
std::size_t put_run(std::span<const Attribute> members, char*& out) noexcept {
  if (!is_plain_run(members[0])) return 0;
  std::size_t count = 1;
  while (count < members.size() &&
         adjoins(members[count - 1].value.bytes, ',', members[count].key.bytes) &&
         is_plain_run(members[count])) {
    ++count;
  }
  const char* const begin = members[0].key.bytes.data();
  const std::string_view last = members[count - 1].value.bytes;
  out = put({begin, static_cast<std::size_t>(last.data() + last.size() - begin)}, out);
  return count;
}

char* put_members(std::span<const Attribute> members, char* out) noexcept {
  for (std::size_t i = 0; i < members.size();) {
    if (i > 0) *out++ = ',';
    const std::size_t run = put_run(members.subspan(i), out);
    if (run == 0) {
      out = put_value(members[i].key, out);
      *out++ = ':';
      out = put_value(members[i].value, out);
    }
    i += run == 0 ? 1 : run;
  }
  return out;
}

// What stands behind the text's last member is no part of it.
char* put_attributes(const LogRecord& record, char* out) noexcept {
  out = put("\"attributes\":{", out);
  for (const std::string_view piece : record.attributes_text) out = put(piece, out);
  if (!record.attributes_text.empty()) --out;
  if (!record.attributes.empty()) {
    if (!record.attributes_text.empty()) *out++ = ',';
    out = put_members(record.attributes, out);
  }
  return put("},", out);
}

char* put_severity_number(std::uint8_t number, char* out) noexcept {
  if (number >= 10) *out++ = static_cast<char>('0' + number / 10);
  *out++ = static_cast<char>('0' + number % 10);
  return out;
}

// The fields from the severity to the attributes. Each ends with a comma.
char* put_head(const LogRecord& record, char* out) noexcept {
  if (record.severity_number != 0) {
    out = put_severity_number(record.severity_number, put("\"severity_number\":", out));
    *out++ = ',';
  }
  if (record.severity_text.present()) {
    out = put_value(record.severity_text, put("\"severity_text\":", out));
    *out++ = ',';
  }
  if (record.body.present()) {
    out = put_value(record.body, put("\"body\":", out));
    *out++ = ',';
  }
  return out;
}

char* put_ids(const LogRecord& record, char* out) noexcept {
  if (!record.trace_id.empty()) {
    out = put(record.trace_id, put("\"trace_id\":\"", out));
    out = put("\",", out);
  }
  if (!record.span_id.empty()) {
    out = put(record.span_id, put("\"span_id\":\"", out));
    out = put("\",", out);
  }
  return out;
}

char* put_tail(const LogRecord& record, char* out) noexcept {
  if (record.attribute_count() != 0) out = put_attributes(record, out);
  if (!record.resource.empty()) {
    out = put("},", put_members(record.resource, put("\"resource\":{", out)));
  }
  if (record.scope.present()) {
    out = put_value(record.scope, put("\"scope\":", out));
    *out++ = ',';
  }
  out = put_ids(record, out);
  if (record.trace_flags.present()) {
    out = put_value(record.trace_flags, put("\"trace_flags\":", out));
    *out++ = ',';
  }
  if (record.event_name.present()) {
    out = put_value(record.event_name, put("\"event_name\":", out));
    *out++ = ',';
  }
  return out;
}

}  // namespace

std::size_t line_bytes_max(const LogRecord& record) noexcept {
  return kFixedBytesMax + value_bytes_max(record.severity_text) + value_bytes_max(record.body) +
         pieces_bytes(record.attributes_text) + members_bytes_max(record.attributes) +
         members_bytes_max(record.resource) + value_bytes_max(record.scope) +
         value_bytes_max(record.trace_flags) + value_bytes_max(record.event_name) +
         record.source.size();
}

WrittenLine write_line(const LogRecord& record, char* out) noexcept {
  char* const begin = out;
  *out++ = ',';
  out = put_tail(record, put_head(record, out));
  const auto splice_offset = static_cast<std::size_t>(out - begin) - 1;
  out = put("\"_src\":\"", out);
  out = put(record.source, out);
  out = put("\"}", out);
  return {static_cast<std::size_t>(out - begin), splice_offset};
}

}  // namespace logboom::record
