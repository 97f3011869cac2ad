#include "server/io_thread.hpp"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

namespace logboom::server {
namespace {

// Connections count from one, so no session has these keys.
constexpr std::uint64_t kMailboxKey = 0;
constexpr std::uint64_t kCompletionKey = 1;
constexpr std::size_t kEventsPerTurn = 256;

int make_eventfd() {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  return fd;
}

}  // namespace

IoThread::IoThread(SharedState& shared, store::Producer& producer, const Settings& settings,
                   Events events)
    : producer_(producer),
      events_(std::move(events)),
      mailbox_fd_(make_eventfd()),
      host_(shared, producer, settings) {
  watch_own(mailbox_fd_, kMailboxKey);
  watch_own(producer_.completion_fd(), kCompletionKey);
}

IoThread::~IoThread() {
  stop();
  ::close(mailbox_fd_);
}

void IoThread::watch_own(int descriptor, std::uint64_t key) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = key;
  if (::epoll_ctl(host_.epoll_fd(), EPOLL_CTL_ADD, descriptor, &event) != 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
}

void IoThread::start() {
  thread_ = std::thread([this] { run(); });
}

void IoThread::post(const std::function<void(Mail&)>& change) {
  {
    const std::lock_guard lock(mail_mutex_);
    change(mail_);
  }
  const std::uint64_t one = 1;
  // It fails only when the counter is full, and then the thread is about to wake anyway.
  [[maybe_unused]] const ssize_t n = ::write(mailbox_fd_, &one, sizeof one);
}

void IoThread::adopt(int descriptor, bool peer_is_loopback) {
  connections_.fetch_add(1, std::memory_order_relaxed);
  post([&](Mail& mail) { mail.arrivals.push_back({descriptor, peer_is_loopback, false}); });
}

void IoThread::move_idle(std::size_t count, IoThread& to) {
  post([&](Mail& mail) { mail.moves.push_back({count, &to}); });
}

std::chrono::nanoseconds IoThread::cpu_time() const noexcept {
  clockid_t clock{};
  timespec used{};
  // The handle is not const, though only read.
  auto& thread = const_cast<std::thread&>(thread_);
  if (::pthread_getcpuclockid(thread.native_handle(), &clock) != 0) return {};
  ::clock_gettime(clock, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

void IoThread::change_settings(const Settings& settings) {
  post([&](Mail& mail) { mail.settings = settings; });
}

void IoThread::drain() {
  post([](Mail& mail) { mail.drain = true; });
}

void IoThread::stop() {
  if (!thread_.joinable()) return;
  post([](Mail& mail) { mail.stop = true; });
  thread_.join();
}

void IoThread::run() {
  ::pthread_setname_np(::pthread_self(), "http-io");
  while (!stopping_) turn();
  for (auto& session : sessions_) session.reset();
  host_.end_turn();
}

void IoThread::turn() {
  std::array<epoll_event, kEventsPerTurn> events;
  const int count =
      ::epoll_wait(host_.epoll_fd(), events.data(), static_cast<int>(events.size()), sleep_ms());
  host_.begin_turn();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    dispatch(event.data.u64, event.events);
  }
  host_.timers().advance(host_.now(), [](TimerNode& node) { Session::of(node).on_timer(); });
  if (host_.has_paused()) host_.retry_paused();
  host_.end_turn();
  free_retired();
  if (next_settings_) take_settings();
}

int IoThread::sleep_ms() noexcept {
  constexpr int kRetryMs = static_cast<int>(SessionHost::kRetry.count());
  const auto now = SessionHost::Clock::now();  // the turn may have taken long
  const auto timer = static_cast<int>(host_.timers().until_next(now).count());
  if (!host_.has_paused()) return timer;
  return timer < 0 ? kRetryMs : std::min(timer, kRetryMs);
}

void IoThread::dispatch(std::uint64_t key, std::uint32_t events) {
  if (key == kMailboxKey) return on_mail();
  if (key == kCompletionKey) return on_completions();
  const auto slot = static_cast<std::uint32_t>(key);
  Session* const session = slot < sessions_.size() ? sessions_[slot].get() : nullptr;
  // An event of this batch may be for a connection that an earlier one of it has closed.
  if (session == nullptr || session->event_key() != key) return;
  session->on_event(events);
}

void IoThread::on_completions() {
  producer_.drain_completed(
      [this](store::Ticket ticket, store::CommitStatus status) {
        host_.on_ticket_completed(ticket.generation);
        if (Session* session = sessions_[ticket.slot].get()) {
          session->on_committed(ticket.generation, status);
        }
      },
      [this](std::size_t bytes) { host_.release(bytes); });
}

void IoThread::on_mail() {
  std::uint64_t ignored = 0;
  [[maybe_unused]] const ssize_t n = ::read(mailbox_fd_, &ignored, sizeof ignored);
  Mail mail;
  {
    const std::lock_guard lock(mail_mutex_);
    std::swap(mail, mail_);
  }
  for (const Arrival& arrival : mail.arrivals) try_admit(arrival);
  for (const Move& move : mail.moves) move_idle_now(move);
  if (mail.settings) next_settings_ = mail.settings;
  if (mail.drain) begin_drain();
  if (mail.stop) stopping_ = true;
}

void IoThread::try_admit(const Arrival& arrival) {
  try {
    admit(arrival);
  } catch (const std::bad_alloc&) {
    ::close(arrival.descriptor);
    if (arrival.moved) host_.telemetry().connections_closed.add();
    connections_.fetch_sub(1, std::memory_order_relaxed);
  }
}

void IoThread::admit(const Arrival& arrival) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(sessions_.size()));
    sessions_.emplace_back();
  }
  const std::uint32_t slot = free_slots_.back();
  if (++last_connection_ == 0) ++last_connection_;
  const Session::Identity identity{slot, last_connection_};
  sessions_[slot] =
      std::make_unique<Session>(host_, arrival.descriptor, identity, arrival.peer_is_loopback);
  free_slots_.pop_back();
  if (!arrival.moved) host_.telemetry().connections_opened.add();
}

