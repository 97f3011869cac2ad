#include "handlers/json_stream.hpp"

#include "record/json_text.hpp"
#include "record/utf8.hpp"

#include <array>
#include <cstring>

namespace logboom::handlers {
namespace {

using record::JsonFault;
using record::JsonScanner;
using record::JsonVerdict;

constexpr std::string_view kSource = "json";

static_assert(record::JsonRecordParser::kReadableBehind <= 64, "what plain_log.hpp asks for");

std::string_view span_of(const char* begin, const char* end) noexcept {
  return {begin, static_cast<std::size_t>(end - begin)};
}

std::string_view trim_end(std::string_view text) noexcept {
  while (!text.empty() && JsonScanner::is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::size_t skip_space(std::string_view text, std::size_t at) noexcept {
  while (at < text.size() && JsonScanner::is_space(text[at])) ++at;
  return at;
}

// The name of a wrapper's array that a key may be which begins with this byte, with its closing
// quote; or empty. Each has a first byte of its own.
constexpr std::string_view wrapper_name(char first) noexcept {
  switch (first) {
    case 'l': return "logs\"";
    case 'r': return "records\"";
    case 'e': return "events\"";
    case 'b': return "batch\"";
    default: return {};
  }
}

// The offset of the bracket in an object that begins like a wrapper: {"logs":[ ; else 0.
std::size_t wrapper_array(std::string_view object) noexcept {
  std::size_t at = skip_space(object, 1);
  if (at + 1 >= object.size() || object[at] != '"') return 0;
  const std::string_view name = wrapper_name(object[++at]);
  if (name.empty() || !object.substr(at).starts_with(name)) return 0;
  at = skip_space(object, at + name.size());
  if (at == object.size() || object[at] != ':') return 0;
  at = skip_space(object, at + 1);
  return at != object.size() && object[at] == '[' ? at : 0;
}

// The first line break in [at, end) whose next line begins with a brace, after spaces if
// `indented`; else null.
const char* find_line_of_object(const char* at, const char* end, bool indented) noexcept {
  for (;;) {
    const auto left = static_cast<std::size_t>(end - at);
    const auto* const found = static_cast<const char*>(std::memchr(at, '\n', left));
    if (found == nullptr) return nullptr;
    at = found + 1;
    const char* next = at;
    while (indented && next != end && JsonScanner::is_space(*next)) ++next;
    if (next != end && *next == '{') return found;
  }
}

enum class Skipped : std::uint8_t { found, at_end, lost };

// Advances `at` behind a string that begins here; a raw line break means that a quote is missing.
Skipped skip_string_loosely(const char*& at, const char* end) noexcept {
  ++at;
  for (;;) {
    at = record::find_string_special(at, end);
    if (at == end) return Skipped::at_end;
    if (*at == '"') {
      ++at;
      return Skipped::found;
    }
    if (*at == '\n') return Skipped::lost;
    if (*at == '\\' && ++at == end) return Skipped::at_end;
    ++at;
  }
}

// Advances `at` over a bad element to the comma or bracket behind it, by quotes and brackets
// alone.
Skipped skip_element_loosely(const char*& at, const char* end) noexcept {
  std::array<char, 64> closers;
  std::size_t depth = 0;
  while (at != end) {
    const char byte = *at;
    if (byte == '"') {
      const Skipped string = skip_string_loosely(at, end);
      if (string != Skipped::found) return string;
      continue;
    }
    if (depth == 0 && (byte == ',' || byte == ']')) return Skipped::found;
    if (byte == '{' || byte == '[') {
      if (depth == closers.size()) return Skipped::lost;
      closers[depth++] = byte == '{' ? '}' : ']';
    } else if (byte == '}' || byte == ']') {
      if (depth == 0 || closers[--depth] != byte) return Skipped::lost;
    }
    ++at;
  }
  return Skipped::at_end;
}

}  // namespace

JsonStream::JsonStream(RecordIntake& intake, Arrays arrays) noexcept
    : intake_(intake),
      parser_(intake.context().arena, {.depth_max = intake.context().limits.json_depth_max,
                                       .attributes_max = intake.context().limits.attributes_max,
                                       .now_ns = intake.context().arrival_ns}),
      arrays_(arrays) {}

std::size_t JsonStream::feed(std::string_view bytes, bool last) {
  at_ = bytes.data();
  end_ = at_ + bytes.size();
  last_ = last;
  valid_utf8_ = record::is_valid_utf8(bytes);
  while (step() == Step::done) {
  }
  return static_cast<std::size_t>(at_ - bytes.data());
}

JsonStream::Step JsonStream::step() {
  skip_space();
  if (at_ == end_) return state_ == State::between ? Step::starved : starve_in_array();
  switch (state_) {
    case State::between: return step_between();
    case State::first_element:
    case State::element: return step_element();
    case State::after_element: return step_after_element();
    case State::wrapper_close: return step_wrapper_close();
  }
  return Step::starved;
}

// The body ended inside an array. Its elements have been read, but the sender meant more.
JsonStream::Step JsonStream::starve_in_array() {
  if (last_) {
    intake_.reject(RejectReason::bad_json, "the array is not closed", span_of(at_, at_));
    state_ = State::between;
  }
  return Step::starved;
}

JsonStream::Step JsonStream::step_between() {
  if (*at_ == '[' && arrays_ == Arrays::unwrapped) {
    ++at_;
    state_ = State::first_element;
    wrapped_ = false;
    return Step::done;
  }
  const std::size_t array_offset = *at_ == '{' ? wrapper_array(rest()) : 0;
  return array_offset == 0 ? read_stream_value() : read_wrapper(array_offset);
}

// An object that begins like a wrapper is one if nothing follows its array; one that breaks off
// or has a bad element is taken for one, so that the good elements are not lost.
JsonStream::Step JsonStream::read_wrapper(std::size_t array_offset) {
  JsonScanner scanner(rest().substr(array_offset), intake_.context().limits.json_depth_max + 1);
  const bool more_follows = scanner.skip_value() && !scanner.next_is('}');
  if (scanner.fault() == JsonFault::incomplete && !last_) return Step::starved;
  if (more_follows && scanner.fault() == JsonFault::none) return read_stream_value();
  at_ += array_offset + 1;
  state_ = State::first_element;
  wrapped_ = true;
  return Step::done;
}

JsonVerdict JsonStream::read_value() {
  if (*at_ == '{') return parser_.parse(rest(), record_);
  JsonScanner scanner(rest(), intake_.context().limits.json_depth_max);
  const bool valid = scanner.skip_value();
  const auto position = static_cast<std::size_t>(scanner.at() - at_);
  if (!valid) return {scanner.fault(), position};
  record_ = record::LogRecord();
  record_.body = record::Value::json({at_, position});
  return {JsonFault::none, position};
}

// Whether the value that begins here says itself where it ends, unlike a number.
bool JsonStream::closes_itself() const noexcept {
  return *at_ == '{' || *at_ == '[' || *at_ == '"';
}

// Whether more bytes could change the verdict: the value is incomplete, or a number that touches
// the end.
bool JsonStream::may_continue(const JsonVerdict& verdict) const noexcept {
  if (last_) return false;
  if (verdict.fault == JsonFault::incomplete) return true;
  return verdict.valid() && !closes_itself() && at_ + verdict.position == end_;
}

void JsonStream::deliver(std::size_t bytes) {
  const std::string_view raw(at_, bytes);
  at_ += bytes;
  if (!valid_utf8_ && !record::is_valid_utf8(raw)) {
    intake_.reject_utf8(raw);
    return;
  }
  record_.source = kSource;
  intake_.accept(record_, raw);
}

// A value that is not an object must have its line's end for itself, else `42 apples` would be
// taken for a number.
JsonStream::Step JsonStream::read_stream_value() {
  JsonVerdict verdict = read_value();
  if (may_continue(verdict)) return Step::starved;
  if (verdict.valid() && *at_ != '{') {
    const std::size_t next = rest().find_first_not_of(" \t\r", verdict.position);
    if (next == std::string_view::npos && !last_) return Step::starved;
    if (next != std::string_view::npos && at_[next] != '\n') {
      verdict = {JsonFault::trailing_bytes, next};
    }
  }
  if (!verdict.valid()) return refuse_in_stream(verdict);
  deliver(verdict.position);
  return Step::done;
}

JsonStream::Step JsonStream::refuse_in_stream(const JsonVerdict& verdict) {
  const auto* newline = static_cast<const char*>(std::memchr(at_, '\n', rest().size()));
  const bool several_lines = newline != nullptr && newline < at_ + verdict.position;
  const char* resume = several_lines ? find_line_of_object(at_, end_, false) : newline;
  if (resume == nullptr) {
    if (!last_) return Step::starved;
    resume = end_;
  }
  refuse(verdict, resume);
  return Step::done;
}

void JsonStream::refuse(const JsonVerdict& verdict, const char* resume) {
  intake_.reject_json(verdict, trim_end(span_of(at_, resume)));
  at_ = resume;
}

void JsonStream::close_array() noexcept {
  ++at_;
  state_ = wrapped_ ? State::wrapper_close : State::between;
}

JsonStream::Step JsonStream::step_element() {
  if (*at_ == ']' && state_ == State::first_element) {
    close_array();
    return Step::done;
  }
  JsonVerdict verdict = read_value();
  if (may_continue(verdict)) return Step::starved;
  if (verdict.valid()) {
    const std::size_t next = handlers::skip_space(rest(), verdict.position);
    if (next == rest().size() && !last_) return Step::starved;
    verdict.fault = fault_behind_element(next);
    if (!verdict.valid()) verdict.position = next;
  }
  if (!verdict.valid()) return refuse_in_array(verdict);
  deliver(verdict.position);
  state_ = State::after_element;
  return Step::done;
}

// An element counts only if a comma or the closing bracket follows at `next`: of `5x` the 5 does
// not. Where the body breaks off, a value that is whole is not lost, and a number may not be whole.
JsonFault JsonStream::fault_behind_element(std::size_t next) const noexcept {
  if (next == rest().size()) return closes_itself() ? JsonFault::none : JsonFault::incomplete;
  const bool separated = at_[next] == ',' || at_[next] == ']';
  return separated ? JsonFault::none : JsonFault::expected_comma;
}

// A good element is followed by one of these, and behind a bad one reading went on at one.
JsonStream::Step JsonStream::step_after_element() {
  if (*at_ == ']') {
    close_array();
  } else {
    ++at_;
    state_ = State::element;
  }
  return Step::done;
}

JsonStream::Step JsonStream::refuse_in_array(const JsonVerdict& verdict) {
  const char* resume = at_;
  const Skipped skipped = skip_element_loosely(resume, end_);
  if (skipped == Skipped::found) {
    refuse(verdict, resume);
    state_ = State::after_element;
    return Step::done;
  }
  if (skipped == Skipped::at_end && !last_) return Step::starved;
  resume = find_line_of_object(at_, end_, true);
  if (resume == nullptr && !last_) return Step::starved;
  state_ = resume == nullptr ? State::between : State::element;
  refuse(verdict, resume == nullptr ? end_ : resume);
  return Step::done;
}

JsonStream::Step JsonStream::step_wrapper_close() {
  state_ = State::between;
  if (*at_ == '}') ++at_;
  return Step::done;
}

}  // namespace logboom::handlers
