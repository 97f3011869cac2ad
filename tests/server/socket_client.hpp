#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace logboom::server {

// The client's end of a connection whose other end is given to a server.
class SocketClient {
 public:
  // Calls `adopt` with the server's end, non-blocking, which it takes over.
  template <class Adopt>
  explicit SocketClient(const Adopt& adopt) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
    descriptor_ = ends[0];
    adopt(ends[1]);
  }
  SocketClient(const SocketClient&) = delete;
  SocketClient& operator=(const SocketClient&) = delete;
  ~SocketClient() { ::close(descriptor_); }

  void send(std::string_view bytes) const {
    EXPECT_EQ(::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // The reply's first line, once its body has come.
  [[nodiscard]] std::string read_status() const {
    constexpr int kDeadlineMs = 20'000;
    std::string reply;
    while (!reply.ends_with('}') && !reply.ends_with("}\n")) {
      pollfd readable{descriptor_, POLLIN, 0};
      if (::poll(&readable, 1, kDeadlineMs) != 1) return "nothing came";
      std::array<char, 4096> bytes;
      const ssize_t n = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
      if (n <= 0) return "the connection was closed";
      reply.append(bytes.data(), static_cast<std::size_t>(n));
    }
    return reply.substr(0, reply.find('\r'));
  }
  [[nodiscard]] std::string post() const {
    send(kRequest);
    return read_status();
  }

  static constexpr std::string_view kRequest =
      "POST /log HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{\"msg\":1}";

 private:
  int descriptor_ = -1;
};

}  // namespace logboom::server
