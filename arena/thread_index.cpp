#include "arena/thread_index.hpp"

#include <bit>

namespace logboom::arena {
namespace {

// A bit for each number that a live thread has.
static_assert(ThreadIndex::kCount == 64);
constinit std::atomic<std::uint64_t> taken{0};

// Returns the lowest free number, or kCount. Acquire pairs with the release of its last owner.
std::uint32_t take_number() noexcept {
  std::uint64_t seen = taken.load(std::memory_order_relaxed);
  while (~seen != 0) {
    const std::uint64_t bit = ~seen & (seen + 1);
    if (taken.compare_exchange_weak(seen, seen | bit, std::memory_order_acquire,
                                    std::memory_order_relaxed)) {
      return static_cast<std::uint32_t>(std::countr_zero(bit));
    }
  }
  return ThreadIndex::kCount;
}

}  // namespace

// Gives the number back when its thread ends. What the thread destroys later finds that it has
// none.
struct ThreadIndex::Owner {
  explicit Owner(std::uint32_t taken_number) noexcept : number(taken_number) {}
  ~Owner() {
    own_ = kCount;
    taken.fetch_and(~(std::uint64_t{1} << number), std::memory_order_release);
  }
  const std::uint32_t number;
};

std::uint32_t ThreadIndex::claim() noexcept {
  own_ = take_number();
  if (own_ == kCount) return own_;
  static thread_local const Owner owner(own_);
  std::uint32_t limit = limit_.load(std::memory_order_relaxed);
  while (limit <= own_ &&
         !limit_.compare_exchange_weak(limit, own_ + 1, std::memory_order_relaxed)) {
  }
  return own_;
}

}  // namespace logboom::arena
