#include "server/listener.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
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

  void start() override { wait(); }

  void close() override {
    if (!acceptor_.is_open()) return;
    accept_waiting(/*most=*/kBacklog);
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
      if (!has_room_() || !accept_waiting(kAcceptsPerTurn)) return wait_after_pause();
      wait();
    });
  }

  void wait_after_pause() {
    pause_.expires_after(kPause);
    pause_.async_wait([this](const error_code& ec) {
      if (!ec) wait();
    });
  }

  // False: out of descriptors or memory, so that trying again at once would only spin.
  bool accept_waiting(int most) {
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
      if (!has_room_()) return false;
    }
    return true;
  }

  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  OnConnection on_connection_;
  HasRoom has_room_;
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

}  // namespace logboom::server
