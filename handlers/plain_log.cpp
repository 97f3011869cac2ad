#include "handlers/plain_log.hpp"

#include "record/json_scanner.hpp"
#include "record/json_text.hpp"
#include "record/native_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace logboom::handlers {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kSpaces = " \t\r\n";

// The value of a query parameter, undecoded; empty if there is none.
std::string_view parameter(std::string_view query, std::string_view name) noexcept {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) {
      return pair.substr(name.size() + 1);
    }
  }
  return {};
}

}  // namespace

PlainLogHandler::PlainLogHandler(const RequestContext& context) noexcept : intake_(context) {
  take_query(context.query);
}

void PlainLogHandler::take_query(std::string_view query) noexcept {
  const std::string_view format = parameter(query, "format");
  const std::string_view split = parameter(query, "split");
  const bool json = format == "json" || format == "ndjson" || format == "array";
  if (!format.empty() && !json && format != "text") {
    return refuse("format must be json, ndjson, array or text");
  }
  if (!split.empty() && split != "none") return refuse("split must be none");
  if (!split.empty()) {
    content_ = Content::text;
    split_ = TextSplit::none;
  } else if (format == "text") {
    content_ = Content::text;
    split_ = TextSplit::lines;
  } else if (json) {
    content_ = Content::json;
  }
}

void PlainLogHandler::refuse(std::string_view error) noexcept {
  content_ = Content::refused;
  intake_.set_request_error(error);
}

std::size_t PlainLogHandler::feed(std::string_view bytes, bool last) {
  if (content_ == Content::refused) return bytes.size();
  intake_.begin_feed(bytes);
  std::size_t skipped = 0;
  if (json_ == nullptr && text_ == nullptr) {
    const bool mark_cut_off =
        !last && bytes.size() < kByteOrderMark.size() && kByteOrderMark.starts_with(bytes);
    if (mark_cut_off) return 0;
    if (bytes.starts_with(kByteOrderMark)) skipped = kByteOrderMark.size();
    if (!begin(bytes.substr(skipped), last)) return last ? bytes.size() : 0;
  }
  bytes.remove_prefix(skipped);
  const std::size_t consumed =
      json_ != nullptr ? json_->feed(bytes, last) : text_->feed(bytes, last);
  if (!last) intake_.end_feed(skipped + consumed);
  return skipped + consumed;
}

// Makes the reader that the content asks for; false if there are too few bytes to tell.
bool PlainLogHandler::begin(std::string_view bytes, bool last) {
  if (bytes.find_first_not_of(kSpaces) == std::string_view::npos) {
    if (last) intake_.set_empty_body();
    return false;
  }
  if (content_ == Content::unknown) content_ = tell_content(bytes, last);
  arena::Arena& arena = intake_.context().arena;
  if (content_ == Content::json) json_ = arena.create<JsonStream>(intake_, arrays_);
  if (content_ == Content::text) text_ = arena.create<TextLines>(intake_, split_);
  return content_ != Content::unknown;
}

PlainLogHandler::Content PlainLogHandler::tell_content(std::string_view bytes, bool last) noexcept {
  bytes.remove_prefix(bytes.find_first_not_of(kSpaces));
  if (bytes[0] == '[') return tell_bracket(bytes, last);
  if (bytes[0] != '{') return Content::text;
  arrays_ = Arrays::body;
  return Content::json;
}

// `[INFO] started`, `[12] started` and `[2026-01-02 03:04] started` are text.
PlainLogHandler::Content PlainLogHandler::tell_bracket(std::string_view from_bracket,
                                                       bool last) const noexcept {
  const Content undecided = last ? Content::text : Content::unknown;
  const std::size_t depth_max = intake_.context().limits.json_depth_max + record::kNativeDepthSlack;
  record::JsonScanner scanner(from_bracket.substr(1), depth_max);
  scanner.skip_space();
  const bool scalar = scanner.at_end() || (*scanner.at() != '{' && *scanner.at() != '[');
  const bool empty = !scanner.at_end() && *scanner.at() == ']';
  if (!empty && !scanner.skip_value()) {
    return scanner.fault() == record::JsonFault::incomplete ? undecided : Content::text;
  }
  if (scanner.next_is(',')) return Content::json;
  if (scanner.at_end()) return last ? Content::json : Content::unknown;
  if (!scalar) return Content::json;
  if (*scanner.at() != ']') return Content::text;
  const auto offset = static_cast<std::size_t>(scanner.at() + 1 - from_bracket.data());
  const std::size_t next = from_bracket.find_first_not_of(" \t\r", offset);
  if (next == std::string_view::npos) return last ? Content::json : Content::unknown;
  return from_bracket[next] == '\n' ? Content::json : Content::text;
}

namespace {

// Every sentence escaped, and the numbers and names around it.
std::size_t reply_bytes_max(const Outcome& outcome) noexcept {
  constexpr std::size_t kNumbersMax = 128;
  std::size_t bytes = kNumbersMax;
  for (const Rejection& rejection : outcome.errors) {
    bytes += rejection.error.size() * record::kEscapedBytesMax + kNumbersMax;
  }
  return bytes;
}

// Every reply has these, and formatting by a pattern takes several times as long.
char* put_number(std::string_view name, std::uint64_t value, char* out) noexcept {
  constexpr std::size_t kDigitsMax = 20;
  out = std::copy(name.begin(), name.end(), out);
  return std::to_chars(out, out + kDigitsMax, value).ptr;
}

}  // namespace

std::string_view write_plain_log_reply(const Outcome& outcome, arena::Arena& arena) {
  auto room = arena.create_span_uninitialized<char>(reply_bytes_max(outcome));
  char* out = put_number(R"({"accepted":)", outcome.accepted, room.data());
  out = put_number(R"(,"rejected":)", outcome.rejected, out);
  const char* separator = ",\"errors\":[";
  for (const Rejection& rejection : outcome.errors) {
    out = fmt::format_to(out, "{}{{\"record\":{},\"line\":{},\"error\":\"", separator,
                         rejection.record, rejection.line);
    out = record::escape(rejection.error, out);
    *out++ = '"';
    *out++ = '}';
    separator = ",";
  }
  if (!outcome.errors.empty()) *out++ = ']';
  *out++ = '}';
  return {room.data(), static_cast<std::size_t>(out - room.data())};
}

}  // namespace logboom::handlers
