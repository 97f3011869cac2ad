#include "query/text_format.hpp"

#include <array>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "query/json_line.hpp"
#include "query/severity.hpp"

namespace logboom::query {

// The pieces of one record in the order they are shown, ready to be printed. They are collected
// first because the stored order differs.
struct TextFormatter::Parts {
  std::string time;
  std::string observed_time;
  std::string level;
  std::int64_t severity_number = 0;
  std::string service;
  std::string message;
  std::string attributes;  // each with a space before it
  std::string trace;

  void clear() {
    severity_number = 0;
    for (std::string* part :
         {&time, &observed_time, &level, &service, &message, &attributes, &trace}) {
      part->clear();
    }
  }
};

namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kReset = "\x1b[0m";

bool is_control(unsigned char c) noexcept {
  return c < 0x20 || c == 0x7f;
}

// U+0080 to U+009F in UTF-8: C2 80 to C2 9F. Some terminals obey them.
bool is_c1_control(std::string_view rest) noexcept {
  return rest.size() > 1 && static_cast<unsigned char>(rest[0]) == 0xc2 &&
         static_cast<unsigned char>(rest[1]) < 0xa0;
}

void append_escape(unsigned char c, std::string& out) {
  switch (c) {
    case '\n': out += "\\n"; break;
    case '\r': out += "\\r"; break;
    case '\t': out += "\\t"; break;
    default: fmt::format_to(std::back_inserter(out), "\\x{:02x}", c);
  }
}

void append_visible(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_c1_control(text.substr(i))) {
      append_escape(static_cast<unsigned char>(text[++i]), out);
    } else if (is_control(static_cast<unsigned char>(text[i]))) {
      append_escape(static_cast<unsigned char>(text[i]), out);
    } else {
      out += text[i];
    }
  }
}

bool needs_quotes(std::string_view text) noexcept {
  return text.empty() || text.find_first_of(" =\"\\\n\r\t") != std::string_view::npos;
}

void append_quoted(std::string_view text, std::string& out) {
  out += '"';
  std::size_t start = 0;
  for (std::size_t at = text.find_first_of("\"\\"); at != std::string_view::npos;
       at = text.find_first_of("\"\\", at + 1)) {
    append_visible(text.substr(start, at - start), out);
    out += '\\';
    start = at;
  }
  append_visible(text.substr(start), out);
  out += '"';
}

void append_attribute(std::string_view name, const JsonText& value, std::string& out) {
  out += ' ';
  append_visible(name, out);
  out += '=';
  if (value.is_string && needs_quotes(value.text)) {
    append_quoted(value.text, out);
  } else {
    append_visible(value.text, out);
  }
}

// Calls `visit(name, value)` for each member until something is not JSON.
template <class Visit>
void each_field(simdjson::simdjson_result<ondemand::object> fields, Visit visit) {
  ondemand::object object;
  if (std::move(fields).get(object)) return;
  for (auto item : object) {
    ondemand::field field;
    std::string_view name;
    if (std::move(item).get(field) || field.unescaped_key().get(name)) return;
    visit(name, field.value());
  }
}

void append_attributes(ondemand::value value, std::string& out) {
  each_field(value.get_object(), [&](std::string_view name, ondemand::value attribute) {
    if (auto text = text_of(attribute)) append_attribute(name, *text, out);
  });
}

void append_service(ondemand::value value, std::string& out) {
  each_field(value.get_object(), [&](std::string_view name, ondemand::value attribute) {
    if (name != "service.name") return;
    if (auto text = text_of(attribute)) append_visible(text->text, out);
  });
}

// `2026-01-02T03:04:05.678901234Z` to milliseconds; other texts as they are.
void append_time(std::string_view time, std::string& out) {
  constexpr std::size_t kToMilliseconds = 23;
  bool nanoseconds = time.size() > kToMilliseconds && time[19] == '.' && time.ends_with('Z');
  append_visible(nanoseconds ? time.substr(0, kToMilliseconds) : time, out);
  if (nanoseconds) out += 'Z';
}

std::string_view colour_of(std::int64_t severity_number, std::string_view level) noexcept {
  constexpr std::array<std::string_view, 6> kColours{"\x1b[2m",  "\x1b[36m", "\x1b[32m",
                                                     "\x1b[33m", "\x1b[31m", "\x1b[1;31m"};
  if (severity_number >= 1 && severity_number <= 24) {
    return kColours[static_cast<std::size_t>(severity_number - 1) / 4];
  }
  return level.empty() ? std::string_view{} : kColours[2];
}

}  // namespace

TextFormatter::TextFormatter(bool colour)
    : colour_(colour), json_(std::make_unique<JsonLine>()), parts_(std::make_unique<Parts>()) {}

TextFormatter::~TextFormatter() = default;

void TextFormatter::append(std::string_view line, std::string& out) {
  if (!json_->load(line)) {
    append_visible(line, out);
    out += '\n';
    return;
  }
  Parts& parts = *parts_;
  parts.clear();
  each_field(json_->fields(), [&](std::string_view name, ondemand::value value) {
    if (name == "attributes") return append_attributes(value, parts.attributes);
    if (name == "resource") return append_service(value, parts.service);
    if (name == "severity_number") {
      if (value.get_int64().get(parts.severity_number)) parts.severity_number = 0;
      return;
    }
    auto text = text_of(value);
    if (!text) return;
    if (name == "timestamp") return append_time(text->text, parts.time);
    if (name == "observed_timestamp") return append_time(text->text, parts.observed_time);
    if (name == "severity_text") return append_visible(text->text, parts.level);
    if (name == "body") return append_visible(text->text, parts.message);
    if (name == "trace_id" || name == "span_id" || name == "event_name") {
      append_attribute(name, *text, parts.trace);
    }
  });
  append_parts(parts, out);
}

void TextFormatter::append_coloured(std::string_view colour, std::string_view text,
                                    std::string& out) const {
  if (!colour_ || colour.empty() || text.empty()) {
    out += text;
    return;
  }
  out.append(colour).append(text).append(kReset);
}

void TextFormatter::append_parts(const Parts& parts, std::string& out) const {
  std::string_view level = parts.level;
  if (level.empty()) level = severity_name(parts.severity_number);
  append_coloured(kDim, parts.time.empty() ? parts.observed_time : parts.time, out);
  if (!level.empty()) {
    out += ' ';
    append_coloured(colour_of(parts.severity_number, level), level, out);
  }
  for (std::string_view part : {std::string_view{parts.service}, std::string_view{parts.message}}) {
    if (!part.empty()) out.append(" ").append(part);
  }
  append_coloured(kDim, parts.attributes, out);
  append_coloured(kDim, parts.trace, out);
  out += '\n';
}

}  // namespace logboom::query
