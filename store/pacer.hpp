#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "store/options.hpp"

namespace logboom::store {

// Decides how long the committer waits for more requests before it takes a batch. Group commit
// without waiting wakes every thread for a handful of requests; a short wait until most of the
// requests in flight have come costs less and answers sooner. Used by the committer only.
class Pacer {
 public:
  using Microseconds = std::chrono::microseconds;

  static constexpr Microseconds kWindowMin{100};
  static constexpr Microseconds kWindowMax{500};
  // In a rush, while a request comes at least this often, a commit waits longer, so much for each
  // request in flight: most clients that wait for their answers have asked again by then, and the
  // processor has no time to lose on half a batch.
  static constexpr Microseconds kRushInterval{30};
  static constexpr Microseconds kRushWindowPerRequest{15};
  static constexpr Microseconds kRushWindowMax{1500};
  // In `memory` nobody waits for the commit: records may gather.
  static constexpr Microseconds kMemoryWindow{5000};

  Pacer(Durability durability, Microseconds commit_window)
      : durability_(durability), commit_window_(commit_window) {}

  // As many waiting requests are worth committing at once: most of those thought to be in flight,
  // 1 for a client on its own.
  [[nodiscard]] std::int64_t target() const noexcept;
  // How long to wait for them at most.
  [[nodiscard]] Microseconds window() const noexcept;

  struct Commit {
    std::int64_t requests = 0;
    std::int64_t arrived = 0;           // that came while it was made
    Microseconds sync_time{0};          // of it, the sync
    std::chrono::nanoseconds interval;  // since the batch before was taken
  };
  void committed(const Commit& commit) noexcept;

 private:
  static constexpr std::size_t kSyncTimes = 15;
  static constexpr std::int64_t kInFlightMax = std::int64_t{1} << 32;
  static constexpr Microseconds kIntervalMax{1000};

  [[nodiscard]] std::int64_t in_flight() const noexcept { return in_flight_x8_ / 8; }

  Durability durability_;
  Microseconds commit_window_;
  // Requests in flight: rises at once, decays by an eighth of the difference a commit.
  std::int64_t in_flight_x8_ = 8;
  // Between two requests, smoothed over commits by an eighth.
  std::chrono::nanoseconds request_interval_x8_ = 8 * kIntervalMax;
  std::array<Microseconds, kSyncTimes> sync_times_{};
  std::size_t commits_ = 0;
  Microseconds median_sync_{kWindowMin};
};

}  // namespace logboom::store
