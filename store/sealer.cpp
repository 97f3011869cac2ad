#include "store/sealer.hpp"

#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

namespace logboom::store {

namespace {

// Requests come first.
constexpr int kNice = 10;

}  // namespace

Sealer::Sealer(const Parts& parts)
    : parts_(parts),
      sealing_{parts.files, parts.dir, parts.health, parts.options.compression, stopping_} {}

void Sealer::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_.store(true, std::memory_order_relaxed);
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Sealer::start(bool own_thread) {
  if (own_thread) thread_ = std::thread([this] { run(); });
}

void Sealer::add(StoredFile segment) {
  {
    const std::scoped_lock lock(mutex_);
    closed_.push_back(std::move(segment));
  }
  changed_.notify_one();
}

std::vector<StoredFile> Sealer::unsealed() const {
  const std::scoped_lock lock(mutex_);
  std::vector<StoredFile> found = given_up_;
  found.insert(found.end(), closed_.begin(), closed_.end());
  return found;
}

bool Sealer::turn() {
  std::unique_lock lock(mutex_);
  sealing_again_.cut_short();
  retention_at_ = {};
  return work(lock);
}

void Sealer::run() {
  block_signals();
  ::pthread_setname_np(::pthread_self(), "store-seal");
  // Of this thread alone on Linux; without it the machine merely decides otherwise.
  static_cast<void>(::setpriority(PRIO_PROCESS, 0, kNice));
  std::unique_lock lock(mutex_);
  while (!stopping_.load(std::memory_order_relaxed)) {
    if (work(lock)) continue;
    const auto time =
        closed_.empty() ? retention_at_ : std::min(sealing_again_.due(), retention_at_);
    changed_.wait_until(lock, time);
  }
}

bool Sealer::work(std::unique_lock<std::mutex>& lock) {
  const auto now = Backoff::Clock::now();
  if (!closed_.empty() && sealing_again_.is_due(now)) {
    const StoredFile segment = closed_.front();
    retention_at_ = now;
    if (seal(segment, lock)) return true;
  }
  if (now < retention_at_ || stopping_.load(std::memory_order_relaxed)) return false;
  retention_at_ = now + kRetentionInterval;
  lock.unlock();
  const bool deleted = parts_.retention.apply(parts_.options.now());
  lock.lock();
  return deleted;
}

// Without the lock while it lasts.
bool Sealer::seal(const StoredFile& segment, std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  const auto sealed = seal_segment(sealing_, segment, buffer_);
  lock.lock();
  if (!sealed) buffer_ = {};
  if (!sealed && sealed.error() == os_error(ECANCELED)) return false;
  if (!sealed && means_no_room(sealed.error())) {
    sealing_again_.failed(Backoff::Clock::now());
    return false;
  }
  closed_.pop_front();
  sealing_again_.succeeded();
  if (closed_.empty()) buffer_ = {};
  if (sealed) {
    parts_.catalogue.seal(segment, *sealed);
    parts_.counters.sealed.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  given_up_.push_back(segment);
  parts_.counters.seal_failures.fetch_add(1, std::memory_order_relaxed);
  parts_.health.report(Severity::error,
                       fmt::format("cannot seal {}: {}; its records stay readable, uncompressed, "
                                   "until the next start tries again",
                                   segment.path, sealed.error().message()));
  return true;
}

}  // namespace logboom::store
