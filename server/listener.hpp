#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/system/result.hpp>

namespace boost::asio {
class io_context;
}

namespace logboom::server {

// Accepts connections on one address. Owner: the control thread, whose io_context drives it.
// Running out of descriptors or reaching the limit on connections pauses it: the backlog holds the
// clients meanwhile.
class Listener {
 public:
  // Takes a connected, non-blocking descriptor over.
  using OnConnection = std::function<void(int descriptor, bool peer_is_loopback)>;
  // Whether one more connection may be accepted now.
  using HasRoom = std::function<bool()>;

  // `address` is HOST:PORT or [IPV6]:PORT with a numeric host or `localhost`; port 0 takes a free
  // one. The error says what is wrong and what to do.
  static boost::system::result<std::unique_ptr<Listener>, std::string> open(
      boost::asio::io_context& context, const std::string& address, OnConnection on_connection,
      HasRoom has_room);
  // Accepts on a listening TCP socket that another process has opened, and that others may hold
  // too; takes the descriptor over.
  static boost::system::result<std::unique_ptr<Listener>, std::string> adopt(
      boost::asio::io_context& context, int descriptor, OnConnection on_connection,
      HasRoom has_room);
  virtual ~Listener() = default;

  virtual void start() = 0;
  // Lets no client begin to connect any more, while those that have begun may finish: close() some
  // time later then resets nobody. A socket that others hold too is left to them, and false
  // returned: there is nothing to wait for.
  virtual bool refuse_new() = 0;
  // Accepts what has already connected, room or not, unless others may, and closes the listening
  // socket.
  virtual void close() = 0;
  // HOST:PORT as bound.
  [[nodiscard]] virtual std::string address() const = 0;
};

}  // namespace logboom::server
