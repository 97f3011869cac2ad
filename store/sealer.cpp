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

Sealer::Sealer(FileSystem& files, const DataDir& dir, const Health& health, Counters& counters,
               int level)
    : parts_{files, dir, health, level, stopping_}, counters_(counters) {}

Sealer::~Sealer() {
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

bool Sealer::turn() {
  std::unique_lock lock(mutex_);
  may_retry_ = true;
  return work(lock);
}

void Sealer::run() {
  ::pthread_setname_np(::pthread_self(), "store-seal");
  block_signals();
  // Of this thread alone on Linux; without it the machine merely decides otherwise.
  static_cast<void>(::setpriority(PRIO_PROCESS, 0, kNice));
  std::unique_lock lock(mutex_);
  while (!stopping_.load(std::memory_order_relaxed)) {
    if (work(lock)) continue;
    if (closed_.empty()) {
      changed_.wait(lock);
    } else if (changed_.wait_for(lock, retry_after_) == std::cv_status::timeout) {
      may_retry_ = true;
    }
  }
}

bool Sealer::work(std::unique_lock<std::mutex>& lock) {
  if (closed_.empty() || !may_retry_) return false;
  const StoredFile segment = closed_.front();
  seal(segment, lock);
  return true;
}

// Without the lock while it lasts.
void Sealer::seal(const StoredFile& segment, std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  const auto sealed = seal_segment(parts_, segment);
  lock.lock();
  if (!sealed && sealed.error() == os_error(ECANCELED)) return;
  if (!sealed && means_no_room(sealed.error())) {
    may_retry_ = false;
    retry_after_ = std::clamp(2 * retry_after_, kRetryMin, kRetryMax);
    return;
  }
  closed_.pop_front();
  retry_after_ = retry_after_.zero();
  if (sealed) {
    counters_.sealed.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  counters_.seal_failures.fetch_add(1, std::memory_order_relaxed);
  parts_.health.report(Severity::error,
                       fmt::format("cannot seal {}: {}; it stays as it is until the next start",
                                   segment.path, sealed.error().message()));
}

}  // namespace logboom::store
