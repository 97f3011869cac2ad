#pragma once

#include <mutex>

#include "store/options.hpp"

namespace logboom::store {

// The limits that a store keeps to now. Any thread; its lock is short and taken last.
class LimitsInForce {
 public:
  explicit LimitsInForce(const Limits& limits) : limits_(limits) {}

  [[nodiscard]] Limits get() const {
    const std::scoped_lock lock(mutex_);
    return limits_;
  }
  void set(const Limits& limits) {
    const std::scoped_lock lock(mutex_);
    limits_ = limits;
  }

 private:
  mutable std::mutex mutex_;
  Limits limits_;  // guarded by mutex_
};

}  // namespace logboom::store
