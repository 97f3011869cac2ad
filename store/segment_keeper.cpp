#include "store/segment_keeper.hpp"

#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace logboom::store {

namespace {

constexpr std::uint64_t kFillBytes = 1024 * 1024;
// Zeros are synced in portions, so that a commit's own sync does not wait behind all of them.
constexpr std::uint64_t kFillSyncBytes = 8 * kFillBytes;

}  // namespace

SegmentKeeper::SegmentKeeper(const Parts& parts, std::uint64_t segment_bytes)
    : files_(parts.files),
      paths_(parts.paths),
      health_(parts.health),
      sealer_(parts.sealer),
      segment_bytes_(segment_bytes) {}

SegmentKeeper::~SegmentKeeper() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_.store(true, std::memory_order_relaxed);
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
  std::unique_lock lock(mutex_);
  while (!retired_.empty()) static_cast<void>(work(lock));
  if (spare_) discard(std::move(*spare_));
}

Status SegmentKeeper::start(bool own_thread) {
  if (Status removed = remove_leftovers(); !removed) return removed;
  auto first = make_zeroed(std::min(kFirstBytes, segment_bytes_));
  Status made;
  if (first) {
    spare_ = std::move(*first);
  } else if (!means_no_room(first.error())) {
    return first.error();
  } else {
    made = first.error();
    retry_after_ = kRetryMin;
    may_retry_ = false;
  }
  if (own_thread) thread_ = std::thread([this] { run(); });
  return made;
}

Result<SpareFile> SegmentKeeper::take(std::uint64_t bytes) {
  std::optional<SpareFile> ready;
  {
    const std::scoped_lock lock(mutex_);
    ready.swap(spare_);
  }
  changed_.notify_one();
  if (!ready) return make_allocated(std::max(bytes, segment_bytes_));
  if (ready->capacity >= bytes) return std::move(*ready);
  if (Status grown = ready->file->allocate(bytes); !grown) {
    discard(std::move(*ready));
    return grown.error();
  }
  ready->capacity = bytes;
  return std::move(*ready);
}

void SegmentKeeper::retire(std::unique_ptr<SegmentWriter> segment) {
  {
    const std::scoped_lock lock(mutex_);
    retired_.push_back(std::move(segment));
  }
  changed_.notify_one();
}

void SegmentKeeper::announce_room() {
  {
    const std::scoped_lock lock(mutex_);
    room_awaited_ = true;
  }
  changed_.notify_one();
}

Result<SpareFile> SegmentKeeper::make_file() {
  std::uint64_t number = 0;
  {
    const std::scoped_lock lock(mutex_);
    number = ++files_made_;
  }
  SpareFile spare;
  spare.path = fmt::format("{}/{}{}", paths_.segments(), kSparePrefix, number);
  auto file = files_.open(spare.path, OpenMode::create);
  if (!file) return file.error();
  spare.file = std::move(*file);
  return spare;
}

Result<SpareFile> SegmentKeeper::make_zeroed(std::uint64_t bytes) {
  auto spare = make_file();
  if (!spare) return spare;
  if (Status filled = fill(*spare->file, bytes); !filled) {
    discard(std::move(*spare));
    return filled.error();
  }
  spare->capacity = bytes;
  return spare;
}

Result<SpareFile> SegmentKeeper::make_allocated(std::uint64_t bytes) {
  auto spare = make_file();
  if (!spare) return spare;
  if (Status made = spare->file->allocate(bytes); !made) {
    discard(std::move(*spare));
    return made.error();
  }
  spare->capacity = bytes;
  return spare;
}

Status SegmentKeeper::fill(File& file, std::uint64_t bytes) {
  const std::string zeros(static_cast<std::size_t>(std::min(kFillBytes, bytes)), '\0');
  for (std::uint64_t at = 0; at < bytes; at += zeros.size()) {
    if (stopping_.load(std::memory_order_relaxed)) return os_error(ECANCELED);
    const auto portion =
        static_cast<std::size_t>(std::min<std::uint64_t>(zeros.size(), bytes - at));
    if (Status written = file.write_at(std::string_view(zeros).substr(0, portion), at); !written) {
      return written;
    }
    if ((at + portion) % kFillSyncBytes != 0) continue;
    if (Status synced = file.sync(); !synced) return synced;
  }
  return file.sync();
}

void SegmentKeeper::discard(SpareFile spare) {
  spare.file.reset();
  static_cast<void>(files_.remove(spare.path));  // else the next opening removes it
}

Status SegmentKeeper::remove_leftovers() {
  const auto names = files_.list(paths_.segments());
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (!name.starts_with(kSparePrefix)) continue;
    if (Status removed = files_.remove(paths_.segments() + "/" + name); !removed) return removed;
  }
  return {};
}

void SegmentKeeper::run() {
  ::pthread_setname_np(::pthread_self(), "store-keeper");
  block_signals();
  std::unique_lock lock(mutex_);
  for (;;) {
    if (work(lock)) continue;
    if (stopping_.load(std::memory_order_relaxed)) return;
    if (spare_) {
      changed_.wait(lock);
    } else if (changed_.wait_for(lock, retry_after_) == std::cv_status::timeout) {
      may_retry_ = true;
    }
  }
}

bool SegmentKeeper::turn() {
  std::unique_lock lock(mutex_);
  may_retry_ = true;
  return work(lock);
}

// The next piece of work that is due, without the lock while it lasts.
bool SegmentKeeper::work(std::unique_lock<std::mutex>& lock) {
  if (!retired_.empty()) {
    const std::unique_ptr<SegmentWriter> segment = std::move(retired_.front());
    retired_.erase(retired_.begin());
    lock.unlock();
    finish(*segment);
    lock.lock();
    return true;
  }
  if (stopping_.load(std::memory_order_relaxed)) return false;
  if (!spare_) {
    if (!may_retry_) return false;
    prepare(lock);
    return true;
  }
  if (!std::exchange(room_awaited_, false)) return false;
  lock.unlock();
  health_.set_room();
  lock.lock();
  return true;
}

void SegmentKeeper::finish(SegmentWriter& segment) {
  const Status finished = segment.finish();
  if (finished) return sealer_.add(*segment_of(segment.name()));
  health_.set_failed(
      fmt::format("cannot close segment {}: {}; restart the server once the disk is "
                  "well",
                  segment.name(), finished.error().message()));
}

void SegmentKeeper::prepare(std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  auto made = make_zeroed(segment_bytes_);
  lock.lock();
  if (made) {
    spare_ = std::move(*made);
    retry_after_ = retry_after_.zero();
  } else {
    may_retry_ = false;
    retry_after_ = std::clamp(2 * retry_after_, kRetryMin, kRetryMax);
  }
}

}  // namespace logboom::store
