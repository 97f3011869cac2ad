#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "store/backoff.hpp"
#include "store/catalogue.hpp"
#include "store/data_dir.hpp"
#include "store/health.hpp"
#include "store/limits_in_force.hpp"
#include "store/options.hpp"
#include "store/os_file.hpp"
#include "store/retention.hpp"
#include "store/sealer.hpp"
#include "store/segment_writer.hpp"
#include "store/wall.hpp"

namespace logboom::store {

// Keeps the committer from waiting for files: its thread makes the next segment's file ahead of
// need, and cuts and closes segments that are full, synced if their commits were, for the sealer to
// go on. When there is no room it tries again by itself, ever less often, and says so when there
// is.
//
// Where commits are synced and small, the next file is filled with zeros, so that a commit's sync
// finds no new metadata. Each portion of zeros holds up the commits beside it, so they are written
// as slowly as the active segment allows: the last of them when three quarters of it are in use.
class SegmentKeeper {
 public:
  // Of the first file, made while the store opens: small, so that it opens at once.
  static constexpr std::uint64_t kFirstBytes = 1024 * 1024;
  // Up to this many bytes a commit, zeros cost less than the metadata that they spare it.
  static constexpr std::uint64_t kZerosPayUpTo = 128 * 1024;
  // How many times as large as the file before the next may be: its zeros have to be ready in time.
  static constexpr std::uint64_t kGrowth = 8;
  // Zeros written and synced at a time, and how long until the next portion if nothing hurries it.
  static constexpr std::uint64_t kPortionMin = 256 * 1024;
  static constexpr std::uint64_t kPortionMax = 1024 * 1024;
  static constexpr std::chrono::milliseconds kPortionPause{100};
  // Between attempts to make a file, and before a store that was full is said to have room.
  static constexpr std::chrono::milliseconds kRetryMin{100};
  static constexpr std::chrono::milliseconds kRetryMax{5000};

  // What the keeper works with; all of it outlives the keeper.
  struct Parts {
    FileSystem& files;
    const DataPaths& paths;
    Health& health;
    Sealer& sealer;
    Catalogue& catalogue;
    const Wall& wall;
    Retention& retention;
    const Options& options;
    const LimitsInForce& limits;
  };

  // `segment_bytes` is the size that the files made ahead grow to.
  SegmentKeeper(const Parts& parts, std::uint64_t segment_bytes);
  SegmentKeeper(const SegmentKeeper&) = delete;
  SegmentKeeper& operator=(const SegmentKeeper&) = delete;
  // Closes what was retired, removes the spare file, joins the thread.
  ~SegmentKeeper();

  // Removes left-over spare files, makes the first one and, if asked to, starts the thread; also if
  // the error says that there is no room, and then it goes on trying.
  [[nodiscard]] Status start(bool own_thread);
  // Does the next piece of the thread's work, without waiting for its time; false if there is none
  // or it could not be done.
  bool turn();

  // A file of at least `bytes`, from the committer's thread: the one made ahead, with as many zeros
  // as have been written, or, if the committer outran it, one made now without any.
  [[nodiscard]] Result<SpareFile> take(std::uint64_t bytes);
  // The file taken last is in use up to `end`; from the committer's thread.
  void note_use(std::uint64_t end) noexcept;
  // Takes over a segment after write_end().
  void retire(std::unique_ptr<SegmentWriter> segment);
  // The store has been set to full: turns it back once a file is ready and some time is over, the
  // more the sooner it was full again.
  void announce_room();
  // Why the last file was refused, if it was for the store's own limits; else empty.
  [[nodiscard]] std::string refusal() const;

 private:
  [[nodiscard]] Result<SpareFile> make_file(std::uint64_t bytes);
  [[nodiscard]] Result<SpareFile> make_within_limits(std::uint64_t bytes);
  [[nodiscard]] Status admit(std::uint64_t bytes);
  [[nodiscard]] std::optional<SpareFile> ready_file();
  [[nodiscard]] static Status write_zeros(SpareFile& spare, std::uint64_t end);
  void discard(SpareFile spare);
  [[nodiscard]] Status remove_leftovers();

  void run();
  [[nodiscard]] bool work(std::unique_lock<std::mutex>& lock);
  void finish(SegmentWriter& segment);
  [[nodiscard]] Status prepare(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] bool wants_zeros() const noexcept;
  [[nodiscard]] std::uint64_t portion_end() const noexcept;
  [[nodiscard]] std::uint64_t use_at(std::uint64_t zeros) const noexcept;
  [[nodiscard]] Status add_zeros(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] std::optional<Backoff::Clock::time_point> next_time() const noexcept;

  static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

  const Parts parts_;
  const std::uint64_t segment_bytes_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // How far the active segment is in use, written by the committer, and at which use it is to wake
  // the thread. Relaxed: no data hangs on them, and a wake-up that is missed comes with the next
  // commit, or is made up for by kPortionPause.
  std::atomic<std::uint64_t> used_{0};
  std::atomic<std::uint64_t> wake_at_{kNever};
  std::uint64_t commits_ = 0;  // of the active segment; the committer's
  // All below are guarded by mutex_.
  bool stopping_ = false;
  bool room_awaited_ = false;
  Backoff room_{kRetryMin, kRetryMax};
  Backoff making_{kRetryMin, kRetryMax};
  std::string refusal_;
  std::optional<SpareFile> spare_;
  // While it is true the thread writes zeros to spare_ without the lock, and nobody else touches
  // it.
  bool writing_zeros_ = false;
  std::condition_variable zeros_written_;
  Backoff::Clock::time_point next_portion_{};
  bool zeros_pay_ = true;           // judged by the segment before the active one
  std::uint64_t active_bytes_ = 0;  // capacity of the file taken last
  std::uint64_t next_bytes_;        // of the file to be made next
  std::vector<std::unique_ptr<SegmentWriter>> retired_;
  std::uint64_t files_made_ = 0;

  std::thread thread_;
};

}  // namespace logboom::store
