#include "handlers/text_lines.hpp"

#include "record/utf8.hpp"

#include <cstring>

namespace logboom::handlers {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";
constexpr record::Attribute kInvalidUtf8 = {record::Value::json("\"logboom.invalid_utf8\""),
                                            record::Value::json("true")};

std::string_view without_line_end(std::string_view line) noexcept {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

TextLines::TextLines(RecordIntake& intake, TextSplit split) noexcept
    : intake_(intake),
      parser_(intake.context().arena, {.depth_max = intake.context().limits.json_depth_max,
                                       .attributes_max = intake.context().limits.attributes_max,
                                       .now_ns = intake.context().arrival_ns}),
      split_(split) {}

std::size_t TextLines::feed(std::string_view bytes, bool last) {
  if (split_ == TextSplit::none && !last) return 0;
  valid_utf8_ = record::is_valid_utf8(bytes);
  if (split_ == TextSplit::none) {
    take_text(without_line_end(bytes));
    return bytes.size();
  }
  std::size_t at = 0;
  while (at < bytes.size()) {
    const void* const newline = std::memchr(bytes.data() + at, '\n', bytes.size() - at);
    if (newline == nullptr && !last) break;
    const std::size_t end =
        newline == nullptr
            ? bytes.size()
            : static_cast<std::size_t>(static_cast<const char*>(newline) - bytes.data()) + 1;
    take_line(without_line_end(bytes.substr(at, end - at)));
    at = end;
  }
  return at;
}

void TextLines::take_line(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return;
  const bool like_object = split_ == TextSplit::structured && line[begin] == '{';
  if (like_object && take_object(line.substr(begin))) return;
  take_text(line);
}

// Takes the line as a structured record if it is a JSON object and nothing else.
bool TextLines::take_object(std::string_view line) {
  line = line.substr(0, line.find_last_not_of(kSpaces) + 1);
  if (line.back() != '}' || (!valid_utf8_ && !record::is_valid_utf8(line))) return false;
  record::LogRecord record;
  const record::JsonVerdict verdict = parser_.parse(line, record);
  if (!verdict.valid() || verdict.position != line.size()) return false;
  record.source = "json";
  intake_.accept(record, line);
  return true;
}

void TextLines::take_text(std::string_view text) {
  record::LogRecord record;
  record.source = "text";
  record.body = record::Value::text(text);
  if (!valid_utf8_ && !record::is_valid_utf8(text)) {
    record.body.bytes = record::replace_invalid_utf8(text, intake_.context().arena);
    record.attributes = {&kInvalidUtf8, 1};
  }
  intake_.accept(record, text);
}

}  // namespace logboom::handlers
