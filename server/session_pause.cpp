// How a session waits for memory: for an arena or for the budget, and what ends the wait. The
// connection's other mechanics are in session.cpp.
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "server/session.hpp"

namespace logboom::server {
namespace {

constexpr HttpError kOverloaded{503, ErrorCode::overloaded,
                                "Too many requests are in flight; try again in a second."};

}  // namespace

// Unread bytes would be reported over and over, so from now on only a hang-up is: a client that has
// left its body unfinished must not hold its share of the budget until the wait is over.
void Session::on_event_while_paused(std::uint32_t events) {
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) return on_peer_lost();
  const bool finished_sending = (events & EPOLLRDHUP) != 0;
  if (finished_sending && cannot_finish()) {
    host_.forget_paused(*this);
    end_pause();
    return on_end_of_stream();
  }
  watch(finished_sending ? 0U : std::uint32_t{EPOLLRDHUP});
}

// The client has sent all it will, and what waits to be read does not complete the body.
bool Session::cannot_finish() const {
  if (phase_ != Phase::body) return false;
  const std::optional<std::size_t> missing = exchange_->missing_bytes();
  return missing && unread_bytes() < *missing;
}

std::size_t Session::unread_bytes() const {
  int unread = 0;
  return ::ioctl(descriptor_, FIONREAD, &unread) == 0 ? static_cast<std::size_t>(unread) : 0;
}

bool Session::may_receive() const noexcept {
  return has_baton_ || host_.admits(charged_bytes_);
}

// Only those that are retried ask for it, and they are retried in the order in which they paused:
// so the oldest of the thread gets it.
bool Session::take_baton() noexcept {
  has_baton_ = host_.try_take_baton();
  return has_baton_;
}

void Session::pause() {
  if (paused_) return;
  paused_ = true;
  waits_for_arena_ = arena_ == nullptr;
  if (waits_for_arena_) {
    host_.count_arena_waiter(1);
    waited_for_arena_ = true;
    first_byte_at_ = host_.now();
  }
  give_up_at_ = host_.now() + pause_allowance_;
  host_.telemetry().overload_pauses.add();
  // The wait is the server's doing: the client's time goes on where it stopped.
  time_left_ = timer_.node.deadline - host_.now();
  host_.timers().disarm(timer_.node);
  host_.pause(*this);
}

// However often a request pauses, it waits for overload_wait in all.
void Session::end_pause() noexcept {
  paused_ = false;
  if (std::exchange(waits_for_arena_, false)) host_.count_arena_waiter(-1);
  pause_allowance_ = std::max(give_up_at_ - host_.now(), SessionHost::Clock::duration::zero());
}

void Session::try_resume() {
  const bool ready = phase_ == Phase::idle ? begin_request() : may_receive() || take_baton();
  if (!ready) return host_.now() >= give_up_at_ ? give_up_pause() : host_.pause(*this);
  end_pause();
  watch(kReadable);
  if (phase_ == Phase::closed) return;
  if (phase_ == Phase::idle) {
    arm_idle();
    return read();
  }
  host_.timers().arm(timer_.node, host_.now() + time_left_);
  advance_body();
}

void Session::give_up_pause() {
  end_pause();
  host_.telemetry().overload_replies.add();
  if (arena_ == nullptr) return send_overload_reply();
  fail(kOverloaded);
}

// The reply that needs no memory; the connection ends with it.
void Session::send_overload_reply() {
  const std::string_view reply = overload_reply_without_arena();
  if (::send(descriptor_, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) return close();
  host_.telemetry().record_error(ErrorCode::overloaded);
  host_.telemetry().record_request(RequestKind::unread, 503, host_.now() - first_byte_at_);
  linger();
}

}  // namespace logboom::server
