#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace logboom::server {

// A place in a TimerWheel. Embedded in what it times; not movable while armed.
struct TimerNode {
  TimerNode* previous = nullptr;
  TimerNode* next = nullptr;
  std::chrono::steady_clock::time_point deadline;

  [[nodiscard]] bool armed() const noexcept { return previous != nullptr; }
};

// Coarse timers of one thread: arming, moving and disarming are a few pointer writes and never
// allocate, so each request may do them several times. A node fires up to one tick late, never
// early. Hashed wheel with one level (Varghese and Lauck, SOSP 1987): deadlines beyond its horizon
// stay in their slot for further rounds. Owner: the io thread.
class TimerWheel {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kTick{16};
  static constexpr std::size_t kSlots = 1024;  // a horizon of 16 s

  explicit TimerWheel(Clock::time_point now) noexcept;
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Arms the node, or moves it if it is armed.
  void arm(TimerNode& node, Clock::time_point deadline) noexcept;
  void disarm(TimerNode& node) noexcept;

  // Calls fire(TimerNode&) for each node due at `now`, disarmed before the call; the call may arm
  // and disarm any node.
  template <class Fire>
  void advance(Clock::time_point now, Fire&& fire);

  // How long the owner may sleep before it must call advance(); negative means for ever.
  [[nodiscard]] std::chrono::milliseconds until_next(Clock::time_point now) noexcept;

 private:
  // Round up: a node must not fire before its deadline.
  [[nodiscard]] std::uint64_t tick_of(Clock::time_point time) const noexcept;
  [[nodiscard]] TimerNode* take_due(std::uint64_t tick, Clock::time_point now) noexcept;
  // The first tick after the current one whose slot holds a node; one is armed.
  [[nodiscard]] std::uint64_t next_occupied_tick() noexcept;
  void link(TimerNode& node, std::size_t slot) noexcept;
  static void unlink(TimerNode& node) noexcept;

  Clock::time_point start_;
  std::uint64_t current_tick_ = 0;
  std::size_t armed_ = 0;
  std::array<TimerNode, kSlots> heads_;  // circular lists
  // One bit a slot, set when a node is linked, cleared when a search finds the slot empty.
  std::array<std::uint64_t, kSlots / 64> occupied_{};
};

template <class Fire>
void TimerWheel::advance(Clock::time_point now, Fire&& fire) {
  const std::uint64_t target =
      now <= start_ ? 0 : static_cast<std::uint64_t>((now - start_) / kTick);
  while (current_tick_ < target) {
    // After a sleep longer than a whole round every slot is looked at once, not once a tick.
    if (target - current_tick_ > kSlots) current_tick_ = target - kSlots;
    ++current_tick_;
    while (TimerNode* node = take_due(current_tick_, now)) fire(*node);
  }
}

}  // namespace logboom::server
