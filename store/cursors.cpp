#include "store/cursors.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

#include "store/sealed_scan.hpp"

namespace logboom::store {

namespace {

bool is_cursor_name(std::string_view name) noexcept {
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
  return !name.empty() && name.front() != '.' &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

}  // namespace

Status Cursors::load() {
  const std::scoped_lock lock(mutex_);
  const auto names = files_.list(paths_.cursors());
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (!is_cursor_name(name)) continue;  // one being made when a crash came
    if (Status read_it = read(name); !read_it) return read_it;
  }
  // Whoever made one may have been killed before its name was durable.
  return files_.sync_directory(paths_.cursors());
}

Status Cursors::read(const std::string& name) {
  auto slots = SlotPair<CursorSlot>::open(files_, paths_.cursors(), name);
  if (!slots) return slots.error();
  entries_.insert_or_assign(name, Entry{{.name = name, .hold = {}}, std::move(*slots), false});
  return {};
}

std::uint64_t Cursors::greatest_position() const {
  const std::scoped_lock lock(mutex_);
  std::uint64_t greatest = 0;
  for (const auto& [name, entry] : entries_) {
    const CursorSlot& slot = entry.slots.newest();
    greatest = std::max({greatest, slot.position, slot.lost_last});
  }
  return greatest;
}

Status Cursors::open(const CursorOptions& options, std::uint64_t newest_seq) {
  const std::scoped_lock lock(mutex_);
  if (!is_cursor_name(options.name)) return os_error(EINVAL);
  if (!entries_.contains(options.name)) {
    if (Status made = read(options.name); !made) return made;
  }
  Entry& entry = entries_.at(options.name);
  entry.options = options;
  entry.is_open = true;
  CursorSlot slot = entry.slots.newest();
  const bool is_new = slot.generation == 0;
  if (is_new && options.start == CursorOptions::Start::newest) slot.position = newest_seq;
  // Also what is read: whoever wrote it may have been killed, or its sync have failed, before it
  // was durable, and files are deleted because of it.
  return entry.slots.write(slot);
}

bool Cursors::is_open(std::string_view name) const {
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(name);
  return found != entries_.end() && found->second.is_open;
}

const Cursors::Entry& Cursors::open_entry(std::string_view name) const {
  const auto found = entries_.find(name);
  assert(found != entries_.end() && found->second.is_open);
  return found->second;
}

Cursors::Entry& Cursors::open_entry(std::string_view name) {
  return const_cast<Entry&>(std::as_const(*this).open_entry(name));
}

std::uint64_t Cursors::position(std::string_view name) const {
  const std::scoped_lock lock(mutex_);
  return open_entry(name).slots.newest().position;
}

std::optional<Gap> Cursors::gap(std::string_view name) const {
  const std::scoped_lock lock(mutex_);
  const CursorSlot& slot = open_entry(name).slots.newest();
  if (slot.lost_first == 0) return std::nullopt;
  return Gap{slot.lost_first, slot.lost_last, slot.lost_records};
}

Status Cursors::move_to(std::string_view name, std::uint64_t position) {
  const std::scoped_lock lock(mutex_);
  SlotPair<CursorSlot>& slots = open_entry(name).slots;
  CursorSlot slot = slots.newest();
  if (position <= slot.position) return {};
  slot.position = position;
  if (position >= slot.lost_last) slot.lost_first = slot.lost_last = slot.lost_records = 0;
  return slots.write(slot);
}

bool Cursors::hold(const StoredFile& sealed, std::int64_t now_ns) const {
  const std::scoped_lock lock(mutex_);
  return std::any_of(entries_.begin(), entries_.end(), [&](const auto& named) {
    const Entry& entry = named.second;
    if (!entry.is_open || entry.slots.newest().position >= sealed.last_seq) return false;
    if (!entry.options.hold) return true;
    const std::int64_t hold_ns = std::chrono::nanoseconds(*entry.options.hold).count();
    return sealed.last_arrival_ns >= now_ns - hold_ns;
  });
}

Result<std::uint64_t> Cursors::lose(const StoredFile& sealed) {
  const std::scoped_lock lock(mutex_);
  std::uint64_t lost = 0;
  for (auto& [name, entry] : entries_) {
    if (!entry.is_open || entry.slots.newest().position >= sealed.last_seq) continue;
    const auto records = lose(sealed, entry);
    if (!records) return records.error();
    lost += *records;
  }
  losses_.fetch_add(1, std::memory_order_release);
  return lost;
}

Result<std::uint64_t> Cursors::lose(const StoredFile& sealed, Entry& entry) {
  CursorSlot slot = entry.slots.newest();
  const std::uint64_t first = std::max(slot.position + 1, sealed.first_seq);
  const bool is_known = slot.lost_first <= first && slot.lost_last >= sealed.last_seq;
  if (is_known) return std::uint64_t{0};  // before a crash
  const std::uint64_t records = records_behind(sealed, slot.position);
  // What could not be sealed in time is deleted after what is newer.
  slot.lost_first = slot.lost_first == 0 ? first : std::min(slot.lost_first, first);
  slot.lost_last = std::max(slot.lost_last, sealed.last_seq);
  slot.lost_records += records;
  if (Status written = entry.slots.write(slot); !written) return written.error();
  return records;
}

// The file's own table knows; numbers within a chunk are consecutive. If it cannot be read, the
// numbers in its name say how many there were at most.
std::uint64_t Cursors::records_behind(const StoredFile& sealed, std::uint64_t position) const {
  const std::uint64_t at_most = sealed.last_seq - std::max(position, sealed.first_seq - 1);
  auto file = files_.open(paths_.root + "/" + sealed.path, OpenMode::read);
  if (!file) return at_most;
  SealedScan scan(std::move(*file));
  if (!scan.open() || !scan.is_whole()) return at_most;
  std::uint64_t records = 0;
  for (const ChunkInfo& chunk : scan.chunks()) {
    if (chunk.last_seq() <= position) continue;
    records += chunk.last_seq() - std::max(position, chunk.first_seq - 1);
  }
  return records;
}

}  // namespace logboom::store
