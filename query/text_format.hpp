#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace logboom::query {

class JsonLine;

// Makes stored lines readable for people, one line a record:
//   2026-01-02T03:04:05.678Z WARN checkout payment failed user.id=42 reason="card expired"
// that is time, level, service, message, attributes and trace; what a record has not is left out.
// Control characters from records are escaped, so that a log cannot drive the terminal.
// Keeps buffers from line to line, so one thread at a time.
class TextFormatter {
 public:
  explicit TextFormatter(bool colour);
  ~TextFormatter();

  // Appends the record and a line break. A line that is not JSON is appended as it is.
  void append(std::string_view line, std::string& out);

 private:
  struct Parts;

  void append_parts(const Parts& parts, std::string& out) const;
  void append_coloured(std::string_view colour, std::string_view text, std::string& out) const;

  bool colour_;
  std::unique_ptr<JsonLine> json_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace logboom::query
