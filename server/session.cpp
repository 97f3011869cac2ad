#include "server/session.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace logboom::server {
namespace {

// A connection gives way to the others after this many bytes of a body in one turn.
constexpr std::size_t kReadBytesPerTurn = 1024 * 1024;
// The in-flight budget is looked at before each read, so a read must not be without bounds.
constexpr std::size_t kReadBytesMax = 128 * 1024;
// So much of a body, or its end, must arrive in each period of timeouts.body.
constexpr std::size_t kBodyPortionBytes = 1024 * 1024;
// How long a client may go on sending after its connection's last reply, and may pause meanwhile.
constexpr std::chrono::milliseconds kLingerTotal{5000};
constexpr std::chrono::milliseconds kLingerPause{2000};
// A health check served from the reserve keeps others from it only so long.
constexpr std::chrono::milliseconds kReserveHeaderTimeout{1000};
// What an idle connection gets when a drain begins, for a request that is already on its way.
constexpr std::chrono::milliseconds kDrainGrace{200};

}  // namespace

Session::Session(SessionHost& host, int descriptor, Identity identity, bool peer_is_loopback)
    : host_(host),
      descriptor_(descriptor),
      identity_(identity),
      peer_is_loopback_(peer_is_loopback),
      timer_{{}, this},
      pause_allowance_(host.settings().overload_wait) {
  arm_idle();
  watch(kReadable);
}

Session::~Session() {
  close();
}

Session& Session::of(TimerNode& node) noexcept {
  static_assert(std::is_standard_layout_v<Timer> && offsetof(Timer, node) == 0);
  return *reinterpret_cast<Timer*>(&node)->session;
}

template <class Step>
void Session::guard(Step step) noexcept {
  try {
    step();
    advance_pipelined();
  } catch (const std::bad_alloc&) {
    on_out_of_memory();
  }
}

// What was staged has been taken back where it was staged; here only the client is left to be told.
void Session::on_out_of_memory() noexcept {
  pipelined_ = false;
  if (phase_ == Phase::header || phase_ == Phase::body) return send_overload_reply();
  close();
}

void Session::on_event(std::uint32_t events) {
  guard([&] { handle_event(events); });
}

void Session::on_committed(std::uint32_t generation, store::CommitStatus status) {
  if (phase_ != Phase::committing || generation != generation_) return;
  guard([&] { answer_commit(status); });
}

void Session::handle_event(std::uint32_t events) {
  switch (phase_) {
    case Phase::idle:
    case Phase::header:
    case Phase::body: return paused_ ? on_event_while_paused(events) : read();
    case Phase::committing:
      // The next request, or a hang-up: it waits until the reply is on its way.
      return watch(0);
    case Phase::replying: return (events & (EPOLLERR | EPOLLHUP)) != 0 ? close() : send_reply();
    case Phase::lingering: return discard();
    case Phase::closed: return;
  }
}

// Requests that came in one piece are served one after the other, in a loop and not by recursion:
// there may be thousands.
void Session::advance_pipelined() {
  while (std::exchange(pipelined_, false)) advance();
}

void Session::read() {
  bool more = true;
  for (std::size_t read = 0; more && read < kReadBytesPerTurn; read += kReadBytesMax) {
    if (phase_ == Phase::idle && !begin_request()) return pause();
    if (phase_ == Phase::body && !may_receive()) return pause();
    more = read_once();
  }
}

// Returns whether to read again at once: the read filled its room and the request wants more.
bool Session::read_once() {
  const std::span<char> whole_room = exchange_->room();
  const std::span<char> room = whole_room.first(std::min(whole_room.size(), kReadBytesMax));
  const ssize_t n = ::recv(descriptor_, room.data(), room.size(), 0);
  if (n > 0) {
    host_.telemetry().received_bytes.add(static_cast<std::uint64_t>(n));
    exchange_->received(static_cast<std::size_t>(n));
    advance();
    const bool filled = static_cast<std::size_t>(n) == room.size();
    return filled && !paused_ && (phase_ == Phase::header || phase_ == Phase::body);
  }
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
    if (phase_ == Phase::idle) end_request();
  } else if (n == 0) {
    on_end_of_stream();
  } else {
    on_peer_lost();
  }
  return false;
}

void Session::on_peer_lost() {
  if (phase_ != Phase::idle) host_.telemetry().aborted.add();
  close();
}

