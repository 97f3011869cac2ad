#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "arena/arena.hpp"
#include "arena/arena_pool.hpp"
#include "arena/large_block_cache.hpp"
#include "server/head_memo.hpp"
#include "server/inflight_budget.hpp"
#include "server/options.hpp"
#include "server/telemetry.hpp"
#include "server/timer_wheel.hpp"
#include "store/store.hpp"

namespace logboom::server {

class Admin;
class Session;

// What all io threads share. Built before them and destroyed after them.
struct SharedState {
  const Options& options;
  arena::ArenaPool& arenas;
  arena::LargeBlockCache& large_blocks;
  store::Store& store;
  InflightBudget budget;
  const Admin* admin = nullptr;
  // Set once by the control thread when a drain begins; read by every thread. Relaxed: what a
  // drain asks of a thread is told to it through its mailbox besides.
  std::atomic<bool> draining{false};
  // How many of the io threads are given connections; set by the control thread. Relaxed: it is
  // only shown.
  std::atomic<std::size_t> threads_serving{1};
};

// The settings as one io thread has them, and how many of its requests go by them. Owner: that
// thread; a copy of its own, so that reading a setting is reading memory that nobody writes.
struct SettingsInUse {
  const Settings settings;
  std::size_t requests = 0;
};

// What one io thread lends to its sessions: time, timers, the epoll set, arenas, the staging chain,
// the budget and the counters. Owner: the io thread; every function is called by it alone.
class SessionHost {
 public:
  using Clock = TimerWheel::Clock;

  SessionHost(SharedState& shared, store::Producer& producer, const Settings& settings);
  ~SessionHost();
  SessionHost(const SessionHost&) = delete;
  SessionHost& operator=(const SessionHost&) = delete;

  // Called once a turn, before anything else reads the time.
  void begin_turn() noexcept;
  // Called after long work within a turn, so that what is timed from then on is timed right.
  void refresh_now() noexcept { now_ = Clock::now(); }
  // Makes what this turn has staged visible to the committer and settles the budget.
  void end_turn();

  [[nodiscard]] Clock::time_point now() const noexcept { return now_; }
  // Server clock, nanoseconds since the Unix epoch, never decreasing on this thread.
  [[nodiscard]] std::int64_t arrival_ns() const noexcept { return arrival_ns_; }
  // The present second as an IMF-fixdate, for the Date header.
  [[nodiscard]] std::string_view date();

  [[nodiscard]] const Options& options() const noexcept { return shared_.options; }
  // In force now: what no request has to do with, and what the next one begins with.
  [[nodiscard]] const Settings& settings() const noexcept { return settings_->settings; }
  // Between two turns: requests that have begun keep what they hold.
  void change_settings(const Settings& settings);
  // For a request that begins: the settings stay until it gives them back.
  [[nodiscard]] SettingsInUse& hold_settings() noexcept {
    ++settings_->requests;
    return *settings_;
  }
  void give_back_settings(SettingsInUse& held) noexcept {
    if (--held.requests == 0 && &held != settings_.get()) forget_settings(held);
  }
  // Replies carry `Connection: close` from now on, unless another request has begun to arrive.
  [[nodiscard]] bool draining() const noexcept {
    return shared_.draining.load(std::memory_order_relaxed);
  }
  // Idle connections are closed from now on.
  void close_idle_connections() noexcept { closes_idle_ = true; }
  [[nodiscard]] bool closes_idle_connections() const noexcept { return closes_idle_; }
  [[nodiscard]] store::State store_state() const noexcept { return shared_.store.state(); }
  [[nodiscard]] const Admin& admin() const noexcept { return *shared_.admin; }
  [[nodiscard]] Telemetry& telemetry() noexcept { return telemetry_; }
  [[nodiscard]] TimerWheel& timers() noexcept { return timers_; }
  [[nodiscard]] HeadMemo& head_memo() noexcept { return head_memo_; }
  [[nodiscard]] std::optional<arena::ArenaLease> try_lease() { return shared_.arenas.try_lease(); }
  // An arena that answers health checks while all others are out, or null while it does.
  [[nodiscard]] arena::Arena* take_reserve() noexcept;
  void give_back_reserve() noexcept;

