#pragma once

#include <cstdint>
#include <string_view>

#include "arena/arena.hpp"
#include "server/http_request.hpp"

namespace logboom::server {

// What to answer; views into the request's arena or static text.
struct Reply {
  std::uint16_t status = 200;
  std::string_view content_type = "application/json";
  std::string_view body;
  std::string_view extra_headers;  // whole lines, each ended by CR LF
};

// How the answer is framed for this request and connection.
struct ReplyFraming {
  bool close = false;                // adds `Connection: close`
  bool announce_keep_alive = false;  // HTTP/1.0 asked for it
  bool without_body = false;         // HEAD: the header only, with the body's length
  std::string_view date;             // an IMF-fixdate
};

// The bytes to send, header and body in one piece, in the arena.
[[nodiscard]] std::string_view render(const Reply& reply, const ReplyFraming& framing,
                                      arena::Arena& arena);

// {"error":"...","code":"..."}; 503 and 429 tell when to come back.
[[nodiscard]] Reply error_reply(const HttpError& error, arena::Arena& arena);

// What is sent when there is not even an arena to parse the request in.
[[nodiscard]] std::string_view overload_reply_without_arena() noexcept;

[[nodiscard]] std::string_view status_text(std::uint16_t status) noexcept;

}  // namespace logboom::server
