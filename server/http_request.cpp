#include "server/http_request.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string>

#include <fmt/format.h>
#include <boost/beast/http/basic_parser.hpp>

#include "server/http_grammar.hpp"

namespace logboom::server {
namespace {

namespace http = boost::beast::http;
using boost::beast::iequals;
using boost::beast::string_view;
using boost::system::error_code;

// The line that starts a chunk, with its extensions, or the trailers may take this much.
constexpr std::size_t kChunkOverheadBytesMax = 16 * 1024;

bool is_blank(std::string_view byte) {
  return !byte.empty() && (byte[0] == ' ' || byte[0] == '\t');
}

std::string_view std_view(string_view view) {
  return {view.data(), view.size()};
}

Method method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get: return Method::get;
    case http::verb::head: return Method::head;
    case http::verb::post: return Method::post;
    case http::verb::put: return Method::put;
    case http::verb::options: return Method::options;
    default: return Method::other;
  }
}

HttpError to_http_error(const error_code& code) {
  if (code == http::error::header_limit) {
    return {431, ErrorCode::header_too_large,
            "The request header is larger than limits.header allows."};
  }
  if (code == http::error::bad_content_length || code == http::error::multiple_content_length) {
    return {400, ErrorCode::bad_content_length,
            "The Content-Length is not one number, or contradicts the Transfer-Encoding."};
  }
  if (code == http::error::bad_transfer_encoding) {
    return {400, ErrorCode::bad_transfer_encoding,
            "Transfer-Encoding stands twice or beside a Content-Length."};
  }
  if (code == http::error::bad_version) {
    return {400, ErrorCode::bad_http_version,
            "The request line does not end in HTTP/1.0 or HTTP/1.1."};
  }
  if (code == http::error::bad_method) {
    return {400, ErrorCode::bad_request_line, "The request does not begin with an HTTP method."};
  }
  if (code == http::error::bad_target) {
    return {400, ErrorCode::bad_request_line,
            "The request target contains a character it may not."};
  }
  if (code == http::error::bad_field || code == http::error::bad_value ||
      code == http::error::bad_line_ending) {
    return {400, ErrorCode::bad_header,
            "A header line is not `Name: value` ended by CR LF, or has a forbidden character."};
  }
  return {400, ErrorCode::bad_request, "The request is not valid HTTP/1.1."};
}

class BeastRequestParser final : public RequestParser, private http::basic_parser<true> {
  using Base = http::basic_parser<true>;

 public:
  BeastRequestParser(arena::Arena& arena, const HeadLimits& limits)
      : arena_(arena), fields_(arena), limits_(limits) {
    Base::header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
    Base::body_limit(boost::none);
    Base::eager(false);
  }

  void destroy() noexcept override { std::destroy_at(this); }
  const RequestHead& head() const noexcept override { return head_; }
  const HttpError& error() const noexcept override { return error_; }

  Progress parse_head(std::string_view bytes, std::size_t& consumed) override {
    error_code ec;
    while (!Base::is_header_done()) {
      const std::size_t used = Base::put({bytes.data(), bytes.size()}, ec);
      if (const std::size_t folded = count_lines(bytes.substr(0, used))) {
        return fail_in_line(kObsoleteFolding, bytes.substr(folded));
      }
      bytes.remove_prefix(used);
      consumed += used;
      if (ec == http::error::need_more) return Progress::need_more;
      if (ec) return fail_in_head(ec, bytes);
    }
    return finish_head();
  }

