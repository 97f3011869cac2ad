#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "handlers/handler.hpp"
#include "handlers/json_stream.hpp"
#include "handlers/record_intake.hpp"
#include "handlers/text_lines.hpp"

namespace logboom::handlers {

// The handler of POST /log: JSON objects, arrays, NDJSON and text, told apart by content: a first
// byte `{` is a stream of JSON values; `[` an array, if what follows parses as its first element
// and goes on like an array; everything else is text. The query overrides: `format=json`,
// `ndjson`, `array` or `text` (then no line is taken for JSON), and `split=none` makes the whole
// body one text record. Another value of the two is the outcome's `request_error`; then the body is
// consumed unread.
//
// A push parser: call feed() with everything not yet consumed, `last` true on the final call; it
// returns how many bytes it consumed, and the caller offers the rest again with more behind it.
// Records reach the sink in order, in whole. An ordinary body is one call with `last`.
// The bytes must have simdjson::SIMDJSON_PADDING readable bytes behind them and outlive the call.
// Lives in the request's arena; one io thread; allocates only from the arena.
class PlainLogHandler {
 public:
  explicit PlainLogHandler(const RequestContext& context) noexcept;
  PlainLogHandler(const PlainLogHandler&) = delete;
  PlainLogHandler& operator=(const PlainLogHandler&) = delete;

  [[nodiscard]] std::size_t feed(std::string_view bytes, bool last);
  [[nodiscard]] Outcome outcome() const noexcept { return intake_.outcome(); }
  // What the body was taken for; nothing if it was empty, refused, or too short to tell.
  [[nodiscard]] std::optional<Protocol> protocol() const noexcept {
    if (json_ != nullptr) return Protocol::json;
    if (text_ != nullptr) return Protocol::text;
    return std::nullopt;
  }

 private:
  enum class Content : std::uint8_t { unknown, json, text, refused };

  void take_query(std::string_view query) noexcept;
  void refuse(std::string_view error) noexcept;
  [[nodiscard]] bool begin(std::string_view bytes, bool last);
  [[nodiscard]] Content tell_content(std::string_view bytes, bool last) noexcept;
  [[nodiscard]] Content tell_bracket(std::string_view from_bracket, bool last) const noexcept;

  RecordIntake intake_;
  Content content_ = Content::unknown;
  Arrays arrays_ = Arrays::unwrapped;
  TextSplit split_ = TextSplit::structured;
  JsonStream* json_ = nullptr;  // one of the two readers, once the content is known
  TextLines* text_ = nullptr;
};

// Writes the JSON reply of /log for an outcome into the arena:
// {"accepted":2,"rejected":1,"errors":[{"record":1,"line":2,"error":"..."}]}, `errors` only when
// something was rejected.
[[nodiscard]] std::string_view write_plain_log_reply(const Outcome& outcome, arena::Arena& arena);

}  // namespace logboom::handlers
