#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "server/session.hpp"
#include "server/session_host.hpp"

namespace logboom::server {

// A thread with an event loop of its own: one level-triggered epoll set that holds its connections,
// the store's completion eventfd and its mailbox. It owns its sessions and never waits for anything
// but the set. The loop is this class's own and not an io_context: docs/performance.md has the
// figures.
//
// Public members may be called by the control thread only, telemetry() by any.
class IoThread {
 public:
  // What it tells its owner, on the io thread.
  struct Events {
    std::function<void()> on_drained;  // no connection is left after drain()
    std::function<void()> on_moved;    // a move_idle() is done, and connections() says so
  };

  IoThread(SharedState& shared, store::Producer& producer, const Settings& settings, Events events);
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  void start();
  // Hands over a connected, non-blocking descriptor, which the thread owns from now on.
  void adopt(int descriptor, bool peer_is_loopback);
  // Of idle connections so many are moved at once: the others wait meanwhile, of both threads.
  static constexpr std::size_t kMovedAtOnce = 64;

  // Hands up to `count` of its idle connections to another thread, at most kMovedAtOnce, which must
  // not be draining before on_moved. Those in the middle of a request stay.
  void move_idle(std::size_t count, IoThread& to);
  // Puts other settings into force, for the requests that begin from its next turn on.
  void change_settings(const Settings& settings);
  // Ends the connections one by one as they become idle.
  void drain();
  // Drops what is left and ends the thread; returns when it has ended.
  void stop();

  // Connections it has, including those on their way to it.
  [[nodiscard]] std::size_t connections() const noexcept {
    return connections_.load(std::memory_order_relaxed);
  }
  // CPU time used since it was started, while it runs.
  [[nodiscard]] std::chrono::nanoseconds cpu_time() const noexcept;
  [[nodiscard]] const Telemetry& telemetry() noexcept { return host_.telemetry(); }

 private:
  struct Arrival {
    int descriptor;
    bool peer_is_loopback;
    bool moved;  // from another thread, which has counted it
  };
  struct Move {
    std::size_t count;
    IoThread* to;
  };
  // What the control thread asks for, all of it taken at once.
  struct Mail {
    std::vector<Arrival> arrivals;
    std::vector<Move> moves;
    std::optional<Settings> settings;
    bool drain = false;
    bool stop = false;
  };

  void run();
  void turn();
  [[nodiscard]] int sleep_ms() noexcept;
  void dispatch(std::uint64_t key, std::uint32_t events);
  void on_completions();
  void on_mail();
  void try_admit(const Arrival& arrival);
  void admit(const Arrival& arrival);
  void move_idle_now(const Move& move);
  void begin_drain();
  void take_settings();
  void free_retired();
  void watch_own(int descriptor, std::uint64_t key);
  void post(const std::function<void(Mail&)>& change);

  store::Producer& producer_;
  const Events events_;
  const int mailbox_fd_;

  std::mutex mail_mutex_;  // guards mail_; never held with another lock
  Mail mail_;
  std::atomic<std::size_t> connections_{0};

  // The io thread's own.
  SessionHost host_;
  std::vector<std::unique_ptr<Session>> sessions_;  // by slot
  std::vector<std::uint32_t> free_slots_;
  std::uint32_t last_connection_ = 0;
  std::size_t moves_done_ = 0;      // and not told yet
  std::size_t last_looked_at_ = 0;  // the slot, by move_idle_now(): each move goes on behind it
  std::optional<Settings> next_settings_;
  bool draining_ = false;
  bool drained_ = false;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace logboom::server
