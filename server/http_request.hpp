#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "arena/arena.hpp"
#include "server/error_code.hpp"

namespace logboom::server {

enum class Method : std::uint8_t { get, head, post, put, options, other };

struct HttpField {
  std::string_view name;
  std::string_view value;
};

// A parsed request head; every view points into the request's arena.
struct RequestHead {
  Method method = Method::other;
  std::string_view path;   // before `?`
  std::string_view query;  // after `?`, undecoded
  bool http_1_0 = false;
  bool keep_alive = false;
  bool chunked = false;
  bool expects_continue = false;
  std::optional<std::uint64_t> content_length;
  std::string_view host;
  std::string_view content_encoding;  // the first that is not identity; else empty
  std::string_view accept;
  std::string_view user_agent;
  std::span<const HttpField> fields;

  // All the views but those of `fields`, for who takes a head to another place.
  [[nodiscard]] std::array<std::string_view*, 6> views() noexcept {
    return {&path, &query, &host, &content_encoding, &accept, &user_agent};
  }

  // A body follows the head.
  [[nodiscard]] bool has_body() const noexcept { return chunked || content_length.value_or(0) > 0; }
};

// A request that cannot be served: the reply's status and code, and one sentence.
struct HttpError {
  std::uint16_t status = 400;
  ErrorCode code = ErrorCode::bad_request;
  std::string_view message;
};

struct HeadLimits {
  std::size_t header_bytes_max = 64 * 1024;
  std::size_t header_count_max = 100;
};

// Parses one HTTP/1.x request with Boost.Beast's parser, whose fields become views of the bytes it
// is given: nothing is copied, nothing allocated outside the arena. What Beast lets pass and
// RFC 9112 forbids is refused here: obsolete line folding, repeated Content-Length, a transfer
// coding other than chunked, a missing or repeated Host.
//
// Lives in the request's arena; call destroy() before the arena is reset. One io thread.
class RequestParser {
 public:
  enum class Progress : std::uint8_t { need_more, done, failed };

  [[nodiscard]] static RequestParser* create(arena::Arena& arena, const HeadLimits& limits);
  virtual void destroy() noexcept = 0;

  // Parses what lies in `bytes`, which begins with the first byte not yet consumed; adds what it
  // consumed to `consumed`. On `done` head() is valid, on `failed` error() is.
  [[nodiscard]] virtual Progress parse_head(std::string_view bytes, std::size_t& consumed) = 0;
  [[nodiscard]] virtual const RequestHead& head() const noexcept = 0;
  [[nodiscard]] virtual const HttpError& error() const noexcept = 0;

  // Decodes a chunked body in place: `bytes` lies behind `body_end` in one buffer; decoded bytes
  // are moved to `body_end`, which advances. `done` when the last chunk and the trailers have been
  // consumed. More than `body_bytes_max` decoded bytes fail with 413.
  [[nodiscard]] virtual Progress parse_chunks(std::string_view bytes, std::size_t& consumed,
                                              char*& body_end, std::size_t body_bytes_max) = 0;

 protected:
  ~RequestParser() = default;
};

// What a client that does not speak HTTP/1 on this port is told: TLS, HTTP/2 with prior knowledge.
// `bytes` are the first of a connection. Nothing when they may still become an HTTP/1 request.
[[nodiscard]] std::optional<HttpError> recognise_foreign_protocol(std::string_view bytes) noexcept;

}  // namespace logboom::server
