#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>

namespace logboom::store {

// How producers wake the committer: many threads ring, one sleeps. The sleeper says how many units
// of work are worth waking for, so that a wake-up system call is made once per commit at most.
class Doorbell {
 public:
  using Clock = std::chrono::steady_clock;

  // Any thread: `units` more (or fewer, if negative) wait to be taken.
  void add(std::int64_t units) noexcept;
  // Any thread: wakes the sleeper, who from now on never sleeps again.
  void stay_awake() noexcept;
  [[nodiscard]] std::int64_t waiting() const noexcept;

  // The one sleeper: returns when at least `units` wait, at the deadline, after stay_awake(), or
  // for no reason at all.
  void sleep_until(std::int64_t units, Clock::time_point deadline) noexcept;

 private:
  static constexpr std::int64_t kAwake = std::numeric_limits<std::int64_t>::max();
  static constexpr std::int64_t kPlenty = kAwake / 2;  // more than anybody would wait for

  void ring() noexcept;

  // The two are a Dekker pair, hence seq_cst on both: a producer adds and then reads wake_at_, the
  // sleeper stores wake_at_ and then reads waiting_, so that at least one sees the other.
  alignas(64) std::atomic<std::int64_t> waiting_{0};
  alignas(64) std::atomic<std::int64_t> wake_at_{kAwake};
  std::atomic<std::uint32_t> rings_{0};  // what the futex compares
};

}  // namespace logboom::store
