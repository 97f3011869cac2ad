#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "server/io_thread.hpp"
#include "server/options.hpp"
#include "server/session_host.hpp"
#include "server/telemetry.hpp"
#include "server/thread_balance.hpp"

namespace logboom::server {

// The io threads of a server and which of its connections each has: new ones are placed, idle ones
// are moved as the number of threads that serve changes, and all are drained in the end.
// Owner: the control thread, which calls every member.
class IoThreads {
 public:
  // Has the control thread do something, some time later and in the order of the calls. Called by
  // io threads, and until stop() has returned.
  using Post = std::function<void(std::function<void()>)>;

  // The store of `shared` has a producer for each of `count` threads. Throws std::system_error.
  IoThreads(SharedState& shared, const Settings& settings, std::size_t count, Post post);
  IoThreads(const IoThreads&) = delete;
  IoThreads& operator=(const IoThreads&) = delete;

  // One a thread; valid as long as this is.
  [[nodiscard]] std::vector<const Telemetry*> telemetry() const;

  void start();
  // Drops what is left and ends the threads; returns when they have ended.
  void stop();
  // Gives a connected, non-blocking descriptor to the thread that has the fewest, of those that
  // serve.
  void place(int descriptor, bool peer_is_loopback);
  // Those that any thread has.
  [[nodiscard]] std::size_t connections() const noexcept;
  void change_settings(const Settings& settings);

  // CPU time that all threads together have used since the last call, for each second of it.
  [[nodiscard]] double measure_load();
  // Lets as many threads serve as the load asks for, see ThreadBalance, and moves idle connections
  // where they belong, unless earlier moves are still on their way. Not after drain().
  void balance(double load);

  // Ends the connections one by one as they become idle; calls `on_drained`, by `post`, when none
  // is left. Call once.
  void drain(std::function<void()> on_drained);

 private:
  void on_moved();
  void on_thread_drained();
  void drain_threads();

  SharedState& shared_;
  const Post post_;
  std::vector<std::unique_ptr<IoThread>> threads_;
  ThreadBalance balance_;
  std::vector<std::size_t> thread_connections_;  // for balance_, to look at
  std::chrono::duration<double> used_{0};        // CPU time of all threads when last measured
  std::chrono::steady_clock::time_point measured_at_ = std::chrono::steady_clock::now();
  std::size_t moving_ = 0;            // moves asked for and not yet done
  std::function<void()> on_drained_;  // empty before drain()
  std::size_t threads_to_drain_ = 0;
};

}  // namespace logboom::server
