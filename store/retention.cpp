#include "store/retention.hpp"

#include <cerrno>
#include <chrono>
#include <string>

#include <fmt/format.h>

namespace logboom::store {

// Whether the oldest sealed file is. Looked at every few seconds, so it allocates nothing.
bool Retention::is_due(std::int64_t now_ns) const {
  const auto arrival_ns = parts_.catalogue.oldest_sealed_arrival_ns();
  if (!arrival_ns) return false;
  const RetentionOptions limits = limits_.get().retention;
  const std::int64_t age_ns = std::chrono::nanoseconds(limits.age).count();
  if (age_ns != 0 && *arrival_ns < now_ns - age_ns) return true;
  return limits.bytes_max != 0 && parts_.catalogue.totals().bytes > limits.bytes_max;
}

bool Retention::apply(std::int64_t now_ns) {
  const std::scoped_lock lock(mutex_);
  bool deleted = false;
  while (is_due(now_ns)) {
    const auto oldest = parts_.catalogue.oldest_sealed();
    if (!oldest || parts_.cursors.hold(oldest->file, now_ns) || !remove(*oldest)) break;
    parts_.counters.expired.fetch_add(1, std::memory_order_relaxed);
    deleted = true;
  }
  return deleted;
}

bool Retention::drop_oldest() {
  const std::scoped_lock lock(mutex_);
  const auto oldest = parts_.catalogue.oldest_sealed();
  if (!oldest) return false;
  if (!remove(*oldest)) return false;
  parts_.counters.dropped.fetch_add(1, std::memory_order_relaxed);
  parts_.health.report(Severity::warning,
                       fmt::format("the store is full: {} is deleted to make room "
                                   "(store.on_full: drop_oldest)",
                                   oldest->file.path));
  return true;
}

// The cursors know durably what they lose before it is gone.
Status Retention::remove(const SizedFile& file) {
  const auto lost = parts_.cursors.lose(file.file);
  if (!lost) return lost.error();
  parts_.counters.lost_records.fetch_add(*lost, std::memory_order_relaxed);
  const std::string path = parts_.paths.root + "/" + file.file.path;
  const std::string day = path.substr(0, path.rfind('/'));
  const Status removed = parts_.files.remove(path);
  if (!removed && removed.error() != os_error(ENOENT)) {  // an operator was first
    parts_.health.report(Severity::error,
                         fmt::format("cannot delete {}: {}; it goes on taking space, and is tried "
                                     "again; see that this user may write its folder",
                                     path, removed.error().message()));
    return removed;
  }
  parts_.catalogue.remove(file.file);
  if (Status synced = parts_.files.sync_directory(day); !synced) return synced;
  // The day that is being sealed keeps its folder, also while it is empty.
  const auto newest = parts_.catalogue.newest();
  if (newest && day.ends_with(day_name(newest->file.first_arrival_ns))) return {};
  static_cast<void>(parts_.files.remove_directory(day));  // if nothing else is in it
  return {};
}

}  // namespace logboom::store
