// The floor under every figure of the benchmark: the least that a server can do for an HTTP POST
// over epoll. It receives each request whole (Content-Length and keep-alive only), looks at nothing
// but its length, and answers with a canned reply. Not a server for anybody's use: malformed
// requests end their connection, and errors of the system end the process.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

namespace {

constexpr std::size_t kReceiveBytes = 64 * 1024;
constexpr int kEventsPerTurn = 128;
constexpr std::string_view kReply =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 27\r\n\r\n"
    "{\"accepted\":1,\"rejected\":0}";

enum class Loop { epoll, asio };

struct Options {
  std::uint16_t port = 8099;
  unsigned threads = 1;
  Loop loop = Loop::epoll;
};

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int check(int result, const char* what) {
  if (result < 0) fail(what);
  return result;
}

// Where a connection stands: header bytes not yet complete, or body bytes still to come.
struct Connection {
  std::string header;
  std::size_t body_bytes_left = 0;
};

// The Content-Length of a complete header; zero if there is none.
std::size_t content_length(std::string_view header) {
  constexpr std::string_view kName = "Content-Length: ";
  const std::size_t at = header.find(kName);
  std::size_t length = 0;
  if (at != std::string_view::npos) {
    std::from_chars(header.data() + at + kName.size(), header.data() + header.size(), length);
  }
  return length;
}

// Takes received bytes; returns how many requests became complete with them.
std::size_t consume(Connection& connection, std::string_view bytes) {
  std::size_t complete = 0;
  while (!bytes.empty()) {
    if (connection.body_bytes_left > 0) {
      const std::size_t taken = std::min(connection.body_bytes_left, bytes.size());
      connection.body_bytes_left -= taken;
      bytes.remove_prefix(taken);
      if (connection.body_bytes_left == 0) ++complete;
      continue;
    }
    const std::size_t before = connection.header.size();
    connection.header.append(bytes);
    const std::size_t end = connection.header.find("\r\n\r\n", before < 3 ? 0 : before - 3);
    if (end == std::string::npos) return complete;
    bytes.remove_prefix(end + 4 - before);
    connection.body_bytes_left =
        content_length(std::string_view(connection.header).substr(0, end + 2));
    connection.header.clear();
    if (connection.body_bytes_left == 0) ++complete;
  }
  return complete;
}

int listen_on(std::uint16_t port) {
  const int listener =
      check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  // Each thread has a listener of its own; the kernel spreads the connections.
  setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  check(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), "bind");
  check(listen(listener, SOMAXCONN), "listen");
  return listener;
}

// One thread's set of descriptors: its listener and its connections, level-triggered.
class Worker {
 public:
  explicit Worker(std::uint16_t port)
      : set_(check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")), listener_(listen_on(port)) {
    watch(listener_);
  }

  [[nodiscard]] int set() const { return set_; }

  // Serves what is ready; waits up to `timeout_ms` for it, for ever if negative.
  void turn(int timeout_ms) {
    std::array<epoll_event, kEventsPerTurn> events{};
    const int ready = epoll_wait(set_, events.data(), kEventsPerTurn, timeout_ms);
    if (ready < 0 && errno != EINTR) fail("epoll_wait");
    for (int i = 0; i < ready; ++i) {
      const int descriptor = events[static_cast<std::size_t>(i)].data.fd;
      if (descriptor == listener_) {
        accept_all();
      } else {
        serve(descriptor);
      }
    }
  }

 private:
  void watch(int descriptor) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    check(epoll_ctl(set_, EPOLL_CTL_ADD, descriptor, &event), "epoll_ctl");
  }

  void accept_all() {
    for (;;) {
      const int accepted = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (accepted < 0) return;
      const int on = 1;
      setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      connections_[accepted] = Connection{};
      watch(accepted);
    }
  }

  void serve(int descriptor) {
    const ssize_t received = recv(descriptor, buffer_.data(), buffer_.size(), 0);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (received <= 0) return drop(descriptor);
    const std::size_t complete =
        consume(connections_[descriptor], {buffer_.data(), static_cast<std::size_t>(received)});
    for (std::size_t i = 0; i < complete; ++i) {
      if (send(descriptor, kReply.data(), kReply.size(), MSG_NOSIGNAL) < 0) {
        return drop(descriptor);
      }
    }
  }

  void drop(int descriptor) {
    connections_.erase(descriptor);
    close(descriptor);
  }

  int set_;
  int listener_;
  std::unordered_map<int, Connection> connections_;
  std::array<char, kReceiveBytes> buffer_{};
};

void run_epoll(Worker& worker) {
  for (;;) worker.turn(-1);
}

// The same set of descriptors, watched as a single one by an io_context: what nesting costs.
void run_asio(Worker& worker) {
  boost::asio::io_context context(1);
  boost::asio::posix::stream_descriptor set(context, worker.set());
  const auto wait = [&](const auto& self) -> void {
    set.async_wait(boost::asio::posix::stream_descriptor::wait_read, [&, self](auto error) {
      if (error) fail("async_wait");
      worker.turn(0);
      self(self);
    });
  };
  wait(wait);
  context.run();
}

Options parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string_view argument = arguments[i];
    const std::string value(argument.substr(std::min(argument.find('=') + 1, argument.size())));
    if (argument.starts_with("--port=")) {
      options.port = static_cast<std::uint16_t>(std::stoi(value));
    } else if (argument.starts_with("--threads=")) {
      options.threads = static_cast<unsigned>(std::stoi(value));
    } else if (argument == "--loop=epoll" || argument == "--loop=asio") {
      options.loop = value == "asio" ? Loop::asio : Loop::epoll;
    } else {
      std::fprintf(stderr, "usage: logboom_floor [--port=N] [--threads=N] [--loop=epoll|asio]\n");
      std::exit(64);
    }
  }
  return options;
}

}  // namespace

int main(int count, char** arguments) {
  const Options options = parse(count, arguments);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < options.threads; ++i) {
    threads.emplace_back([&options] {
      Worker worker(options.port);
      options.loop == Loop::asio ? run_asio(worker) : run_epoll(worker);
    });
  }
  for (std::thread& thread : threads) thread.join();
}
