#include "server/drain.hpp"

#include <utility>

#include <fmt/format.h>

namespace logboom::server {
namespace {

// For handshakes that have begun when listening ends: a round trip or two to a client far away.
constexpr std::chrono::milliseconds kHandshakeGrace{100};

}  // namespace

void Drain::begin(Ended ended, std::chrono::milliseconds delay, std::chrono::milliseconds timeout) {
  if (shared_.draining.exchange(true, std::memory_order_relaxed)) {
    if (ended == Ended::store_failed) drain_connections(timeout);
    return;
  }
  ended_ = ended;
  shared_.options.on_drain();
  parts_.after(delay, [this, timeout] { stop_listening(timeout); });
}

void Drain::stop_listening(std::chrono::milliseconds timeout) {
  bool handshakes = false;
  for (const auto& listener : parts_.listeners) handshakes |= listener->refuse_new();
  if (!handshakes) return drain_connections(timeout);
  parts_.after(kHandshakeGrace, [this, timeout] { drain_connections(timeout); });
}

void Drain::drain_connections(std::chrono::milliseconds timeout) {
  for (const auto& listener : parts_.listeners) listener->close();
  if (!std::exchange(connections_drain_, true)) {
    parts_.threads.drain([this] { end(ended_); });
  }
  parts_.after(timeout, [this] { on_timeout(); });
}

void Drain::on_timeout() {
  shared_.options.log(
      LogLevel::warning,
      fmt::format("server.drain_timeout passed with {} connections left: they are dropped, and "
                  "their clients do not know the outcome; raise it if requests take longer",
                  parts_.threads.connections()));
  end(Ended::cut_short);
}

void Drain::end(Ended ended) {
  ended_ = ended;
  for (const auto& listener : parts_.listeners) listener->close();
  parts_.on_end();
}

}  // namespace logboom::server
