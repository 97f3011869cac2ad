#include "server/listener.hpp"

#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <iterator>
#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>

#include <fmt/format.h>

namespace logboom::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr int kBacklog = 4096;
constexpr int kAcceptsPerTurn = 256;
constexpr std::chrono::milliseconds kPause{50};

std::optional<tcp::endpoint> parse_address(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  if (host == "localhost") host = "127.0.0.1";
  std::uint16_t port = 0;
  const char* const end = address.data() + address.size();
  const auto parsed = std::from_chars(address.data() + colon + 1, end, port);
  error_code ec;
  const asio::ip::address ip = asio::ip::make_address(host, ec);
  if (ec || parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return tcp::endpoint(ip, port);
}

bool is_loopback(const sockaddr_storage& peer) {
  if (peer.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(peer);
    return (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(peer);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) return v6.sin6_addr.s6_addr[12] == 127;
  return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

std::string explain(const std::string& address, const error_code& ec) {
  if (ec == asio::error::address_in_use) {
    return fmt::format(
        "{} is in use by another process; stop it (ss -ltnp shows it) or choose another address "
        "with --listen ADDR:PORT",
        address);
  }
  if (ec == asio::error::access_denied) {
    return fmt::format("may not listen on {}: ports below 1024 need CAP_NET_BIND_SERVICE", address);
  }
  return fmt::format("cannot listen on {}: {}", address, ec.message());
}

// The value of a socket's whole-number option, or -1.
int socket_option(int descriptor, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(descriptor, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

// From now on the kernel drops each segment with SYN that comes to the listening socket. Its client
// asks again after a second, and is then told, as the socket is closed, that nobody listens.
// Closing alone would reset those whose handshake is just being completed, requests and all.
void drop_connection_requests(int descriptor) {
  constexpr unsigned kFlags = 13;  // the byte of the TCP header
  constexpr unsigned kSyn = 0x02;
  sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kFlags),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kSyn, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
  };
  const sock_fprog filter{std::size(steps), steps};
  // Where it is not permitted, closing is as abrupt as it always was.
  static_cast<void>(::setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter));
}

class AsioListener final : public Listener {
 public:
  AsioListener(asio::io_context& context, OnConnection on_connection, HasRoom has_room)
      : acceptor_(context),
        pause_(context),
        on_connection_(std::move(on_connection)),
        has_room_(std::move(has_room)) {}

  error_code open(const tcp::endpoint& endpoint) {
    error_code ec;
    acceptor_.open(endpoint.protocol(), ec);
    if (!ec) acceptor_.set_option(tcp::acceptor::reuse_address(true), ec);
    if (!ec && endpoint.address().is_v6()) acceptor_.set_option(asio::ip::v6_only(true), ec);
    if (!ec) acceptor_.bind(endpoint, ec);
    if (!ec) acceptor_.listen(kBacklog, ec);
    if (!ec) acceptor_.non_blocking(true, ec);
    return ec;
  }

  error_code adopt(int descriptor) {
    error_code ec;
    const int family = socket_option(descriptor, SO_DOMAIN);
    if (family != AF_INET && family != AF_INET6) return asio::error::address_family_not_supported;
    if (socket_option(descriptor, SO_ACCEPTCONN) != 1) return asio::error::invalid_argument;
    acceptor_.assign(family == AF_INET ? tcp::v4() : tcp::v6(), descriptor, ec);
    if (!ec) acceptor_.non_blocking(true, ec);
    shared_ = true;
    return ec;
  }

  void start() override { wait(); }

  bool refuse_new() override {
    if (!acceptor_.is_open()) return false;
    if (shared_) {
      close();
      return false;
    }
    drop_connection_requests(acceptor_.native_handle());
    return true;
  }

  void close() override {
    if (!acceptor_.is_open()) return;
    if (!shared_) accept_waiting(kBacklog, Limit::descriptors);
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
  }

  std::string address() const override {
    error_code ec;
    const tcp::endpoint endpoint = acceptor_.local_endpoint(ec);
    const std::string host = endpoint.address().to_string();
    return endpoint.address().is_v6() ? fmt::format("[{}]:{}", host, endpoint.port())
                                      : fmt::format("{}:{}", host, endpoint.port());
  }

 private:
  void wait() {
    acceptor_.async_wait(tcp::acceptor::wait_read, [this](const error_code& ec) {
      if (ec) return;  // closed
      if (!has_room_() || !accept_waiting(kAcceptsPerTurn, Limit::connections))
        return wait_after_pause();
      wait();
    });
  }

  void wait_after_pause() {
    pause_.expires_after(kPause);
    pause_.async_wait([this](const error_code& ec) {
      if (!ec) wait();
    });
  }

  // What ends accepting early: having no room for more connections, or not even a descriptor.
  enum class Limit : std::uint8_t { connections, descriptors };

  // False: out of descriptors, memory or room, so that trying again at once would only spin.
  bool accept_waiting(int most, Limit limit) {
    for (int i = 0; i < most; ++i) {
      sockaddr_storage peer{};
      socklen_t size = sizeof peer;
      const int descriptor =
          ::accept4(acceptor_.native_handle(), reinterpret_cast<sockaddr*>(&peer), &size,
                    SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (descriptor < 0) {
        if (errno == EINTR || errno == ECONNABORTED) continue;
        return errno == EAGAIN || errno == EWOULDBLOCK;
      }
      const int on = 1;
      ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      on_connection_(descriptor, is_loopback(peer));
      if (limit == Limit::connections && !has_room_()) return false;
    }
    return true;
  }

  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  OnConnection on_connection_;
  HasRoom has_room_;
  bool shared_ = false;  // other processes hold the socket too
};

}  // namespace

boost::system::result<std::unique_ptr<Listener>, std::string> Listener::open(
    asio::io_context& context, const std::string& address, OnConnection on_connection,
    HasRoom has_room) {
  const auto endpoint = parse_address(address);
  if (!endpoint) {
    return fmt::format("`{}` is not an address to listen on; write 127.0.0.1:8080 or [::1]:8080",
                       address);
  }
  auto listener =
      std::make_unique<AsioListener>(context, std::move(on_connection), std::move(has_room));
  if (const error_code ec = listener->open(*endpoint)) return explain(address, ec);
  return std::unique_ptr<Listener>(std::move(listener));
}

boost::system::result<std::unique_ptr<Listener>, std::string> Listener::adopt(
    asio::io_context& context, int descriptor, OnConnection on_connection, HasRoom has_room) {
  auto listener =
      std::make_unique<AsioListener>(context, std::move(on_connection), std::move(has_room));
  if (const error_code ec = listener->adopt(descriptor)) {
    return fmt::format(
        "descriptor {}, which LISTEN_FDS counts in, is not a listening TCP socket ({}); see the "
        "ListenStream= lines of the socket unit",
        descriptor, ec.message());
  }
  return std::unique_ptr<Listener>(std::move(listener));
}

}  // namespace logboom::server