  Progress parse_chunks(std::string_view bytes, std::size_t& consumed, char*& body_end,
                        std::size_t body_bytes_max) override {
    body_end_ = body_end;
    body_bytes_max_ = body_bytes_max;
    error_code ec;
    while (!Base::is_done()) {
      // Beast waits for a line end before it looks at a line, and a bare LF is none to it.
      const bool framing = chunk_left_ == 0;
      const std::size_t fault = framing ? find_chunk_fault(bytes, after_chunk_) : kNoFault;
      if (fault != kNoFault) return fail_in_chunks(kBadChunk, fault);
      const std::size_t used = Base::put({bytes.data(), bytes.size()}, ec);
      const bool waits = ec == http::error::need_more || (!ec && used == 0 && !Base::is_done());
      if (framing && (waits ? bytes.size() : used) > kChunkOverheadBytesMax) {
        return fail_in_chunks(kLongChunkLine, 0);
      }
      if (waits) return Progress::need_more;
      if (ec) return !refused() ? fail_in_chunks(kBadChunk, 0) : fail(error_);
      body_end = body_end_;
      bytes.remove_prefix(used);
      consumed += used;
      sent_body_bytes_ += used;
    }
    return Progress::done;
  }

 private:
  static constexpr HttpError kObsoleteFolding{
      400, ErrorCode::bad_header,
      "A header line is folded onto a second line, which HTTP/1.1 forbids."};
  static constexpr HttpError kBadTargetHost{400, ErrorCode::bad_host,
                                            "The request target, in line 1, names no valid host."};
  static constexpr HttpError kBadChunk{
      400, ErrorCode::bad_chunk, "The chunked body is not framed as RFC 9112 section 7.1 says."};
  static constexpr HttpError kLongChunkLine{
      400, ErrorCode::bad_chunk, "A chunk's size line or the trailers are longer than 16 KiB."};

  Progress fail(const HttpError& error) {
    error_ = error;
    return Progress::failed;
  }
  // A line that is folded is refused for that, whatever is wrong with what Beast made of it.
  Progress fail_in_head(const error_code& ec, std::string_view text) {
    const std::size_t end = text.find('\n') + 1;
    if (end == 0 || !is_blank(text.substr(end, 1))) {
      return fail_in_line(!refused() ? to_http_error(ec) : error_, text);
    }
    ++lines_;
    return fail_in_line(kObsoleteFolding, text.substr(end));
  }
  // The same, and the message says where: in the line that begins `text`, behind those counted.
  Progress fail_in_line(HttpError error, std::string_view text) {
    constexpr std::size_t kNameBytesMax = 64;
    if (error.status != 400) return fail(error);
    const bool first = lines_ == 0;
    const std::size_t fault = first ? find_request_line_fault(text) : find_field_fault(text);
    const std::string_view name = first ? std::string_view() : field_name(text);
    std::string message = fmt::format("{} See line {} of the request", error.message, lines_ + 1);
    if (!name.empty()) message += fmt::format(", `{}`", name.substr(0, kNameBytesMax));
    if (fault != kNoFault) message += fmt::format(", byte {}", fault + 1);
    error.message = arena_.copy(message + '.');
    return fail(error);
  }
  // The same for the body as it was sent, `offset` bytes behind what has been decoded.
  Progress fail_in_chunks(HttpError error, std::size_t offset) {
    error.message = arena_.copy(fmt::format("{} See byte {} of the body as it was sent.",
                                            error.message, sent_body_bytes_ + offset + 1));
    return fail(error);
  }
  // Whether it is an error of ours that stopped Beast.
  [[nodiscard]] bool refused() const { return error_.status != 0; }
  // Stops Beast with an error of ours.
  void refuse(const HttpError& error, error_code& ec) {
    error_ = error;
    ec = http::error::bad_value;
  }

  // Counts the lines that end in `bytes` up to one that begins with white space, and returns where
  // that begins, or 0: Beast joins folded lines silently.
  std::size_t count_lines(std::string_view bytes) {
    for (std::size_t at = bytes.find('\n'); at != bytes.npos; at = bytes.find('\n', at + 1)) {
      ++lines_;
      if (is_blank(bytes.substr(at + 1, 1))) return at + 1;
    }
    return 0;
  }

