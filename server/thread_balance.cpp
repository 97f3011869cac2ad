#include "server/thread_balance.hpp"

#include <algorithm>
#include <numeric>

namespace logboom::server {

void ThreadBalance::observe(double load) noexcept {
  const auto serving = static_cast<double>(serving_);
  busy_ticks_ = load >= kBusy * serving ? busy_ticks_ + 1 : 0;
  quiet_ticks_ = load < kQuiet * (serving - 1) ? quiet_ticks_ + 1 : 0;
  if (busy_ticks_ >= kBusyTicks) {
    serving_ = std::min(threads_, 2 * serving_);
  } else if (quiet_ticks_ >= kQuietTicks) {
    --serving_;
  } else {
    return;
  }
  busy_ticks_ = quiet_ticks_ = 0;
}

std::span<const ThreadBalance::Move> ThreadBalance::moves(
    std::span<const std::size_t> connections) {
  const auto total = std::accumulate(connections.begin(), connections.end(), std::size_t{0});
  const std::size_t share = (total + serving_ - 1) / serving_;
  const std::size_t tolerated = share + share / 4 + 1;
  moves_.clear();
  std::size_t to = 0;
  std::size_t room = share - std::min(share, connections[0]);
  for (std::size_t from = 0; from < connections.size(); ++from) {
    const std::size_t kept = from >= serving_ ? 0 : share;
    std::size_t surplus =
        connections[from] > (kept == 0 ? 0 : tolerated) ? connections[from] - kept : 0;
    while (surplus > 0) {
      while (room == 0 && ++to < serving_) room = share - std::min(share, connections[to]);
      if (to >= serving_) return moves_;
      const std::size_t count = std::min(surplus, room);
      moves_.push_back({from, to, count});
      surplus -= count;
      room -= count;
    }
  }
  return moves_;
}

}  // namespace logboom::server
