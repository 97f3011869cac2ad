#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "server/io_threads.hpp"
#include "server/listener.hpp"
#include "server/server.hpp"
#include "server/session_host.hpp"

namespace logboom::server {

// The way from serving to the end, on which no client that has connected is lost. One behind the
// other: /readyz turns red while everything is served on for the delay; listening sockets are
// closed, without cutting off a handshake; connections end one by one as they become idle; whatever
// is left at the timeout is dropped. Owner: the control thread.
class Drain {
 public:
  // What it acts on; all of it outlives the drain.
  struct Parts {
    const std::vector<std::unique_ptr<Listener>>& listeners;
    IoThreads& threads;
    // Has the control thread do something after a time, instead of what it was last told.
    std::function<void(std::chrono::milliseconds, std::function<void()>)> after;
    // The end has come: when this returns nothing is called any more.
    std::function<void()> on_end;
  };

  Drain(SharedState& shared, Parts parts) : shared_(shared), parts_(std::move(parts)) {}
  Drain(const Drain&) = delete;
  Drain& operator=(const Drain&) = delete;

  // Begins the drain that ends as `ended`. If one has begun, a failed store skips the rest of its
  // delay, and anything else changes nothing.
  void begin(Ended ended, std::chrono::milliseconds delay, std::chrono::milliseconds timeout);
  // Ends now, whatever is in flight.
  void cut_short() { end(Ended::cut_short); }
  // Valid after the end.
  [[nodiscard]] Ended ended() const noexcept { return ended_; }

 private:
  void stop_listening(std::chrono::milliseconds timeout);
  void drain_connections(std::chrono::milliseconds timeout);
  void on_timeout();
  void end(Ended ended);

  SharedState& shared_;
  const Parts parts_;
  Ended ended_ = Ended::drained;
  bool connections_drain_ = false;
};

}  // namespace logboom::server
