#pragma once

#include <atomic>
#include <cstddef>

namespace logboom::server {

// The bytes received or staged and not yet durable, of all threads, against one limit. It is
// checked before each read, and threads tell it what they read with a little delay, so it can be
// passed by one read and one delay a thread: less than 256 KiB for each.
//
// Requests that have each received a part of their bodies could fill the budget and wait for one
// another for ever. So there is a baton: whoever has it goes on past the limit, until its bytes
// are durable or given up. There is one, so the limit is passed by one body at most.
// Shared by all io threads; a plain sum and a flag, ordering nothing else, hence relaxed.
class InflightBudget {
 public:
  explicit InflightBudget(std::size_t bytes_max) noexcept : bytes_max_(bytes_max) {}

  // Whether a request that holds `own` bytes may read more: always when nothing else is in flight,
  // so that one body within its limit is admitted however small the budget is. `unsettled` is what
  // the calling thread has not told the budget yet.
  [[nodiscard]] bool admits(std::size_t own, std::ptrdiff_t unsettled) const noexcept {
    const std::size_t used =
        used_.load(std::memory_order_relaxed) + static_cast<std::size_t>(unsettled);
    return used < bytes_max() || used <= own;
  }
  void charge(std::size_t bytes) noexcept { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void release(std::size_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  // Whether the caller has the baton from now on, until it calls give_back_baton().
  [[nodiscard]] bool try_take_baton() noexcept {
    return !baton_taken_.load(std::memory_order_relaxed) &&
           !baton_taken_.exchange(true, std::memory_order_relaxed);
  }
  void give_back_baton() noexcept { baton_taken_.store(false, std::memory_order_relaxed); }

  [[nodiscard]] std::size_t used_bytes() const noexcept {
    return used_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::size_t bytes_max() const noexcept {
    return bytes_max_.load(std::memory_order_relaxed);
  }
  void set_bytes_max(std::size_t bytes) noexcept {
    bytes_max_.store(bytes, std::memory_order_relaxed);
  }

 private:
  std::atomic<std::size_t> bytes_max_;
  alignas(64) std::atomic<std::size_t> used_{0};
  std::atomic<bool> baton_taken_{false};
};

}  // namespace logboom::server
