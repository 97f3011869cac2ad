#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "arena/arena.hpp"
#include "handlers/handler.hpp"
#include "record/json_scanner.hpp"
#include "record/log_record.hpp"

namespace logboom::handlers {

// The last step of every handler: holds records to the limits, gives them to the request's sink,
// and keeps count of what was accepted and refused. One io thread; allocates only from the arena.
//
// Between begin_feed() and end_feed() it knows the bytes at hand, so that a refused piece of them
// tells its own line number. Lines are counted only when somebody asks.
class RecordIntake {
 public:
  explicit RecordIntake(const RequestContext& context) noexcept : context_(context) {}
  RecordIntake(const RecordIntake&) = delete;
  RecordIntake& operator=(const RecordIntake&) = delete;

  void begin_feed(std::string_view bytes) noexcept;
  // The first `consumed` bytes are done with. Call it unless the feed was the last.
  void end_feed(std::size_t consumed) noexcept;

  // Gives the record to the sink, shortened or refused if it is over a limit (a native one: over
  // the limit and the slack of native_line.hpp, so that it comes back equal). An absent observed
  // time becomes the arrival. `raw` is what the record was made of, a part of the bytes at hand.
  void accept(record::LogRecord& record, std::string_view raw);

  // Refuses `raw`, a part of the bytes at hand behind all pieces refused before.
  void reject(RejectReason reason, std::string_view error, std::string_view raw,
              Protocol protocol = Protocol::json);
  // The same for bad JSON, or for bad UTF-8 in it: says the fault and its byte, counted from one,
  // in the piece.
  void reject_json(const record::JsonVerdict& verdict, std::string_view raw);
  void reject_utf8(std::string_view raw);

  // Marks a body that has nothing but white space.
  void set_empty_body() noexcept { outcome_.empty_body = true; }

  // Marks a request whose body is not read at all. `error` is one sentence of static text.
  void set_request_error(std::string_view error) noexcept { outcome_.request_error = error; }

  [[nodiscard]] const RequestContext& context() const noexcept { return context_; }
  [[nodiscard]] Outcome outcome() const noexcept { return outcome_; }

 private:
  [[nodiscard]] bool make_fit(record::LogRecord& record, std::string_view raw);
  [[nodiscard]] bool make_smaller(record::LogRecord& record, std::string_view raw,
                                  std::size_t bytes_max);
  std::uint64_t line_of(const char* position) noexcept;
  void reject_at(RejectReason reason, std::string_view fault, std::size_t position,
                 std::string_view raw);
  void keep(const Rejection& rejection);

  RequestContext context_;
  Outcome outcome_;
  std::span<Rejection> kept_;
  std::uint64_t line_ = 1;  // of the byte at counted_to_
  const char* feed_begin_ = nullptr;
  const char* counted_to_ = nullptr;
};

// Of a refused piece, `rejected/` gets no more than its beginning: a whole record at the default
// limits.record, and as much as the ring of the store takes.
inline constexpr std::size_t kRejectedBytesMax = 1024 * 1024;

}  // namespace logboom::handlers