  Progress finish_head() {
    head_.keep_alive = Base::keep_alive();
    head_.chunked = Base::chunked();
    if (has_content_length_) head_.content_length = Base::content_length().value();
    head_.fields = fields_.span();
    if (!target_host_.empty()) {
      if (!is_valid_host(target_host_)) return fail(kBadTargetHost);
      head_.host = target_host_;
    }
    if (has_transfer_encoding_ && !head_.chunked) {
      return fail({501, ErrorCode::unknown_transfer_coding,
                   "The only transfer coding this server knows is `chunked`."});
    }
    if (!has_host_ && !head_.http_1_0) {
      return fail({400, ErrorCode::missing_host, "An HTTP/1.1 request needs a Host header."});
    }
    return Progress::done;
  }

  void on_request_impl(http::verb verb, string_view, string_view target, int version,
                       error_code&) override {
    const std::string_view whole = without_authority(std_view(target));
    const std::size_t question = whole.find('?');
    head_.method = method_of(verb);
    head_.path = whole.substr(0, question);
    if (question != whole.npos) head_.query = whole.substr(question + 1);
    head_.http_1_0 = version < 11;
  }

  // A target in absolute form names the host itself and outranks the header (RFC 9112 3.2.2).
  std::string_view without_authority(std::string_view target) {
    constexpr std::string_view kScheme = "http://";
    if (!iequals(string_view(target.data(), std::min(target.size(), kScheme.size())),
                 string_view(kScheme.data(), kScheme.size()))) {
      return target;
    }
    target.remove_prefix(kScheme.size());
    const std::size_t path = std::min(target.find_first_of("/?"), target.size());
    target_host_ = target.substr(0, path);
    target.remove_prefix(path);
    return target.starts_with('/') ? target : "/";
  }

  void on_field_impl(http::field field, string_view name, string_view value,
                     error_code& ec) override {
    if (in_body_) return;  // Trailers carry nothing we use, and must not change the head.
    if (fields_.size() == limits_.header_count_max) {
      return refuse({431, ErrorCode::too_many_headers,
                     "The request has more header lines than limits.header_count allows."},
                    ec);
    }
    fields_.push_back({std_view(name), std_view(value)});
    on_known_field(field, std_view(value), ec);
  }

  void on_known_field(http::field field, std::string_view value, error_code& ec) {
    switch (field) {
      case http::field::host: return on_host(value, ec);
      case http::field::content_length: return on_content_length(value, ec);
      case http::field::transfer_encoding: return on_transfer_encoding(value, ec);
      case http::field::expect: return on_expect(value, ec);
      case http::field::content_encoding: return on_content_encoding(value);
      case http::field::accept: head_.accept = value; return;
      case http::field::user_agent: head_.user_agent = value; return;
      default: return;
    }
  }

  void on_host(std::string_view value, error_code& ec) {
    if (has_host_)
      return refuse({400, ErrorCode::bad_host, "The Host header stands more than once."}, ec);
    if (!is_valid_host(value)) {
      return refuse(
          {400, ErrorCode::bad_host, "The Host header is not a host, perhaps with a port."}, ec);
    }
    has_host_ = true;
    head_.host = value;
  }

  // The lines of this field are one list (RFC 9110 section 5.3), and one coding is enough.
  void on_content_encoding(std::string_view value) {
    while (!value.empty() && head_.content_encoding.empty()) {
      std::string_view coding = value.substr(0, value.find(','));
      value.remove_prefix(std::min(coding.size() + 1, value.size()));
      coding.remove_prefix(std::min(coding.find_first_not_of(" \t"), coding.size()));
      coding = coding.substr(0, coding.find_last_not_of(" \t") + 1);
      const bool identity = iequals(string_view(coding.data(), coding.size()), "identity");
      if (!identity) head_.content_encoding = coding;
    }
  }

  void on_content_length(std::string_view value, error_code& ec) {
    const bool digits = !value.empty() && std::all_of(value.begin(), value.end(),
                                                      [](char c) { return c >= '0' && c <= '9'; });
    if (has_content_length_ || !digits) {
      return refuse({400, ErrorCode::bad_content_length,
                     "Content-Length stands more than once or is not one decimal number."},
                    ec);
    }
    has_content_length_ = true;
  }

