#include "store/segment_keeper.hpp"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace logboom::store {

SegmentKeeper::SegmentKeeper(const Parts& parts, std::uint64_t segment_bytes)
    : parts_(parts),
      segment_bytes_(segment_bytes),
      next_bytes_(std::min(kFirstBytes, segment_bytes)) {}

SegmentKeeper::~SegmentKeeper() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
  std::unique_lock lock(mutex_);
  while (!retired_.empty()) static_cast<void>(work(lock));
  if (spare_) discard(std::move(*spare_));
}

Status SegmentKeeper::start(bool own_thread) {
  if (Status removed = remove_leftovers(); !removed) return removed;
  std::unique_lock lock(mutex_);
  Status made;
  while (made && (!spare_ || wants_zeros())) made = spare_ ? add_zeros(lock) : prepare(lock);
  if (!made && !means_no_room(made.error())) return made;
  if (own_thread) thread_ = std::thread([this] { run(); });
  return made;
}

Result<SpareFile> SegmentKeeper::take(std::uint64_t bytes) {
  std::optional<SpareFile> ready = ready_file();
  if (!ready) {
    auto made = make_within_limits(std::max(bytes, segment_bytes_));
    if (!made) return made;
    ready = std::move(*made);
  } else if (ready->capacity < bytes) {
    Status grown = admit(bytes - ready->capacity);
    if (grown) grown = ready->file->allocate(bytes);
    if (!grown) {
      discard(std::move(*ready));
      return grown.error();
    }
    parts_.catalogue.add_spare(bytes - ready->capacity);
    ready->capacity = bytes;
  }
  {
    const std::scoped_lock lock(mutex_);
    zeros_pay_ = used_.load(std::memory_order_relaxed) <= commits_ * kZerosPayUpTo;
    active_bytes_ = ready->capacity;
    used_.store(0, std::memory_order_relaxed);
    commits_ = 0;
    next_bytes_ = std::min(segment_bytes_, kGrowth * active_bytes_);
  }
  changed_.notify_one();
  return std::move(*ready);
}

// The file made ahead, once no zeros are being written to it.
std::optional<SpareFile> SegmentKeeper::ready_file() {
  std::unique_lock lock(mutex_);
  zeros_written_.wait(lock, [this] { return !writing_zeros_; });
  return std::exchange(spare_, std::nullopt);
}

void SegmentKeeper::note_use(std::uint64_t end) noexcept {
  used_.store(end, std::memory_order_relaxed);
  ++commits_;
  if (end >= wake_at_.load(std::memory_order_relaxed)) changed_.notify_one();
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

Result<SpareFile> SegmentKeeper::make_file(std::uint64_t bytes) {
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
  if (Status made = spare.file->allocate(bytes); !made) {
    discard(std::move(spare));
    return made.error();
  }
  spare.capacity = bytes;
  return spare;
}

// The file system may be full before the store's own limits are reached.
Result<SpareFile> SegmentKeeper::make_within_limits(std::uint64_t bytes) {
  for (;;) {
    if (Status admitted = admit(bytes); !admitted) return admitted.error();
    auto made = make_file(bytes);
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

Status SegmentKeeper::write_zeros(SpareFile& spare, std::uint64_t end) {
  static constexpr std::array<char, 64 * 1024> kZeros{};
  std::array<iovec, kPortionMax / kZeros.size()> pieces;
  std::size_t count = 0;
  for (std::uint64_t at = spare.zeroed; at < end; at += pieces[count++].iov_len) {
    // writev takes pointers to mutable bytes but does not write to them.
    pieces[count] = {const_cast<char*>(kZeros.data()),
                     static_cast<std::size_t>(std::min<std::uint64_t>(kZeros.size(), end - at))};
  }
  const Status written = spare.file->write_at(std::span(pieces).first(count), spare.zeroed);
  if (!written) return written;
  if (Status synced = spare.file->sync(); !synced) return synced;
  spare.zeroed = end;
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
    if (stopping_) return;
    wake_at_.store(wants_zeros() ? use_at(portion_end()) : kNever, std::memory_order_relaxed);
    if (const auto time = next_time()) {
      changed_.wait_until(lock, *time);
    } else {
      changed_.wait(lock);
    }
  }
}

// When there will be work without anybody asking for it.
std::optional<Backoff::Clock::time_point> SegmentKeeper::next_time() const noexcept {
  if (!spare_) return making_.due();
  std::optional<Backoff::Clock::time_point> next;
  if (wants_zeros()) next = next_portion_;
  if (room_awaited_) next = std::min(next.value_or(room_.due()), room_.due());
  return next;
}

bool SegmentKeeper::turn() {
  std::unique_lock lock(mutex_);
  making_.cut_short();
  room_.cut_short();
  next_portion_ = {};
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
  if (stopping_) return false;
  const auto now = Backoff::Clock::now();
  if (!spare_) return making_.is_due(now) && prepare(lock).has_value();
  if (room_awaited_ && room_.is_due(now)) {
    room_awaited_ = false;
    lock.unlock();
    parts_.health.set_room();
    lock.lock();
    return true;
  }
  if (!wants_zeros()) return false;
  if (now < next_portion_ && used_.load(std::memory_order_relaxed) < use_at(portion_end()))
    return false;
  return add_zeros(lock).has_value();
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

Status SegmentKeeper::prepare(std::unique_lock<std::mutex>& lock) {
  const std::uint64_t bytes = next_bytes_;
  lock.unlock();
  auto made = make_within_limits(bytes);
  lock.lock();
  if (!made) {
    making_.failed(Backoff::Clock::now());
    return made.error();
  }
  spare_ = std::move(*made);
  next_portion_ = Backoff::Clock::now() + kPortionPause;
  return {};
}

bool SegmentKeeper::wants_zeros() const noexcept {
  return parts_.options.durability == Durability::sync && zeros_pay_ && spare_ &&
         spare_->zeroed < spare_->capacity;
}

// Where the next portion of zeros is to end at least.
std::uint64_t SegmentKeeper::portion_end() const noexcept {
  return std::min(spare_->capacity, spare_->zeroed + kPortionMin);
}

// How far the active segment is in use when as many zeros are due.
std::uint64_t SegmentKeeper::use_at(std::uint64_t zeros) const noexcept {
  const double part = static_cast<double>(zeros) / static_cast<double>(spare_->capacity);
  return static_cast<std::uint64_t>(0.75 * part * static_cast<double>(active_bytes_));
}

Status SegmentKeeper::add_zeros(std::unique_lock<std::mutex>& lock) {
  const std::uint64_t used = used_.load(std::memory_order_relaxed);
  std::uint64_t end = portion_end();
  const std::uint64_t most = std::min(spare_->capacity, spare_->zeroed + kPortionMax);
  while (end < most && use_at(end) < used) end = std::min(most, end + kPortionMin);
  writing_zeros_ = true;
  lock.unlock();
  const Status written = write_zeros(*spare_, end);
  lock.lock();
  writing_zeros_ = false;
  next_portion_ = Backoff::Clock::now() + kPortionPause;
  if (!written) {
    SpareFile bad = std::move(*std::exchange(spare_, std::nullopt));
    making_.failed(Backoff::Clock::now());
    lock.unlock();
    discard(std::move(bad));
    lock.lock();
  }
  zeros_written_.notify_one();
  return written;
}

}  // namespace logboom::store
