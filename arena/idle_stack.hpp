#pragma once

#include <atomic>
#include <cstdint>

namespace logboom::arena {

// A lock-free stack of the indices of an array's slots, each of which has a member
// `std::atomic<std::uint32_t> next` that is the stack's while the slot is in it. It owns nothing:
// the slots outlive it. Any thread may call any member; who pops a slot sees all that was done
// before it was pushed.
// The top carries a tag that changes with it, against ABA: while a thread holds a Sight, others may
// pop the slot it saw and the one below, and push the first again. The top would look unchanged,
// and the exchange would put the one below, which is in use, back on the stack. A thread would have
// to sleep through exactly 2^32 changes to be deceived.
template <class Slot>
class IdleStack {
  // The tag in the upper half, the slot in the lower. A struct of two would go through memory on
  // its way to each exchange.
  using Top = std::uint64_t;
  static constexpr std::uint32_t slot_of(Top top) noexcept {
    return static_cast<std::uint32_t>(top);
  }
  // What follows `top` with another slot on top.
  static constexpr Top changed(Top top, std::uint32_t slot) noexcept {
    return (((top >> 32) + 1) << 32) | slot;
  }
  static_assert(std::atomic<Top>::is_always_lock_free);

 public:
  static constexpr std::uint32_t kNone = 0xffffffff;

  explicit IdleStack(Slot* slots) noexcept : slots_(slots) {}

  void push(std::uint32_t slot) noexcept {
    Top top = top_.load(std::memory_order_relaxed);
    do {
      slots_[slot].next.store(slot_of(top), std::memory_order_relaxed);
    } while (!top_.compare_exchange_weak(top, changed(top, slot), std::memory_order_release,
                                         std::memory_order_relaxed));
  }

  // Returns the slot that was pushed last, or kNone.
  std::uint32_t pop() noexcept {
    Sight seen = look();
    while (!seen.empty() && !try_pop(seen)) seen = look();
    return slot_of(seen.top);
  }

  // pop() in its two steps: what a thread saw, and the exchange, which fails if anything was pushed
  // or popped since (or for no reason).
  struct Sight {
    Top top;
    std::uint32_t below;
    bool empty() const noexcept { return slot_of(top) == kNone; }
  };
  // Acquire pairs with the release in push(). Every change of the top is a read-modify-write, so a
  // chain of them carries the release of each push below the top as well. A slot that another
  // thread pops meanwhile may show any `next`; then the tag has changed, and try_pop() fails.
  Sight look() const noexcept {
    const Top top = top_.load(std::memory_order_acquire);
    if (slot_of(top) == kNone) return {top, kNone};
    return {top, slots_[slot_of(top)].next.load(std::memory_order_relaxed)};
  }
  bool try_pop(Sight seen) noexcept {
    return top_.compare_exchange_weak(seen.top, changed(seen.top, seen.below),
                                      std::memory_order_acquire, std::memory_order_relaxed);
  }

 private:
  Slot* const slots_;
  std::atomic<Top> top_{kNone};
};

}  // namespace logboom::arena
