#pragma once

#include <atomic>
#include <cstdint>

namespace logboom::arena {

// A small number for each of the first kCount threads alive at once, so that a structure can have a
// place for each that no other thread fills. A number is handed on when its thread has ended; who
// gets it sees all that its last owner did.
class ThreadIndex {
 public:
  static constexpr std::uint32_t kCount = 64;

  // The calling thread's number, or kCount if it has none: because others have them all, or because
  // the thread is ending and has given it back. It stays the same until then.
  static std::uint32_t get() noexcept {
    const std::uint32_t own = own_;
    return own != kNotAsked ? own : claim();
  }

  // Above any number that was ever given out, as far as the calling thread can know.
  static std::uint32_t limit() noexcept { return limit_.load(std::memory_order_relaxed); }

 private:
  struct Owner;

  static constexpr std::uint32_t kNotAsked = kCount + 1;

  static std::uint32_t claim() noexcept;

  // Needs neither construction nor destruction, so it can be read as long as the thread lives.
  static inline constinit thread_local std::uint32_t own_ = kNotAsked;
  // Raised by a thread before it uses its number.
  static inline constinit std::atomic<std::uint32_t> limit_{0};
};

}  // namespace logboom::arena
