#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace logboom::server {

// Decides how many of the io threads serve. A thread that serves only a little is woken for each
// request or two, which costs more than the request does: so as few serve as keep up with the
// load, and the others sleep. Owner: the control thread, which calls it every kTick.
class ThreadBalance {
 public:
  // Loads are CPU time for each second: 1.0 is a thread that never waits.
  static constexpr double kBusy = 0.75;   // more threads from this mean on
  static constexpr double kQuiet = 0.60;  // one fewer, if the mean is below this without it
  static constexpr std::size_t kBusyTicks = 2;
  static constexpr std::size_t kQuietTicks = 10;

  struct Move {
    std::size_t from = 0;
    std::size_t to = 0;
    std::size_t connections = 0;
  };

  explicit ThreadBalance(std::size_t threads) noexcept : threads_(threads) {}

  // The first so many threads serve.
  [[nodiscard]] std::size_t serving() const noexcept { return serving_; }
  // What all threads together have used since the last tick.
  void observe(double load) noexcept;
  // What has to move, given how many connections each thread has: everything away from those that
  // do not serve, and from those that have many more than their share.
  // Valid until the next call.
  [[nodiscard]] std::span<const Move> moves(std::span<const std::size_t> connections);

 private:
  std::size_t threads_;
  std::size_t serving_ = 1;
  std::size_t busy_ticks_ = 0;
  std::size_t quiet_ticks_ = 0;
  std::vector<Move> moves_;
};

}  // namespace logboom::server
