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
  // Changed as one word. Aligned as one, or clang calls a library for it.
  struct alignas(8) Top {
    std::uint32_t tag;
    std::uint32_t slot;
  };
  static_assert(std::atomic<Top>::is_always_lock_free);

 public:
  static constexpr std::uint32_t kNone = 0xffffffff;

  explicit IdleStack(Slot* slots) noexcept : slots_(slots) {}

  void push(std::uint32_t slot) noexcept {
    Top top = top_.load(std::memory_order_relaxed);
    do {
      slots_[slot].next.store(top.slot, std::memory_order_relaxed);
    } while (!top_.compare_exchange_weak(top, Top{top.tag + 1, slot}, std::memory_order_release,
                                         std::memory_order_relaxed));
  }

  // Returns the slot that was pushed last, or kNone.
  std::uint32_t pop() noexcept {
    Sight seen = look();
    while (!seen.empty() && !try_pop(seen)) seen = look();
    return seen.top.slot;
  }

  // pop() in its two steps: what a thread saw, and the exchange, which fails if anything was pushed
  // or popped since (or for no reason).
  struct Sight {
    Top top;
    std::uint32_t below;
    bool empty() const noexcept { return top.slot == kNone; }
  };
  // Acquire pairs with the release in push(). Every change of the top is a read-modify-write, so a
  // chain of them carries the release of each push below the top as well. A slot that another
  // thread pops meanwhile may show any `next`; then the tag has changed, and try_pop() fails.
  Sight look() const noexcept {
    const Top top = top_.load(std::memory_order_acquire);
    if (top.slot == kNone) return {top, kNone};
    return {top, slots_[top.slot].next.load(std::memory_order_relaxed)};
  }
  bool try_pop(Sight seen) noexcept {
    return top_.compare_exchange_weak(seen.top, Top{seen.top.tag + 1, seen.below},
                                      std::memory_order_acquire, std::memory_order_relaxed);
  }

 private:
  Slot* const slots_;
  std::atomic<Top> top_{Top{0, kNone}};
};

}  // namespace logboom::arena
