#pragma once

#include <cstddef>
#include <string_view>

#include "handlers/handler.hpp"

namespace logboom::handlers {

// The handler of POST /log: JSON objects, arrays, NDJSON and text, told apart by content.
//
// A push parser: call feed() with everything not yet consumed, `last` true on the final call; it
// returns how many bytes it consumed, and the caller offers the rest again with more behind it.
// Records reach the sink in order, in whole. An ordinary body is one call with `last`.
// The bytes must have simdjson::SIMDJSON_PADDING readable bytes behind them and outlive the call.
// Lives in the request's arena; one io thread; allocates only from the arena.
class PlainLogHandler {
 public:
  explicit PlainLogHandler(const RequestContext& context) noexcept;

  [[nodiscard]] std::size_t feed(std::string_view bytes, bool last);
  [[nodiscard]] Outcome outcome() const noexcept;
};

// Writes the JSON reply of /log (DESIGN 1.4) for an outcome into the arena.
[[nodiscard]] std::string_view write_plain_log_reply(const Outcome& outcome, arena::Arena& arena);

}  // namespace logboom::handlers
