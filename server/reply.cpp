#include "server/reply.hpp"

#include <charconv>
#include <cstring>
#include <initializer_list>

namespace logboom::server {
namespace {

constexpr std::string_view kRetryAfter = "Retry-After: 1\r\n";

// Appends to a buffer that is known to be large enough.
class Writer {
 public:
  explicit Writer(char* out) : out_(out) {}
  void text(std::string_view bytes) {
    if (bytes.empty()) return;  // an empty view may be null, which memcpy must not be given
    std::memcpy(out_, bytes.data(), bytes.size());
    out_ += bytes.size();
  }
  void number(std::size_t value) { out_ = std::to_chars(out_, out_ + 20, value).ptr; }
  [[nodiscard]] char* end() const { return out_; }

 private:
  char* out_;
};

std::string_view join(std::initializer_list<std::string_view> parts, arena::Arena& arena) {
  std::size_t bytes = 0;
  for (std::string_view part : parts) bytes += part.size();
  char* const begin = arena.create_span_uninitialized<char>(bytes).data();
  Writer writer(begin);
  for (std::string_view part : parts) writer.text(part);
  return {begin, bytes};
}

}  // namespace

std::string_view status_text(std::uint16_t status) noexcept {
  switch (status) {
    case 200: return "200 OK";
    case 204: return "204 No Content";
    case 400: return "400 Bad Request";
    case 403: return "403 Forbidden";
    case 404: return "404 Not Found";
    case 405: return "405 Method Not Allowed";
    case 408: return "408 Request Timeout";
    case 411: return "411 Length Required";
    case 413: return "413 Content Too Large";
    case 415: return "415 Unsupported Media Type";
    case 417: return "417 Expectation Failed";
    case 431: return "431 Request Header Fields Too Large";
    case 501: return "501 Not Implemented";
    case 503: return "503 Service Unavailable";
    default: return "500 Internal Server Error";
  }
}

std::string_view render(const Reply& reply, const ReplyFraming& framing, arena::Arena& arena) {
  constexpr std::size_t kFixedBytesMax = 320;
  const std::size_t bytes_max = kFixedBytesMax + reply.content_type.size() +
                                reply.extra_headers.size() + framing.date.size() +
                                reply.body.size();
  char* const begin = arena.create_span_uninitialized<char>(bytes_max).data();
  Writer writer(begin);
  writer.text("HTTP/1.1 ");
  writer.text(status_text(reply.status));
  writer.text("\r\nDate: ");
  writer.text(framing.date);
  if (!reply.content_type.empty()) {
    writer.text("\r\nContent-Type: ");
    writer.text(reply.content_type);
  }
  if (reply.status != 204) {
    writer.text("\r\nContent-Length: ");
    writer.number(reply.body.size());
  }
  writer.text("\r\n");
  if (framing.close)
    writer.text("Connection: close\r\n");
  else if (framing.announce_keep_alive)
    writer.text("Connection: keep-alive\r\n");
  writer.text(reply.extra_headers);
  writer.text("\r\n");
  if (!framing.without_body) writer.text(reply.body);
  return {begin, static_cast<std::size_t>(writer.end() - begin)};
}

Reply error_reply(const HttpError& error, arena::Arena& arena) {
  Reply reply;
  reply.status = error.status;
  reply.body = join(
      {R"({"error":")", error.message, R"(","code":")", to_string(error.code), "\"}\n"}, arena);
  if (error.status == 503 || error.status == 429) reply.extra_headers = kRetryAfter;
  return reply;
}

std::string_view overload_reply_without_arena() noexcept {
  return "HTTP/1.1 503 Service Unavailable\r\n"
         "Content-Type: application/json\r\n"
         "Content-Length: 93\r\n"
         "Retry-After: 1\r\n"
         "Connection: close\r\n"
         "\r\n"
         R"({"error":"Too many requests are in flight; try again in a second.","code":"overloaded"})"
         "     \n";
}

}  // namespace logboom::server
