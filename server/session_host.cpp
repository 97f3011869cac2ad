#include "server/session_host.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <system_error>
#include <utility>

#include "server/session.hpp"

namespace logboom::server {
namespace {

constexpr std::size_t kScratchBytes = 64 * 1024;
// A dozen large bodies, or ten thousand small ones.
constexpr std::size_t kAheadBytesMax = 4 * 1024 * 1024;

// The shared budget is told at least whenever this much has gathered.
constexpr std::ptrdiff_t kUnsettledBytesMax = 64 * 1024;
constexpr std::size_t kPausedReserve = 1024;

int make_epoll() {
  const int fd = ::epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  return fd;
}

}  // namespace

SessionHost::SessionHost(SharedState& shared, store::Producer& producer, const Settings& settings)
    : shared_(shared),
      producer_(producer),
      settings_(std::make_unique<SettingsInUse>(SettingsInUse{settings})),
      epoll_fd_(make_epoll()),
      timers_(Clock::now()),
      now_(Clock::now()),
      scratch_(kScratchBytes) {
  paused_.reserve(kPausedReserve);
  retrying_.reserve(kPausedReserve);
  retired_.reserve(kPausedReserve);
}

SessionHost::~SessionHost() {
  ::close(epoll_fd_);
}

void SessionHost::change_settings(const Settings& settings) {
  if (settings_->requests > 0) former_settings_.push_back(std::move(settings_));
  settings_ = std::make_unique<SettingsInUse>(SettingsInUse{settings});
  head_memo_.forget();  // a head that was within the limits may not be any more
}

// A request under the former limits may have added to the memo until now.
void SessionHost::forget_settings(const SettingsInUse& held) noexcept {
  std::erase_if(former_settings_, [&](const auto& former) { return former.get() == &held; });
  head_memo_.forget();
}

void SessionHost::begin_turn() noexcept {
  now_ = Clock::now();
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  arrival_ns_ = std::max<std::int64_t>(
      arrival_ns_, std::chrono::duration_cast<std::chrono::nanoseconds>(wall).count());
}

void SessionHost::end_turn() {
  if (open_chain_ != nullptr) {
    producer_.publish();
    open_chain_ = nullptr;
  }
  flush_budget();
}

std::string_view SessionHost::date() {
  const std::int64_t second = arrival_ns_ / 1'000'000'000;
  if (second != date_second_) {
    date_second_ = second;
    const auto time = static_cast<std::time_t>(second);
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    std::strftime(date_, sizeof date_, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  }
  return {date_, std::strlen(date_)};
}

store::StagingChain& SessionHost::chain() {
  if (open_chain_ == nullptr) open_chain_ = &producer_.open();
  return *open_chain_;
}

bool SessionHost::admits(std::size_t own_bytes) const noexcept {
  return shared_.budget.admits(own_bytes, unsettled_bytes_);
}

bool SessionHost::acknowledges_ahead() const noexcept {
  const auto unsettled = static_cast<std::size_t>(unsettled_bytes_);
  return options().acknowledge_before_commit &&
         shared_.budget.used_bytes() + unsettled < kAheadBytesMax;
}

void SessionHost::on_ticket_completed(std::uint32_t generation) noexcept {
  if (baton_generation_ != generation) return;
  baton_generation_.reset();
  give_back_baton();
}

void SessionHost::settle(std::ptrdiff_t bytes) noexcept {
  unsettled_bytes_ += bytes;
  if (unsettled_bytes_ > kUnsettledBytesMax || unsettled_bytes_ < -kUnsettledBytesMax) {
    flush_budget();
  }
}

void SessionHost::flush_budget() noexcept {
  if (unsettled_bytes_ > 0) shared_.budget.charge(static_cast<std::size_t>(unsettled_bytes_));
  if (unsettled_bytes_ < 0) shared_.budget.release(static_cast<std::size_t>(-unsettled_bytes_));
  unsettled_bytes_ = 0;
}

arena::Arena* SessionHost::take_reserve() noexcept {
  return std::exchange(reserve_taken_, true) ? nullptr : &reserve_;
}

void SessionHost::give_back_reserve() noexcept {
  reserve_.reset();
  reserve_taken_ = false;
}

bool SessionHost::watch(const Session& session, std::uint32_t from, std::uint32_t to) noexcept {
  epoll_event event{};
  event.events = to;
  event.data.u64 = session.event_key();
  const int operation = from == 0 ? EPOLL_CTL_ADD : to == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
  return ::epoll_ctl(epoll_fd_, operation, session.descriptor(), &event) == 0;
}

void SessionHost::forget_paused(const Session& session) noexcept {
  std::erase(paused_, &session);
  std::replace(retrying_.begin(), retrying_.end(), const_cast<Session*>(&session),
               static_cast<Session*>(nullptr));
}

void SessionHost::retry_paused() {
  if (now_ < retry_at_) return;
  retry_at_ = now_ + kRetry;
  retries_ = true;
  retrying_.swap(paused_);
  for (std::size_t i = 0; i < retrying_.size(); ++i) {
    if (Session* session = retrying_[i]) session->resume();
  }
  retrying_.clear();
  retries_ = false;
}

}  // namespace logboom::server
