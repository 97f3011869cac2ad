#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "store/options.hpp"
#include "store/stats.hpp"

namespace logboom::store {

// Whether the store accepts, and why not. Any thread. `failed` is for good; `full` passes.
class Health {
 public:
  explicit Health(const Options& options) : options_(options) {}

  // Acquire pairs with the release of a change: who sees `failed` sees its reason.
  [[nodiscard]] State state() const noexcept { return state_.load(std::memory_order_acquire); }
  [[nodiscard]] std::string reason() const {
    const std::scoped_lock lock(mutex_);
    return reason_;
  }

  // There is no room for a new segment. Reported once until there is.
  void set_full(const std::string& reason) { change(State::full, Severity::warning, reason); }
  // There is room again.
  void set_room() {
    if (state() != State::full) return;
    change(State::accepting, Severity::info, "there is room for new segments again");
  }
  // A write or sync failed. Reported once; never left.
  void set_failed(const std::string& reason) { change(State::failed, Severity::error, reason); }

  void report(Severity severity, std::string_view sentence) const {
    if (options_.report) options_.report(severity, sentence);
  }

 private:
  void change(State to, Severity severity, const std::string& reason) {
    {
      const std::scoped_lock lock(mutex_);
      const State from = state_.load(std::memory_order_relaxed);
      if (from == to || from == State::failed) return;
      reason_ = to == State::accepting ? std::string() : reason;
      state_.store(to, std::memory_order_release);
    }
    report(severity, reason);
  }

  const Options& options_;
  mutable std::mutex mutex_;
  std::string reason_;  // guarded by mutex_
  std::atomic<State> state_{State::accepting};
};

// What the committer counts, for any thread to read; all accesses are relaxed.
struct Counters {
  std::atomic<std::uint64_t> commits{0};
  std::atomic<std::uint64_t> records{0};
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> rejected_kept{0};
  std::atomic<std::uint64_t> rejected_lost{0};
  std::atomic<std::uint64_t> sealed{0};
  std::atomic<std::uint64_t> seal_failures{0};
  std::atomic<std::uint64_t> expired{0};
  std::atomic<std::uint64_t> dropped{0};
  std::atomic<std::uint64_t> lost_records{0};
  Histogram sync_us;
  Histogram commit_us;
  Histogram requests_per_commit;
};

}  // namespace logboom::store
