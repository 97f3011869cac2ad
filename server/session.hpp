#pragma once

#include <sys/epoll.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "arena/arena_pool.hpp"
#include "handlers/handler.hpp"
#include "server/exchange.hpp"
#include "server/reply.hpp"
#include "server/router.hpp"
#include "server/session_host.hpp"
#include "server/timer_wheel.hpp"
#include "store/staging.hpp"

namespace logboom::server {

// One client connection: a descriptor and a state machine that its io thread drives by events.
// While it is idle it holds nothing else; from a request's first byte to the end of its reply it
// holds an arena lease, which owns everything of the request.
//
// Owner: the io thread of its host. Never throws out of an event but std::bad_alloc.
class Session {
 public:
  struct Identity {
    std::uint32_t slot = 0;        // its place in the io thread's table
    std::uint32_t connection = 0;  // tells it from earlier sessions in the same slot
  };

  Session(SessionHost& host, int descriptor, Identity identity, bool peer_is_loopback);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // epoll reported `events` for the descriptor.
  void on_event(std::uint32_t events);
  // The request named by `generation` has reached its durability, or failed to.
  void on_committed(std::uint32_t generation, store::CommitStatus status);
  void on_timer();
  // Called while paused: tries again to get what it waits for.
  void resume();
  // A drain has begun: an idle connection is closed after a grace for what is on its way.
  void on_drain();
  // The settings have changed: an idle connection goes by the new ones.
  void on_new_settings();
  // Whether it holds nothing but its descriptor, so that another thread can go on with it.
  [[nodiscard]] bool can_move() const noexcept {
    return phase_ == Phase::idle && !paused_ && arena_ == nullptr;
  }
  // Gives up the descriptor of a session that can move, without closing it. The session is over.
  [[nodiscard]] int release();
  // Drops the connection now.
  void close();

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] std::uint64_t event_key() const noexcept {
    return std::uint64_t{identity_.connection} << 32 | identity_.slot;
  }
  [[nodiscard]] bool peer_is_loopback() const noexcept { return peer_is_loopback_; }
  [[nodiscard]] std::uint32_t connection() const noexcept { return identity_.connection; }
  [[nodiscard]] TimerNode& timer() noexcept { return timer_.node; }
  [[nodiscard]] static Session& of(TimerNode& node) noexcept;

 private:
  static constexpr std::uint32_t kReadable = EPOLLIN | EPOLLRDHUP;

  enum class Phase : std::uint8_t {
    idle,        // between requests
    header,      // some bytes of a request's header have arrived
    body,        // the body is being received
    committing,  // staged; the reply waits for the store
    replying,    // the reply did not fit into the socket's buffer at once
    lingering,   // the last reply is sent; what the client still sends is discarded
    closed
  };

  // The session's timer, and the way back from it to the session.
  struct Timer {
    TimerNode node;
    Session* session;
  };

  void handle_event(std::uint32_t events);
  // Runs a step of the state machine; if memory runs out in it, the request is refused.
  template <class Step>
  void guard(Step step) noexcept;
  void on_out_of_memory() noexcept;

  void read();
  [[nodiscard]] bool read_once();
  void on_peer_lost();
  void on_end_of_stream();
  void advance();
  [[nodiscard]] bool begin_request();
  [[nodiscard]] bool begin_health_check();
  [[nodiscard]] bool has_waiting_bytes() const;
  [[nodiscard]] bool has_more() const;
  void advance_header();
  void advance_body();
  void extend_body_deadline();

  void on_head();
  void on_ingest_head();
  [[nodiscard]] std::optional<HttpError> refuse_ingest() const;
  void send_continue();
  void ingest();
  [[nodiscard]] std::optional<HttpError> parse_into(store::StagingChain& chain);
  [[nodiscard]] bool has_ticket() const;
  void answer_ingest(std::size_t staged_bytes);
  void answer_commit(store::CommitStatus status);
  void end_commit_wait() noexcept;
  void answer_read(Endpoint endpoint);
  [[nodiscard]] std::string describe_missing() const;
  void answer_options(std::string_view allow);
  void answer_unroutable(const Routing& routing);
  [[nodiscard]] std::string_view allow_header(std::string_view methods);
  [[nodiscard]] bool may_read(const Route& route) const;

  void fail(const HttpError& error);
  void answer_error(const HttpError& error, std::string_view extra_headers = {});
  void reply(const Reply& reply);
  void send_reply();
  void finish_request();
  void begin_next_request();
  void keep_pipelined(std::string_view leftover);
  void advance_pipelined();
  void end_request() noexcept;
  void linger();
  void discard();

  void on_timeout();
  void on_event_while_paused(std::uint32_t events);
  [[nodiscard]] bool cannot_finish() const;
  [[nodiscard]] std::size_t unread_bytes() const;
  [[nodiscard]] bool may_receive() const noexcept;
  [[nodiscard]] bool take_baton() noexcept;
  void pause();
  void end_pause() noexcept;
  void try_resume();
  void give_up_pause();
  void send_overload_reply();
  void watch(std::uint32_t events);
  void arm(std::chrono::milliseconds after);
  void arm_idle();
  void set_charge(std::size_t bytes) noexcept;
  void release_charge() noexcept;
  [[nodiscard]] arena::Arena& arena() { return *arena_; }
  // Those that the present request began with.
  [[nodiscard]] const Settings& settings() const noexcept { return settings_->settings; }
  void begin_exchange();
  void give_back_settings() noexcept;

  SessionHost& host_;
  const int descriptor_;
  const Identity identity_;
  const bool peer_is_loopback_;
  Phase phase_ = Phase::idle;
  bool paused_ = false;
  bool waits_for_arena_ = false;  // while paused: for an arena, not for the budget
  bool keep_alive_ = true;
  bool waited_for_arena_ = false;  // the next request came when no arena was left
  bool pipelined_ = false;     // the next request's beginning has arrived and waits to be advanced
  std::uint32_t watched_ = 0;  // the events registered with epoll; 0: none
  std::uint32_t generation_ = 0;  // of the present request
  Timer timer_;

  std::optional<arena::ArenaLease> lease_;
  arena::Arena* arena_ = nullptr;      // the lease's, or the io thread's reserve; null while idle
  SettingsInUse* settings_ = nullptr;  // of the present request; null while idle
  // In the arena, or views into it:
  Exchange* exchange_ = nullptr;
  handlers::Outcome outcome_;  // of the body
  bool waits_for_commit_ = false;
  Reply prepared_;           // sent when the commit succeeds
  std::string_view unsent_;  // of the reply
  std::uint16_t status_ = 0;
  std::size_t charged_bytes_ = 0;  // of the in-flight budget
  bool has_baton_ = false;         // the request may receive past the budget
  RequestKind kind_ = RequestKind::unread;
  SessionHost::Clock::time_point first_byte_at_;
  SessionHost::Clock::time_point stage_began_at_;  // commit_wait or write
  SessionHost::Clock::time_point give_up_at_;      // of a pause or of lingering
  SessionHost::Clock::duration pause_allowance_;   // what is left of overload_wait for this request
  SessionHost::Clock::duration time_left_;         // of the timer, while paused
  std::size_t body_bytes_due_ = 0;                 // the timer is moved when so many have arrived
};

}  // namespace logboom::server
