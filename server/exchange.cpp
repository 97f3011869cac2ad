#include "server/exchange.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <type_traits>

namespace logboom::server {
namespace {

// Holds the whole of an ordinary request, so that it takes one read and no second block.
constexpr std::size_t kHeadBlockBytes = 8 * 1024;
// A chunked body begins with a block of this size at least.
constexpr std::size_t kChunkedBlockBytes = 64 * 1024;

constexpr HttpError kHeaderTooLarge{431, ErrorCode::header_too_large,
                                    "The request header is larger than limits.header allows."};

}  // namespace

Exchange* Exchange::create(arena::Arena& arena, const HeadLimits& limits, HeadMemo& memo) {
  static_assert(std::is_trivially_destructible_v<Exchange>);
  return ::new (arena.allocate(sizeof(Exchange), alignof(Exchange))) Exchange(arena, limits, memo);
}

Exchange::Exchange(arena::Arena& arena, const HeadLimits& limits, HeadMemo& memo)
    : arena_(arena), limits_(limits), memo_(memo) {
  begin_ = arena_.create_span_uninitialized<char>(kHeadBlockBytes).data();
  parsed_ = end_ = begin_;
  limit_ = begin_ + kHeadBlockBytes - kBodyPadding;
}

void Exchange::preload(std::string_view bytes) {
  if (bytes.size() >= static_cast<std::size_t>(limit_ - end_)) {
    move_to_block(bytes.size() + kHeadBlockBytes, end_, end_);
    parsed_ = begin_;
  }
  std::memcpy(end_, bytes.data(), bytes.size());
  end_ += bytes.size();
}

void Exchange::move_to_block(std::size_t bytes, const char* from, const char* to) {
  char* const block = arena_.create_span_uninitialized<char>(bytes + kBodyPadding).data();
  const auto moved = static_cast<std::size_t>(to - from);
  std::memcpy(block, from, moved);
  begin_ = block;
  end_ = block + moved;
  limit_ = block + bytes;
}

Exchange::Progress Exchange::fail(const HttpError& error) noexcept {
  error_ = error;
  return Progress::failed;
}

Exchange::Progress Exchange::parse_head() {
  if (!head_begun_) skip_empty_lines();
  const std::string_view fresh(parsed_, static_cast<std::size_t>(end_ - parsed_));
  if (!head_begun_) {
    if (fresh == "\r") return Progress::need_more;
    if (const auto known = memo_.find(fresh, arena_)) {
      head_ = known->head;
      parsed_ += known->bytes;
      return Progress::done;
    }
    if (const auto error = recognise_foreign_protocol(fresh)) return fail(*error);
  }
  return parse_new_head(fresh);
}

Exchange::Progress Exchange::parse_new_head(std::string_view fresh) {
  if (parser_ == nullptr) parser_ = RequestParser::create(arena_, limits_);
  const bool whole = !head_begun_;
  std::size_t consumed = 0;
  const Progress progress = parser_->parse_head(fresh, consumed);
  parsed_ += consumed;
  head_begun_ |= consumed > 0;
  head_ = parser_->head();
  if (progress == Progress::failed) return fail(parser_->error());
  if (progress == Progress::need_more) return end_ == limit_ ? grow_head() : progress;
  // The parser itself reads a chunked body.
  if (whole && !head_.chunked) memo_.keep(fresh.substr(0, consumed), head_);
  return progress;
}

// Clients have been known to send an empty line behind a body (RFC 9112 section 2.2).
void Exchange::skip_empty_lines() noexcept {
  while (end_ - parsed_ >= 2 && parsed_[0] == '\r' && parsed_[1] == '\n') parsed_ += 2;
}

bool Exchange::has_begun() const noexcept {
  return head_begun_ || (end_ != parsed_ && !(end_ - parsed_ == 1 && *parsed_ == '\r'));
}

// Views of what has been parsed stay valid: the arena keeps the old block until it is reset.
Exchange::Progress Exchange::grow_head() {
  const auto size = static_cast<std::size_t>(end_ - begin_);
  if (size >= limits_.header_bytes_max) return fail(kHeaderTooLarge);
  const auto parsed = static_cast<std::size_t>(parsed_ - begin_);
  move_to_block(std::min(size * 2, limits_.header_bytes_max), begin_, end_);
  parsed_ = begin_ + parsed;
  return Progress::need_more;
}

void Exchange::begin_body(std::size_t body_bytes_max) {
  body_bytes_max_ = body_bytes_max;
  const std::size_t wanted =
      head().chunked ? kChunkedBlockBytes : static_cast<std::size_t>(*head().content_length);
  if (head().chunked || static_cast<std::size_t>(limit_ - parsed_) < wanted) {
    const auto received = static_cast<std::size_t>(end_ - parsed_);
    move_to_block(std::max(wanted, received + 1), parsed_, end_);
    parsed_ = begin_;
    body_block_ = begin_;
  }
  body_begin_ = body_end_ = parsed_;
}

Exchange::Progress Exchange::parse_body() {
  if (head().chunked) return parse_chunks();
  const auto length = static_cast<std::size_t>(*head().content_length);
  if (static_cast<std::size_t>(end_ - body_begin_) < length) return Progress::need_more;
  body_end_ = parsed_ = body_begin_ + length;
  return Progress::done;
}

Exchange::Progress Exchange::parse_chunks() {
  std::size_t consumed = 0;
  const std::string_view fresh(parsed_, static_cast<std::size_t>(end_ - parsed_));
  const Progress progress = parser_->parse_chunks(fresh, consumed, body_end_, body_bytes_max_);
  parsed_ += consumed;
  if (progress == Progress::failed) return fail(parser_->error());
  if (progress == Progress::done) return progress;
  // Close the gap that the framing leaves between the decoded bytes and what is yet to be decoded.
  const auto pending = static_cast<std::size_t>(end_ - parsed_);
  std::memmove(body_end_, parsed_, pending);
  parsed_ = body_end_;
  end_ = parsed_ + pending;
  if (limit_ - end_ < static_cast<std::ptrdiff_t>(kChunkedBlockBytes / 4)) {
    void* const old = body_block_;
    const auto decoded = static_cast<std::size_t>(body_end_ - body_begin_);
    move_to_block(static_cast<std::size_t>(limit_ - begin_) * 2, begin_, end_);
    arena_.release_large(old);
    body_block_ = body_begin_ = begin_;
    body_end_ = parsed_ = begin_ + decoded;
  }
  return progress;
}

std::optional<std::size_t> Exchange::missing_bytes() const noexcept {
  if (head().chunked) return std::nullopt;
  const auto length = static_cast<std::size_t>(*head().content_length);
  return length - std::min(length, held_bytes());
}

void Exchange::release_body() noexcept {
  if (body_block_ == nullptr) return;
  const auto pending = static_cast<std::size_t>(end_ - parsed_);
  if (pending > 0) {
    char* const kept = arena_.create_span_uninitialized<char>(pending).data();
    std::memcpy(kept, parsed_, pending);
    parsed_ = kept;
    end_ = kept + pending;
  } else {
    parsed_ = end_ = limit_ = nullptr;
  }
  arena_.release_large(body_block_);
  body_block_ = nullptr;
  body_begin_ = body_end_ = nullptr;
}

std::size_t Exchange::held_bytes() const noexcept {
  return static_cast<std::size_t>(end_ - body_begin_);
}

std::string_view Exchange::leftover() const noexcept {
  return {parsed_, static_cast<std::size_t>(end_ - parsed_)};
}

}  // namespace logboom::server