  void on_transfer_encoding(std::string_view value, error_code& ec) {
    if (has_transfer_encoding_ || has_content_length_ || head_.http_1_0) {
      return refuse({400, ErrorCode::bad_transfer_encoding,
                     "Transfer-Encoding stands twice, beside a Content-Length, or in HTTP/1.0."},
                    ec);
    }
    has_transfer_encoding_ = true;
    if (!iequals(string_view(value.data(), value.size()), "chunked")) {
      refuse({501, ErrorCode::unknown_transfer_coding,
              "The only transfer coding this server knows is `chunked`."},
             ec);
    }
  }

  void on_expect(std::string_view value, error_code& ec) {
    if (!iequals(string_view(value.data(), value.size()), "100-continue")) {
      return refuse({417, ErrorCode::bad_expectation,
                     "The only expectation this server can meet is "
                     "`100-continue`."},
                    ec);
    }
    head_.expects_continue = !head_.http_1_0;  // which knows no interim replies
  }

  std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes, error_code& ec) override {
    chunk_left_ -= bytes.size();
    body_bytes_ += bytes.size();
    if (body_bytes_ > body_bytes_max_) {
      refuse({413, ErrorCode::body_too_large, "The body is larger than limits.body allows."}, ec);
      return bytes.size();
    }
    std::memmove(body_end_, bytes.data(), bytes.size());
    body_end_ += bytes.size();
    return bytes.size();
  }

  void on_chunk_header_impl(std::uint64_t size, string_view, error_code& ec) override {
    chunk_left_ = size;
    after_chunk_ = true;
    if (size > body_bytes_max_) {
      refuse({413, ErrorCode::body_too_large, "The body is larger than limits.body allows."}, ec);
    }
  }
  void on_header_impl(error_code&) override { in_body_ = true; }
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view bytes, error_code&) override { return bytes.size(); }
  void on_finish_impl(error_code&) override {}

  arena::Arena& arena_;
  RequestHead head_;
  HttpError error_{0, {}, {}};  // status 0: none yet
  arena::ArenaVector<HttpField> fields_;
  HeadLimits limits_;
  std::string_view target_host_;  // of a target in absolute form
  char* body_end_ = nullptr;
  std::size_t lines_ = 0;            // of the head, consumed
  std::size_t sent_body_bytes_ = 0;  // consumed, framing included
  std::uint64_t chunk_left_ = 0;     // of the present chunk
  bool after_chunk_ = false;         // whose line end has not been consumed
  std::size_t body_bytes_ = 0;
  std::size_t body_bytes_max_ = 0;
  bool in_body_ = false;
  bool has_host_ = false;
  bool has_content_length_ = false;
  bool has_transfer_encoding_ = false;
};

}  // namespace

RequestParser* RequestParser::create(arena::Arena& arena, const HeadLimits& limits) {
  void* place = arena.allocate(sizeof(BeastRequestParser), alignof(BeastRequestParser));
  return ::new (place) BeastRequestParser(arena, limits);
}

std::optional<HttpError> recognise_foreign_protocol(std::string_view bytes) noexcept {
  // A handshake record of TLS; no HTTP method begins so.
  if (bytes.starts_with('\x16')) {
    return HttpError{400, ErrorCode::tls_on_plain_port,
                     "This port speaks plain HTTP/1.1, and the client began a TLS handshake: use "
                     "http:// instead of https://."};
  }
  if (bytes.starts_with("PRI * HTTP/2")) {
    return HttpError{
        400, ErrorCode::http2_on_plain_port,
        "This port speaks HTTP/1.1, and the client began with HTTP/2: switch its prior "
        "knowledge off."};
  }
  return std::nullopt;
}

}  // namespace logboom::server
