#include "server/timer_wheel.hpp"

#include <algorithm>
#include <bit>

namespace logboom::server {

TimerWheel::TimerWheel(Clock::time_point now) noexcept : start_(now) {
  for (TimerNode& head : heads_) head.previous = head.next = &head;
}

std::uint64_t TimerWheel::tick_of(Clock::time_point time) const noexcept {
  if (time <= start_) return 0;
  return static_cast<std::uint64_t>((time - start_ + kTick - Clock::duration(1)) / kTick);
}

void TimerWheel::link(TimerNode& node, std::size_t slot) noexcept {
  TimerNode& head = heads_[slot];
  occupied_[slot / 64] |= std::uint64_t{1} << (slot % 64);
  node.previous = head.previous;
  node.next = &head;
  head.previous->next = &node;
  head.previous = &node;
  ++armed_;
}

void TimerWheel::unlink(TimerNode& node) noexcept {
  node.previous->next = node.next;
  node.next->previous = node.previous;
  node.previous = node.next = nullptr;
}

void TimerWheel::arm(TimerNode& node, Clock::time_point deadline) noexcept {
  disarm(node);
  node.deadline = deadline;
  // What is due already fires with the next tick.
  const std::uint64_t tick = std::max(tick_of(deadline), current_tick_ + 1);
  link(node, tick % kSlots);
}

void TimerWheel::disarm(TimerNode& node) noexcept {
  if (!node.armed()) return;
  unlink(node);
  --armed_;
}

TimerNode* TimerWheel::take_due(std::uint64_t tick, Clock::time_point now) noexcept {
  TimerNode& head = heads_[tick % kSlots];
  for (TimerNode* node = head.next; node != &head; node = node->next) {
    if (node->deadline > now) continue;
    disarm(*node);
    return node;
  }
  return nullptr;
}

std::uint64_t TimerWheel::next_occupied_tick() noexcept {
  std::uint64_t tick = current_tick_ + 1;
  for (;;) {
    const std::size_t slot = tick % kSlots;
    const std::uint64_t word = occupied_[slot / 64] >> (slot % 64);
    if (word == 0) {
      tick += 64 - slot % 64;
      continue;
    }
    tick += static_cast<std::uint64_t>(std::countr_zero(word));
    const TimerNode& head = heads_[tick % kSlots];
    if (head.next != &head) return tick;
    occupied_[tick % kSlots / 64] &= ~(std::uint64_t{1} << (tick % 64));
  }
}

std::chrono::milliseconds TimerWheel::until_next(Clock::time_point now) noexcept {
  if (armed_ == 0) return std::chrono::milliseconds(-1);
  const Clock::time_point wake = start_ + next_occupied_tick() * kTick;
  if (wake <= now) return std::chrono::milliseconds(0);
  return std::chrono::ceil<std::chrono::milliseconds>(wake - now);
}

}  // namespace logboom::server
