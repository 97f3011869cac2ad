#include "cli/http_get.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <utility>

#include <fmt/format.h>

namespace logboom::cli {
namespace {

using Clock = std::chrono::steady_clock;
template <class T>
using Result = boost::system::result<T, std::string>;

// A blocking-style connection with one deadline for everything. Errors are errno values.
class Connection {
 public:
  explicit Connection(Clock::time_point deadline) noexcept : deadline_(deadline) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { close_socket(); }

  int connect_to(const addrinfo& address) {
    close_socket();
    fd_ = socket(address.ai_family, address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) return errno;
    if (connect(fd_, address.ai_addr, address.ai_addrlen) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    if (int error = wait_for(POLLOUT)) return error;
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
  }

  int send_all(std::string_view bytes) {
    while (!bytes.empty()) {
      if (int error = wait_for(POLLOUT)) return error;
      ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN && errno != EINTR) return errno;
      if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return 0;
  }

  // Reads until the peer closes or `bytes_max` have come.
  int receive_all(std::string& bytes, std::size_t bytes_max) {
    std::array<char, 4096> block{};
    while (bytes.size() < bytes_max) {
      if (int error = wait_for(POLLIN)) return error;
      ssize_t got = recv(fd_, block.data(), block.size(), 0);
      if (got == 0) return 0;
      if (got < 0 && errno != EAGAIN && errno != EINTR) return errno;
      if (got > 0) bytes.append(block.data(), static_cast<std::size_t>(got));
    }
    return 0;
  }

 private:
  int wait_for(short events) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
    pollfd descriptor{.fd = fd_, .events = events, .revents = 0};
    if (left.count() <= 0) return ETIMEDOUT;
    int ready = poll(&descriptor, 1, static_cast<int>(left.count()));
    if (ready < 0) return errno == EINTR ? 0 : errno;
    return ready == 0 ? ETIMEDOUT : 0;
  }

  void close_socket() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

  Clock::time_point deadline_;
  int fd_ = -1;
};

struct FreeAddresses {
  void operator()(addrinfo* addresses) const { freeaddrinfo(addresses); }
};

// Connects to the first of the host's addresses that answers.
std::string connect_to_host(const Url& url, Connection& connection) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (int error = getaddrinfo(url.host.c_str(), url.port.c_str(), &hints, &list)) {
    return fmt::format("cannot resolve {}: {}", url.host, gai_strerror(error));
  }
  std::unique_ptr<addrinfo, FreeAddresses> addresses{list};
  int error = EADDRNOTAVAIL;
  for (const addrinfo* address = list; address != nullptr; address = address->ai_next) {
    error = connection.connect_to(*address);
    if (error == 0) return {};
  }
  return fmt::format("cannot connect to {} port {}: {}", url.host, url.port, std::strerror(error));
}

Result<HttpReply> parse_reply(std::string_view bytes) {
  constexpr std::string_view kStart = "HTTP/1.";
  constexpr std::size_t kStatusAt = 9;  // behind `HTTP/1.1 `
  HttpReply reply;
  std::size_t header_end = bytes.find("\r\n\r\n");
  if (!bytes.starts_with(kStart) || header_end == std::string_view::npos) {
    return std::string{"the reply is not HTTP"};
  }
  const char* end = bytes.data() + bytes.size();
  if (std::from_chars(bytes.data() + kStatusAt, end, reply.status).ec != std::errc{}) {
    return std::string{"the reply has no status"};
  }
  reply.body = bytes.substr(header_end + 4);
  return reply;
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  auto wrong = [&] {
    return Result<Url>{boost::system::in_place_error,
                       fmt::format("expected a URL such as http://127.0.0.1:8080, not `{}`", text)};
  };
  if (!text.starts_with(kScheme)) return wrong();
  std::string_view rest = text.substr(kScheme.size());
  std::string_view authority = rest.substr(0, rest.find('/'));
  std::string_view path = rest.substr(authority.size());
  while (path.ends_with('/')) path.remove_suffix(1);
  std::size_t host_end = authority.starts_with('[') ? authority.find(']') + 1 : authority.find(':');
  host_end = std::min(host_end, authority.size());
  std::string_view host = authority.substr(0, host_end);
  std::string_view port = authority.substr(host_end);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  if (host.empty() || (!port.empty() && (port.size() < 2 || port[0] != ':'))) return wrong();
  Url url{.host = std::string{host}, .port = "80", .path = std::string{path}};
  if (!port.empty()) url.port = port.substr(1);
  return url;
}

Result<HttpReply> http_get(const Url& url, std::string_view path,
                           std::chrono::milliseconds timeout) {
  constexpr std::size_t kReplyBytesMax = 64 * 1024;
  Connection connection{Clock::now() + timeout};
  std::string wrong = connect_to_host(url, connection);
  if (!wrong.empty()) return wrong;
  bool v6 = url.host.find(':') != std::string::npos;
  std::string bytes;
  int error = connection.send_all(
      fmt::format("GET {}{} HTTP/1.1\r\nHost: {}{}{}:{}\r\nConnection: close\r\n\r\n", url.path,
                  path, v6 ? "[" : "", url.host, v6 ? "]" : "", url.port));
  if (error == 0) error = connection.receive_all(bytes, kReplyBytesMax);
  if (error != 0) {
    return fmt::format("no reply from {} port {}: {}", url.host, url.port, std::strerror(error));
  }
  return parse_reply(bytes);
}

}  // namespace logboom::cli
