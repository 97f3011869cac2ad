#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "handlers/record_intake.hpp"
#include "record/json_record.hpp"

namespace logboom::handlers {

// How a body of text becomes records.
enum class TextSplit : std::uint8_t {
  lines,       // one a line
  structured,  // one a line, and a line that is a complete JSON object is structured
  none         // one for the whole body
};

// Reads records from a body of text. Lines end with LF or CRLF; blank ones are skipped. Invalid
// UTF-8 is kept as U+FFFD, and the attribute `logboom.invalid_utf8` says so. feed() as in
// PlainLogHandler.
class TextLines {
 public:
  TextLines(RecordIntake& intake, TextSplit split) noexcept;

  [[nodiscard]] std::size_t feed(std::string_view bytes, bool last);

 private:
  void take_line(std::string_view line);
  void take_text(std::string_view text);
  [[nodiscard]] bool take_object(std::string_view line);

  RecordIntake& intake_;
  record::JsonRecordParser parser_;
  TextSplit split_;
  bool valid_utf8_ = false;  // the feed at hand
};

}  // namespace logboom::handlers