// Gets the arena that the next request will live in. False: all are out, or others have waited
// for one longer.
bool Session::begin_request() {
  if (arena_ != nullptr) return true;
  if (!host_.must_queue()) lease_ = host_.try_lease();
  if (lease_) arena_ = &**lease_;
  if (arena_ == nullptr && !begin_health_check()) return false;
  begin_exchange();
  return true;
}

void Session::begin_exchange() {
  settings_ = &host_.hold_settings();
  exchange_ = Exchange::create(arena(), settings().limits.head, host_.head_memo());
}

// A health check must not wait for an overload to pass: it is served from the reserve.
bool Session::begin_health_check() {
  char start[16];
  const ssize_t n = ::recv(descriptor_, start, sizeof start, MSG_PEEK);
  const std::string_view text(start, static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
  if (!text.starts_with("GET /healthz") && !text.starts_with("GET /readyz")) return false;
  arena_ = host_.take_reserve();
  return arena_ != nullptr;
}

bool Session::has_waiting_bytes() const {
  char byte = 0;
  return ::recv(descriptor_, &byte, 1, MSG_PEEK) > 0;
}

// During a drain a connection goes on until it has no request that has begun to arrive.
bool Session::has_more() const {
  return !exchange_->leftover().empty() || has_waiting_bytes();
}

void Session::advance() {
  if (phase_ == Phase::idle) {
    phase_ = Phase::header;
    if (!std::exchange(waited_for_arena_, false)) first_byte_at_ = host_.now();
    kind_ = RequestKind::unread;
    keep_alive_ = true;
    arm(lease_ ? settings().timeouts.header : kReserveHeaderTimeout);
  }
  if (phase_ == Phase::header)
    advance_header();
  else if (phase_ == Phase::body)
    advance_body();
}

void Session::advance_header() {
  switch (exchange_->parse_head()) {
    case Exchange::Progress::need_more: return;
    case Exchange::Progress::failed: return fail(exchange_->error());
    case Exchange::Progress::done: return on_head();
  }
}

void Session::advance_body() {
  switch (exchange_->parse_body()) {
    case Exchange::Progress::need_more:
      set_charge(exchange_->held_bytes());
      return extend_body_deadline();
    case Exchange::Progress::failed: return fail(exchange_->error());
    case Exchange::Progress::done:
      set_charge(exchange_->held_bytes());
      // A small body comes with its header, so this may be the first time that the budget is asked.
      return may_receive() ? ingest() : pause();
  }
}

// A client that drips its body must not hold an arena and its share of the budget for ever.
void Session::extend_body_deadline() {
  if (charged_bytes_ < body_bytes_due_) return;
  body_bytes_due_ = charged_bytes_ + kBodyPortionBytes;
  arm(settings().timeouts.body);
}

// Answers a request whose rest is unread or unreadable, and ends the connection.
void Session::fail(const HttpError& error) {
  keep_alive_ = false;
  answer_error(error);
}

void Session::answer_error(const HttpError& error, std::string_view extra_headers) {
  Reply refused = error_reply(error, arena());
  if (!extra_headers.empty()) refused.extra_headers = extra_headers;
  host_.telemetry().record_error(error.code);
  reply(refused);
}

void Session::reply(const Reply& reply) {
  keep_alive_ = keep_alive_ && exchange_->head().keep_alive && (!host_.draining() || has_more());
  status_ = reply.status;
  const ReplyFraming framing{.close = !keep_alive_,
                             .announce_keep_alive = keep_alive_ && exchange_->head().http_1_0,
                             .without_body = exchange_->head().method == Method::head,
                             .date = host_.date()};
  unsent_ = render(reply, framing, arena());
  send_reply();
}

void Session::send_reply() {
  phase_ = Phase::replying;
  while (!unsent_.empty()) {
    const ssize_t n = ::send(descriptor_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      unsent_.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return close();
    watch(EPOLLOUT);
    return arm(settings().timeouts.reply);
  }
  finish_request();
}

void Session::finish_request() {
  Telemetry& telemetry = host_.telemetry();
  const SessionHost::Clock::time_point now = SessionHost::Clock::now();
  telemetry.record_request(kind_, status_, now - first_byte_at_);
  if (holds_logs(kind_)) telemetry.record_stage(Stage::write, now - stage_began_at_);
  if (!keep_alive_) return linger();
  begin_next_request();
}

void Session::begin_next_request() {
  phase_ = Phase::idle;
  pause_allowance_ = host_.settings().overload_wait;
  arm_idle();
  watch(kReadable);
  if (phase_ == Phase::closed) return;
  if (exchange_->leftover().empty()) return end_request();
  keep_pipelined(exchange_->leftover());
}

// What the client has sent behind the request becomes the beginning of the next, in the same arena.
void Session::keep_pipelined(std::string_view leftover) {
  std::vector<char>& kept = host_.scratch();
  if (leftover.size() > kept.size()) kept.resize(leftover.size());
  std::copy(leftover.begin(), leftover.end(), kept.begin());
  release_charge();
  exchange_->destroy();
  arena().reset();
  give_back_settings();
  begin_exchange();
  exchange_->preload({kept.data(), leftover.size()});
  pipelined_ = true;
}

void Session::end_request() noexcept {
  release_charge();
  waited_for_arena_ = false;
  unsent_ = {};
  if (exchange_ != nullptr) exchange_->destroy();
  exchange_ = nullptr;
  give_back_settings();
  if (arena_ != nullptr && !lease_) host_.give_back_reserve();
  arena_ = nullptr;
  lease_.reset();
}

void Session::give_back_settings() noexcept {
  if (settings_ != nullptr) host_.give_back_settings(*std::exchange(settings_, nullptr));
}

// Lets the client read the last reply: closing with unread bytes would reset the connection and
// could take the reply with it (RFC 9112 section 9.6).
void Session::linger() {
  end_request();
  phase_ = Phase::lingering;
  give_up_at_ = host_.now() + kLingerTotal;
  ::shutdown(descriptor_, SHUT_WR);
  watch(kReadable);
  arm(kLingerPause);
}

void Session::discard() {
  std::vector<char>& scratch = host_.scratch();
  const ssize_t n = ::recv(descriptor_, scratch.data(), scratch.size(), 0);
  if (n > 0)
    return arm(std::min<std::chrono::milliseconds>(
        kLingerPause, std::chrono::ceil<std::chrono::milliseconds>(give_up_at_ - host_.now())));
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
  close();
}

void Session::resume() {
  guard([this] { try_resume(); });
}

void Session::on_drain() {
  if (phase_ == Phase::idle && !paused_) arm_idle();
}

void Session::on_new_settings() {
  if (phase_ != Phase::idle || paused_) return;
  pause_allowance_ = host_.settings().overload_wait;
  arm_idle();
}

void Session::on_timer() {
  guard([this] { on_timeout(); });
}

void Session::on_timeout() {
  switch (phase_) {
    case Phase::idle:
      // A request may have arrived in this very moment: look once more before closing.
      return has_waiting_bytes() ? read() : close();
    case Phase::header:
    case Phase::body:
      host_.telemetry().timeouts.add();
      return fail({408, ErrorCode::request_timeout, "The request did not arrive in time."});
    case Phase::committing:
      host_.telemetry().timeouts.add();
      end_commit_wait();
      return fail({503, ErrorCode::commit_timeout,
                   "The records were not on stable storage in time; whether they are stored is "
                   "unknown."});
    case Phase::replying: host_.telemetry().timeouts.add(); return close();
    case Phase::lingering: return close();
    case Phase::closed: return;
  }
}

void Session::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  watch(0);
  host_.timers().disarm(timer_.node);
  if (paused_) {
    host_.forget_paused(*this);
    end_pause();
  }
  end_request();
  ::close(descriptor_);
  host_.telemetry().connections_closed.add();
  host_.retire(identity_.slot);
}

int Session::release() {
  phase_ = Phase::closed;
  watch(0);
  host_.timers().disarm(timer_.node);
  host_.retire(identity_.slot);
  return descriptor_;
}

void Session::watch(std::uint32_t events) {
  if (events == watched_) return;
  const bool watched = host_.watch(*this, watched_, events);
  watched_ = watched ? events : 0;
  if (!watched) close();
}

void Session::arm_idle() {
  arm(host_.closes_idle_connections() ? kDrainGrace : host_.settings().timeouts.idle);
}

void Session::arm(std::chrono::milliseconds after) {
  host_.timers().arm(timer_.node, host_.now() + after);
}

void Session::set_charge(std::size_t bytes) noexcept {
  if (bytes > charged_bytes_) host_.charge(bytes - charged_bytes_);
  if (bytes < charged_bytes_) host_.release(charged_bytes_ - bytes);
  charged_bytes_ = bytes;
}

void Session::release_charge() noexcept {
  set_charge(0);
  if (std::exchange(has_baton_, false)) host_.give_back_baton();
}

}  // namespace logboom::server
