#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "store/data_dir.hpp"
#include "store/options.hpp"
#include "store/os_file.hpp"
#include "store/slot_pair.hpp"
#include "store/stored_files.hpp"

namespace logboom::store {

// The contents of a file in cursors/: two such slots, written in turn.
struct CursorSlot {
  static constexpr std::uint64_t kMagic = 0x315255434d424d4c;  // "LMBMCUR1"

  std::uint64_t magic = kMagic;
  std::uint64_t generation = 0;  // the newer slot has the greater one
  std::uint64_t position = 0;    // all records up to this number are done with
  std::uint64_t lost_first = 0;  // records behind the position that were deleted, 0 for none
  std::uint64_t lost_last = 0;
  std::uint64_t lost_records = 0;
  std::uint64_t header_checksum = 0;
};
static_assert(sizeof(CursorSlot) == 56);

// Records that a cursor cannot give: deleted before it had passed them, or damaged. Numbers between
// the two need not all have been records; of damaged ones `records` is what there were at most.
struct Gap {
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;
  std::uint64_t records = 0;
};

// The positions of all cursors, each durable in a file of its own. Any thread; one lock, also while
// a position is written: cursors move once a batch.
class Cursors {
 public:
  Cursors(FileSystem& files, const DataPaths& paths) : files_(files), paths_(paths) {}

  // Reads the positions of all cursors that ever were. Those that are not opened afterwards hold
  // nothing back.
  [[nodiscard]] Status load();
  // The greatest position: numbers go on above it.
  [[nodiscard]] std::uint64_t greatest_position() const;
  // Makes the cursor if there is none: at the beginning or behind `newest_seq`. Its position is
  // durable on return. EINVAL if the name is none for a file.
  [[nodiscard]] Status open(const CursorOptions& options, std::uint64_t newest_seq);

  [[nodiscard]] bool is_open(std::string_view name) const;
  // Of a cursor that is open.
  [[nodiscard]] std::uint64_t position(std::string_view name) const;
  [[nodiscard]] std::optional<Gap> gap(std::string_view name) const;
  // Durable on return. What lies before it of a gap is done with too. Never goes back.
  [[nodiscard]] Status move_to(std::string_view name, std::uint64_t position);

  // Changes with each loss. Acquire pairs with lose().
  [[nodiscard]] std::uint64_t losses() const noexcept {
    return losses_.load(std::memory_order_acquire);
  }

  // Whether a cursor that is open has not passed the sealed file and still holds it back.
  [[nodiscard]] bool hold(const StoredFile& sealed, std::int64_t now_ns) const;
  // The sealed file is about to be deleted: those that have not passed it remember durably what
  // they lose. Returns how many records that is, all cursors together.
  [[nodiscard]] Result<std::uint64_t> lose(const StoredFile& sealed);

 private:
  struct Entry {
    CursorOptions options;
    SlotPair<CursorSlot> slots;
    bool is_open = false;
  };

  [[nodiscard]] const Entry& open_entry(std::string_view name) const;
  [[nodiscard]] Entry& open_entry(std::string_view name);
  [[nodiscard]] Status read(const std::string& name);
  [[nodiscard]] Result<std::uint64_t> lose(const StoredFile& sealed, Entry& entry);
  [[nodiscard]] std::uint64_t records_behind(const StoredFile& sealed,
                                             std::uint64_t position) const;

  FileSystem& files_;
  const DataPaths& paths_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;  // guarded by mutex_
  std::atomic<std::uint64_t> losses_{0};
};

}  // namespace logboom::store
