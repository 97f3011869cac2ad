#include "store/pacer.hpp"

#include <algorithm>
#include <limits>

namespace logboom::store {

std::int64_t Pacer::target() const noexcept {
  if (durability_ == Durability::memory || commit_window_.count() > 0) {
    return std::numeric_limits<std::int64_t>::max() / 4;
  }
  if (commit_window_.count() == 0) return 1;
  return std::max<std::int64_t>(1, in_flight() - in_flight() / 16);
}

Pacer::Microseconds Pacer::window() const noexcept {
  if (commit_window_.count() >= 0) return commit_window_;
  if (durability_ == Durability::memory) return kMemoryWindow;
  const Microseconds window = std::clamp(median_sync_, kWindowMin, kWindowMax);
  if (request_interval_x8_ / 8 > kRushInterval) return window;
  return std::clamp(kRushWindowPerRequest * in_flight(), window, kRushWindowMax);
}

void Pacer::committed(const Commit& commit) noexcept {
  // At the stop the bell counts more than anybody would wait for; nothing is to be learnt from
  // that.
  const std::int64_t seen_x8 =
      8 * (commit.requests +
           std::clamp<std::int64_t>(commit.arrived, 0, kInFlightMax - commit.requests));
  in_flight_x8_ = std::max(seen_x8, in_flight_x8_ - (in_flight_x8_ - seen_x8 + 7) / 8);
  const auto interval = commit.interval / std::max<std::int64_t>(1, commit.requests);
  request_interval_x8_ +=
      std::min<std::chrono::nanoseconds>(interval, kIntervalMax) - request_interval_x8_ / 8;
  sync_times_[commits_++ % kSyncTimes] = commit.sync_time;
  if (commits_ % kSyncTimes != 0) return;
  auto times = sync_times_;
  const auto middle = times.begin() + kSyncTimes / 2;
  std::nth_element(times.begin(), middle, times.end());
  median_sync_ = *middle;
}

}  // namespace logboom::store