void IoThread::move_idle_now(const Move& move) {
  std::vector<Arrival> leaving;
  const std::size_t count = std::min(move.count, kMovedAtOnce);
  for (std::size_t i = 0; i < sessions_.size() && leaving.size() < count; ++i) {
    if (++last_looked_at_ >= sessions_.size()) last_looked_at_ = 0;
    const auto& session = sessions_[last_looked_at_];
    if (!session || !session->can_move()) continue;
    leaving.push_back({session->release(), session->peer_is_loopback(), true});
  }
  host_.telemetry().connections_moved.add(leaving.size());
  move.to->connections_.fetch_add(leaving.size(), std::memory_order_relaxed);
  move.to->post([&](Mail& mail) {
    mail.arrivals.insert(mail.arrivals.end(), leaving.begin(), leaving.end());
  });
  ++moves_done_;
}

void IoThread::begin_drain() {
  draining_ = true;
  host_.close_idle_connections();
  for (auto& session : sessions_) {
    if (session) session->on_drain();
  }
}

// Between two turns, so that no request sees two of them.
void IoThread::take_settings() {
  host_.change_settings(*std::exchange(next_settings_, std::nullopt));
  for (auto& session : sessions_) {
    if (session) session->on_new_settings();
  }
}

void IoThread::free_retired() {
  for (const std::uint32_t slot : host_.retired()) {
    sessions_[slot].reset();
    free_slots_.push_back(slot);
    connections_.fetch_sub(1, std::memory_order_relaxed);
  }
  host_.retired().clear();
  for (; moves_done_ > 0; --moves_done_) events_.on_moved();
  if (draining_ && !drained_ && connections() == 0) {
    drained_ = true;
    events_.on_drained();
  }
}

}  // namespace logboom::server
