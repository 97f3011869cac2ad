#pragma once

#include <algorithm>
#include <chrono>

namespace logboom::store {

// When to try again what has failed: at once the first time it is asked, then ever later while it
// keeps failing. A failure long after the last counts as the first. One thread, or under a lock.
class Backoff {
 public:
  using Clock = std::chrono::steady_clock;

  constexpr Backoff(Clock::duration least, Clock::duration most) : least_(least), most_(most) {}

  void failed(Clock::time_point now) noexcept {
    const bool anew = now > due_ + most_;
    delay_ = anew ? least_ : std::clamp(2 * delay_, least_, most_);
    due_ = now + delay_;
  }
  void succeeded() noexcept {
    delay_ = delay_.zero();
    due_ = {};
  }
  // The time of waiting is over, whatever the clock says.
  void cut_short() noexcept { due_ = std::min(due_, Clock::now()); }

  [[nodiscard]] bool is_due(Clock::time_point now) const noexcept { return now >= due_; }
  [[nodiscard]] Clock::time_point due() const noexcept { return due_; }

 private:
  Clock::duration least_;
  Clock::duration most_;
  Clock::duration delay_{0};
  Clock::time_point due_{};
};

}  // namespace logboom::store