  // A number for a request's ticket: none of the last four thousand million had it.
  [[nodiscard]] std::uint32_t next_generation() noexcept { return ++generation_; }

  // The chain that this turn's requests are staged in.
  [[nodiscard]] store::StagingChain& chain();

  [[nodiscard]] bool admits(std::size_t own_bytes) const noexcept;
  // Whether a request may be answered before its commit: with store.durability memory, as long as
  // what waits for the disk is little. A queue that outgrows the caches costs more than a reply
  // that waits, and the wait is what slows down clients who are faster than the disk.
  [[nodiscard]] bool acknowledges_ahead() const noexcept;
  // The budget's baton, for a request that waits for the budget. It belongs to the request's bytes:
  // whoever took it gives it back with them, or leaves it to the ticket they were staged under.
  [[nodiscard]] bool try_take_baton() noexcept { return shared_.budget.try_take_baton(); }
  void give_back_baton() noexcept { shared_.budget.give_back_baton(); }
  void leave_baton_to(std::uint32_t generation) noexcept { baton_generation_ = generation; }
  // What a ticket was for is durable or has failed: the bytes no longer count.
  void on_ticket_completed(std::uint32_t generation) noexcept;
  void charge(std::size_t bytes) noexcept { settle(static_cast<std::ptrdiff_t>(bytes)); }
  void release(std::size_t bytes) noexcept { settle(-static_cast<std::ptrdiff_t>(bytes)); }

  // Registers, changes or (0) takes out the events that epoll reports for a session's descriptor.
  // False: the system has no memory for it.
  [[nodiscard]] bool watch(const Session& session, std::uint32_t from, std::uint32_t to) noexcept;

  // Sessions that wait for the budget or for an arena, retried every kRetry.
  static constexpr std::chrono::milliseconds kRetry{5};
  void pause(Session& session) { paused_.push_back(&session); }
  void forget_paused(const Session& session) noexcept;
  [[nodiscard]] bool has_paused() const noexcept { return !paused_.empty(); }
  // Sessions among them that wait for an arena. While there are any, a newcomer must not take what
  // they have waited for longer.
  void count_arena_waiter(int change) noexcept { arena_waiters_ += change; }
  [[nodiscard]] bool must_queue() const noexcept { return arena_waiters_ > 0 && !retries_; }
  void retry_paused();

  // A session that is over; the io thread frees it at the end of the turn.
  void retire(std::uint32_t slot) { retired_.push_back(slot); }
  [[nodiscard]] std::vector<std::uint32_t>& retired() noexcept { return retired_; }

  // A place to read bytes into that nobody wants, and to keep a few between two requests.
  [[nodiscard]] std::vector<char>& scratch() noexcept { return scratch_; }
  [[nodiscard]] int epoll_fd() const noexcept { return epoll_fd_; }

 private:
  void forget_settings(const SettingsInUse& held) noexcept;
  void settle(std::ptrdiff_t bytes) noexcept;
  void flush_budget() noexcept;

  SharedState& shared_;
  store::Producer& producer_;
  std::unique_ptr<SettingsInUse> settings_;
  std::vector<std::unique_ptr<SettingsInUse>> former_settings_;  // that a request still goes by
  store::StagingChain* open_chain_ = nullptr;
  const int epoll_fd_;
  TimerWheel timers_;
  Clock::time_point now_;
  std::int64_t arrival_ns_ = 0;
  std::uint32_t generation_ = 0;
  std::optional<std::uint32_t> baton_generation_;  // of the ticket that has the baton
  std::int64_t date_second_ = -1;
  char date_[32] = {};
  // Not yet in the shared budget: one atomic operation a turn instead of several a request.
  std::ptrdiff_t unsettled_bytes_ = 0;
  std::vector<Session*> paused_;
  std::vector<Session*> retrying_;
  int arena_waiters_ = 0;
  bool retries_ = false;
  Clock::time_point retry_at_;
  bool closes_idle_ = false;
  arena::Arena reserve_;
  bool reserve_taken_ = false;
  std::vector<std::uint32_t> retired_;
  std::vector<char> scratch_;
  HeadMemo head_memo_;
  Telemetry telemetry_;
};

}  // namespace logboom::server
