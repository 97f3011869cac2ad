#include <simdjson.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "record/json_scanner.hpp"
#include "record/json_text.hpp"
#include "record/utf8.hpp"

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

// The reasons for which simdjson's DOM refuses what RFC 8259 allows: numbers it cannot hold, and
// escapes of lone surrogates, which it reports as a string error.
bool may_be_stricter(simdjson::error_code error) {
  return error == simdjson::NUMBER_ERROR || error == simdjson::STRING_ERROR;
}

void compare_with_dom(std::string_view text, bool ours) {
  simdjson::dom::parser parser;
  const simdjson::error_code error =
      parser.parse(simdjson::padded_string(text.data(), text.size())).error();
  if (error == simdjson::SUCCESS) require(ours, "what the DOM accepts is accepted");
  if (ours) {
    require(error == simdjson::SUCCESS || may_be_stricter(error),
            "what is accepted the DOM accepts, but for big numbers and lone surrogates");
  }
}

}  // namespace

// The scanner agrees with simdjson, survives every input, and minifying keeps validity.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const logboom::record::JsonVerdict verdict = logboom::record::check_json(text, 512);
  require(verdict.position <= size, "the position is inside the text");
  if (verdict.fault == logboom::record::JsonFault::incomplete) {
    require(verdict.position == size, "only the end is incomplete");
  }
  if (!logboom::record::is_valid_utf8(text)) return 0;
  compare_with_dom(text, verdict.valid());
  if (!verdict.valid()) return 0;
  std::vector<char> minified(size);
  const char* const end = logboom::record::minify(text, minified.data());
  const std::string_view small(minified.data(), static_cast<std::size_t>(end - minified.data()));
  require(logboom::record::check_json(small, 512).valid(), "minified text is valid");
  require(small.find('\n') == std::string_view::npos, "minified text has no line breaks");
  return 0;
}
