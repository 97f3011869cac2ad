#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace logboom::store {

// How far the store has got: up to which number its records have reached their durability. One
// writer, any number of readers, some of whom wait for more.
class Tail {
 public:
  // The writer: costs nothing but two stores and a load while nobody waits.
  void advance_to(std::uint64_t seq) {
    // A Dekker pair with wait_behind(), hence seq_cst on both: either the waiter sees the number or
    // the writer sees the waiter.
    seq_.store(seq, std::memory_order_seq_cst);
    if (waiters_.load(std::memory_order_seq_cst) == 0) return;
    { const std::scoped_lock lock(mutex_); }  // a waiter that has looked is waiting by now
    advanced_.notify_all();
  }

  // Acquire pairs with advance_to(): the files hold what the number says.
  [[nodiscard]] std::uint64_t seq() const noexcept { return seq_.load(std::memory_order_acquire); }

  // Returns true once there is more than `seq`, false if there is not when the time is over or the
  // store closes.
  [[nodiscard]] bool wait_behind(std::uint64_t seq, std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    waiters_.fetch_add(1, std::memory_order_seq_cst);
    const auto there_is = [&] { return seq_.load(std::memory_order_seq_cst) > seq; };
    advanced_.wait_for(lock, time, [&] { return there_is() || closed_; });
    waiters_.fetch_sub(1, std::memory_order_seq_cst);
    return there_is();
  }

  // Nobody waits from now on.
  void close() {
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
    }
    advanced_.notify_all();
  }

 private:
  std::atomic<std::uint64_t> seq_{0};
  std::atomic<int> waiters_{0};
  std::mutex mutex_;
  std::condition_variable advanced_;
  bool closed_ = false;  // guarded by mutex_
};

}  // namespace logboom::store
