#include "server/listener.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

namespace logboom::server {
namespace {

std::uint16_t port_in(const std::string& address) {
  return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

// A client's end of a connection to a port of this machine.
class Client {
 public:
  explicit Client(std::uint16_t port)
      : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int result =
        ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    error_ = result == 0 ? 0 : errno;
  }
  ~Client() { ::close(descriptor_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // What connecting has come to: 0, an errno, or EINPROGRESS while nobody has answered. On the
  // loopback interface an answer is there at once.
  [[nodiscard]] int outcome(int wait_ms) const {
    if (error_ != EINPROGRESS) return error_;
    pollfd waiting{descriptor_, POLLOUT, 0};
    if (::poll(&waiting, 1, wait_ms) == 0) return EINPROGRESS;
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
  }
  // Whether the connection was reset.
  [[nodiscard]] bool is_reset() const {
    char byte = 0;
    return ::recv(descriptor_, &byte, 1, 0) < 0 && errno != EAGAIN;
  }

 private:
  int descriptor_;
  int error_ = 0;
};

class ListenerTest : public testing::Test {
 protected:
  ~ListenerTest() override {
    for (const int descriptor : accepted_) ::close(descriptor);
  }

  std::unique_ptr<Listener> open(bool has_room = true) {
    auto listener = Listener::open(
        context_, "127.0.0.1:0", [this](int fd, bool) { accepted_.push_back(fd); },
        [has_room] { return has_room; });
    EXPECT_TRUE(listener) << listener.error();
    return std::move(*listener);
  }
  std::unique_ptr<Listener> adopt(int descriptor) {
    auto listener = Listener::adopt(
        context_, descriptor, [this](int fd, bool) { accepted_.push_back(fd); },
        [] { return true; });
    EXPECT_TRUE(listener) << listener.error();
    return std::move(*listener);
  }

  boost::asio::io_context context_{1};
  std::vector<int> accepted_;
};

TEST_F(ListenerTest, RefusesNewClientsBeforeItClosesAndKeepsThoseWhoHaveConnected) {
  const auto listener = open();
  const std::uint16_t port = port_in(listener->address());
  const Client connected(port);
  ASSERT_EQ(connected.outcome(5000), 0);
  EXPECT_TRUE(listener->refuse_new());
  const Client late(port);
  EXPECT_EQ(late.outcome(0), EINPROGRESS);
  listener->close();
  EXPECT_EQ(accepted_.size(), 1U);
  EXPECT_FALSE(connected.is_reset());
  EXPECT_EQ(late.outcome(30'000), ECONNREFUSED);
}

TEST_F(ListenerTest, AcceptsWhoHasConnectedWhenItClosesEvenIfThereWasNoRoom) {
  const auto listener = open(/*has_room=*/false);
  const Client first(port_in(listener->address()));
  const Client second(port_in(listener->address()));
  ASSERT_EQ(first.outcome(5000), 0);
  ASSERT_EQ(second.outcome(5000), 0);
  listener->close();
  EXPECT_EQ(accepted_.size(), 2U);
  EXPECT_FALSE(first.is_reset());
  EXPECT_FALSE(second.is_reset());
}

TEST_F(ListenerTest, LeavesASocketThatOthersHoldToThem) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
  ASSERT_EQ(::listen(socket, 8), 0);
  const auto listener = adopt(::fcntl(socket, F_DUPFD_CLOEXEC, 0));
  const Client waiting(port_in(listener->address()));
  ASSERT_EQ(waiting.outcome(5000), 0);
  const std::uint16_t port = port_in(listener->address());
  EXPECT_FALSE(listener->refuse_new());
  listener->close();
  EXPECT_TRUE(accepted_.empty());
  EXPECT_FALSE(waiting.is_reset());
  const Client late(port);
  EXPECT_EQ(late.outcome(5000), 0);
  const int taken = ::accept(socket, nullptr, nullptr);  // by whoever holds it
  EXPECT_GE(taken, 0);
  ::close(taken);
  ::close(socket);
}

}  // namespace
}  // namespace logboom::server
