#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "handlers/record_intake.hpp"
#include "record/json_record.hpp"

namespace logboom::handlers {

// Whether top-level arrays are many records or one record's body.
enum class Arrays : std::uint8_t { unwrapped, body };

// Reads records from a body of JSON: values one after the other, with or without line breaks
// between, and arrays of them. Objects become records, other values a record's body. An object
// that holds nothing but one array under `logs`, `records`, `events` or `batch` is unwrapped.
//
// What is bad is refused, and reading goes on: in a stream at the next line (behind a value of
// several lines, at the next line that begins with a brace), in an array at the next element, or,
// if brackets or quotes do not match, at the next line that begins an object.
//
// feed() as in PlainLogHandler. How the body is cut into feeds does not change the records.
class JsonStream {
 public:
  JsonStream(RecordIntake& intake, Arrays arrays) noexcept;

  [[nodiscard]] std::size_t feed(std::string_view bytes, bool last);

 private:
  enum class State : std::uint8_t {
    between,        // values
    first_element,  // behind the bracket that opens an array
    element,        // behind a comma
    after_element,  // before a comma or the closing bracket
    wrapper_close   // before the brace that closes a wrapper object
  };

  // What a step did: it moved on, or it needs bytes that are not there (yet).
  enum class Step : bool { done, starved };

  Step step();
  Step step_between();
  Step step_element();
  Step step_after_element();
  Step step_wrapper_close();

  Step read_stream_value();
  Step read_wrapper(std::size_t array_offset);
  [[nodiscard]] record::JsonVerdict read_value();
  [[nodiscard]] bool closes_itself() const noexcept;
  [[nodiscard]] record::JsonFault fault_behind_element(std::size_t next) const noexcept;
  [[nodiscard]] bool may_continue(const record::JsonVerdict& verdict) const noexcept;
  void deliver(std::size_t bytes);

  Step refuse_in_stream(const record::JsonVerdict& verdict);
  Step refuse_in_array(const record::JsonVerdict& verdict);
  void refuse(const record::JsonVerdict& verdict, const char* resume);
  void close_array() noexcept;
  [[nodiscard]] Step starve_in_array();

  [[nodiscard]] std::string_view rest() const noexcept {
    return {at_, static_cast<std::size_t>(end_ - at_)};
  }
  void skip_space() noexcept {
    while (at_ != end_ && record::JsonScanner::is_space(*at_)) ++at_;
  }

  RecordIntake& intake_;
  record::JsonRecordParser parser_;
  record::LogRecord record_;
  Arrays arrays_;
  State state_ = State::between;
  bool wrapped_ = false;

  // The feed at hand.
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  bool last_ = false;
  bool valid_utf8_ = false;
};

}  // namespace logboom::handlers
