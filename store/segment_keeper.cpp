#include "store/segment_keeper.hpp"

#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace logboom::store {

namespace {

// Zeros are written and synced in portions, so that a commit's own sync does not wait behind many:
// with portions of 8 MiB the 99th percentile of requests was twice as long.
constexpr std::uint64_t kFillBytes = 1024 * 1024;

}  // namespace

SegmentKeeper::SegmentKeeper(const Parts& parts, std::uint64_t segment_bytes)
    : parts_(parts), segment_bytes_(segment_bytes) {}

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
  auto first =
      make_within_limits(std::min(kFirstBytes, segment_bytes_), &SegmentKeeper::make_ahead);
  Status made;
  if (first) {
    spare_ = std::move(*first);
  } else if (!means_no_room(first.error())) {
    return first.error();
  } else {
    made = first.error();
    making_.failed(Backoff::Clock::now());
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
  if (!ready)
    return make_within_limits(std::max(bytes, segment_bytes_), &SegmentKeeper::make_allocated);
  if (ready->capacity >= bytes) return std::move(*ready);
  Status grown = admit(bytes - ready->capacity);
  if (grown) grown = ready->file->allocate(bytes);
  if (!grown) {
    discard(std::move(*ready));
    return grown.error();
  }
  parts_.catalogue.add_spare(bytes - ready->capacity);
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
    room_.failed(Backoff::Clock::now());
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
  spare.path = fmt::format("{}/{}{}", parts_.paths.segments(), kSparePrefix, number);
  auto file = parts_.files.open(spare.path, OpenMode::create);
  if (!file) return file.error();
  spare.file = std::move(*file);
  return spare;
}

// The file system may be full before the store's own limits are reached.
Result<SpareFile> SegmentKeeper::make_within_limits(std::uint64_t bytes, Making how) {
  for (;;) {
    if (Status admitted = admit(bytes); !admitted) return admitted.error();
    auto made = (this->*how)(bytes);
    if (made) parts_.catalogue.add_spare(bytes);
    if (made || !means_no_room(made.error())) return made;
    if (parts_.limits.get().on_full == OnFull::reject) return made;
    if (!parts_.retention.drop_oldest()) return made;
  }
}

// Makes room for a file of these bytes if it has to and may.
Status SegmentKeeper::admit(std::uint64_t bytes) {
  for (;;) {
    auto refusal = parts_.wall.refusal(bytes);
    const bool dropped = refusal && parts_.limits.get().on_full == OnFull::drop_oldest &&
                         parts_.retention.drop_oldest();
    if (dropped) continue;
    const std::scoped_lock lock(mutex_);
    refusal_ = refusal.value_or("");
    return refusal ? Status(os_error(ENOSPC)) : Status{};
  }
}

std::string SegmentKeeper::refusal() const {
  const std::scoped_lock lock(mutex_);
  return refusal_;
}

// Zeros are for `sync`, where a commit's sync is to find no new metadata. Elsewhere they would be
// one more copy of everything: the file system's promise of room is enough.
Result<SpareFile> SegmentKeeper::make_ahead(std::uint64_t bytes) {
  return parts_.options.durability == Durability::sync ? make_zeroed(bytes) : make_allocated(bytes);
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
    const Status written = file.write_at(std::string_view(zeros).substr(0, portion), at);
    if (!written) return written;
    if (Status done = file.sync(); !done) return done;
  }
  return {};
}

void SegmentKeeper::discard(SpareFile spare) {
  spare.file.reset();
  parts_.catalogue.remove_spare(spare.capacity);
  static_cast<void>(parts_.files.remove(spare.path));  // else the next opening removes it
}

Status SegmentKeeper::remove_leftovers() {
  const auto names = parts_.files.list(parts_.paths.segments());
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (!name.starts_with(kSparePrefix)) continue;
    if (Status removed = parts_.files.remove(parts_.paths.segments() + "/" + name); !removed)
      return removed;
  }
  return {};
}

void SegmentKeeper::run() {
  block_signals();
  ::pthread_setname_np(::pthread_self(), "store-keeper");
  std::unique_lock lock(mutex_);
  for (;;) {
    if (work(lock)) continue;
    if (stopping_.load(std::memory_order_relaxed)) return;
    if (spare_ && !room_awaited_) {
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, (spare_ ? room_ : making_).due());
    }
  }
}

bool SegmentKeeper::turn() {
  std::unique_lock lock(mutex_);
  making_.cut_short();
  room_.cut_short();
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
  const auto now = Backoff::Clock::now();
  if (!spare_) return making_.is_due(now) && prepare(lock);
  if (!room_awaited_ || !room_.is_due(now)) return false;
  room_awaited_ = false;
  lock.unlock();
  parts_.health.set_room();
  lock.lock();
  return true;
}

void SegmentKeeper::finish(SegmentWriter& segment) {
  const Status finished = segment.finish();
  if (finished) {
    const StoredFile file = *segment_of(segment.name());
    parts_.catalogue.close(file, segment.end_bytes());
    return parts_.sealer.add(file);
  }
  parts_.health.set_failed(
      fmt::format("cannot close segment {}: {}; restart the server once the disk is "
                  "well",
                  segment.name(), finished.error().message()));
}

bool SegmentKeeper::prepare(std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  auto made = make_within_limits(segment_bytes_, &SegmentKeeper::make_ahead);
  lock.lock();
  if (made) {
    making_.succeeded();
    spare_ = std::move(*made);
  } else {
    making_.failed(Backoff::Clock::now());
  }
  return made.has_value();
}

}  // namespace logboom::store
