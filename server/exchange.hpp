#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "arena/arena.hpp"
#include "server/head_memo.hpp"
#include "server/http_request.hpp"

namespace logboom::server {

// Readable bytes that a body must have behind it for simdjson.
inline constexpr std::size_t kBodyPadding = 64;

// The receiving side of one request: where its bytes go and what they mean. The header is read into
// a small block of the arena; a body that fits stays there, a larger one is received straight into
// one block of its own, a chunked one is decoded in place in a block that doubles.
//
// Lives in the request's arena, knows no socket; call destroy() before the arena is reset.
class Exchange {
 public:
  using Progress = RequestParser::Progress;

  // `memo` is the io thread's.
  static Exchange* create(arena::Arena& arena, const HeadLimits& limits, HeadMemo& memo);
  void destroy() noexcept {
    if (parser_ != nullptr) parser_->destroy();
  }

  // Room for the next bytes of the request, never empty while one of the parse calls wants more.
  [[nodiscard]] std::span<char> room() noexcept { return {end_, limit_}; }
  // `bytes` more have been written to room().
  void received(std::size_t bytes) noexcept { end_ += bytes; }
  // Puts bytes that came behind the previous request in front of this one.
  void preload(std::string_view bytes);

  // Whether anything has arrived but the empty lines that may precede a request.
  [[nodiscard]] bool has_begun() const noexcept;

  [[nodiscard]] Progress parse_head();
  // As far as it has been parsed.
  [[nodiscard]] const RequestHead& head() const noexcept { return head_; }
  [[nodiscard]] const HttpError& error() const noexcept { return error_; }

  // Makes room for the body that head() announces, at most `body_bytes_max`.
  void begin_body(std::size_t body_bytes_max);
  // `done` when body() is whole.
  [[nodiscard]] Progress parse_body();
  // The decoded body, kBodyPadding readable bytes behind it.
  [[nodiscard]] std::string_view body() const noexcept {
    return {body_begin_, static_cast<std::size_t>(body_end_ - body_begin_)};
  }
  // How many bytes of the body are still to come, where its length is known.
  [[nodiscard]] std::optional<std::size_t> missing_bytes() const noexcept;
  // What has been received or decoded of the body, and what follows it.
  [[nodiscard]] std::size_t held_bytes() const noexcept;
  // Gives a body's own block back to the warm cache; body() is empty from then on, leftover()
  // stays.
  void release_body() noexcept;

  // Bytes received and not part of this request: the next one's beginning.
  [[nodiscard]] std::string_view leftover() const noexcept;

 private:
  Exchange(arena::Arena& arena, const HeadLimits& limits, HeadMemo& memo);

  [[nodiscard]] Progress parse_new_head(std::string_view fresh);
  void move_to_block(std::size_t bytes, const char* from, const char* to);
  [[nodiscard]] Progress grow_head();
  void skip_empty_lines() noexcept;
  [[nodiscard]] Progress parse_chunks();
  [[nodiscard]] Progress fail(const HttpError& error) noexcept;

  arena::Arena& arena_;
  HeadLimits limits_;
  HeadMemo& memo_;
  RequestParser* parser_ = nullptr;  // if the memo does not know the head
  RequestHead head_;
  HttpError error_;
  bool head_begun_ = false;  // the parser has consumed some of the head

  char* begin_;   // of the present block
  char* parsed_;  // what lies before has been consumed by the parser
  char* end_;     // what lies before has been received
  char* limit_;   // end of the block, less the padding

  char* body_begin_ = nullptr;
  char* body_end_ = nullptr;
  std::size_t body_bytes_max_ = 0;
  void* body_block_ = nullptr;  // the body's own block, if it has one
};

}  // namespace logboom::server
