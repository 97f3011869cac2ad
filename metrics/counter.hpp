#pragma once

#include <atomic>
#include <cstdint>

namespace logboom::metrics {

// A count that one thread adds to and any thread reads: no locked instruction on the writer's path.
// A reader sees every value the counter had at some moment, in order, but relates it to nothing
// else.
class Counter {
 public:
  // Owner thread only.
  void add(std::uint64_t amount = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  // Any thread.
  [[nodiscard]] std::uint64_t value() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace logboom::metrics
