#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <simdjson.h>

namespace logboom::query {

// A value inside a line: a string's content, or the JSON text of anything else.
struct JsonText {
  std::string_view text;
  bool is_string = false;
};

// Reads a value by error codes; nothing if it is not JSON. The view lives until the document is
// rewound or the next line is loaded.
[[nodiscard]] std::optional<JsonText> text_of(simdjson::ondemand::value value);

// One stored line, to be walked with simdjson On-Demand. Reused from line to line: it keeps its
// buffers. One thread.
class JsonLine {
 public:
  // Copies the line behind which simdjson may read. False if it is not a JSON object.
  [[nodiscard]] bool load(std::string_view line);

  // The record's fields from the beginning; ends walks begun before.
  [[nodiscard]] simdjson::simdjson_result<simdjson::ondemand::object> fields();

  // The value at a dotted path: from the root, else in `attributes`, else in `resource`. Each name
  // on the way may be a nested object's or have literal dots. Views as in text_of().
  [[nodiscard]] std::optional<JsonText> find(std::string_view path);
  // The same from the root only.
  [[nodiscard]] std::optional<JsonText> find_at_root(std::string_view path);

 private:
  simdjson::ondemand::parser parser_;
  simdjson::ondemand::document document_;
  std::string padded_;
};

}  // namespace logboom::query
