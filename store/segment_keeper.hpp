#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
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
// need, of zeros where commits are synced, and syncs, cuts and closes segments that are full, for
// the sealer to go on. When there is no room it tries again by itself, ever less often, and says so
// when there is.
class SegmentKeeper {
 public:
  // Of the first file, made while the store opens: small, so that it opens at once.
  static constexpr std::uint64_t kFirstBytes = 1024 * 1024;
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

  // `segment_bytes` is the size of the files made ahead.
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

  // A file of at least `bytes`, from the committer's thread: the one made ahead, or, if the
  // committer outran it, one made now without zeros being written.
  [[nodiscard]] Result<SpareFile> take(std::uint64_t bytes);
  // Takes over a segment after write_end().
  void retire(std::unique_ptr<SegmentWriter> segment);
  // The store has been set to full: turns it back once a file is ready and some time is over, the
  // more the sooner it was full again.
  void announce_room();
  // Why the last file was refused, if it was for the store's own limits; else empty.
  [[nodiscard]] std::string refusal() const;

 private:
  using Making = Result<SpareFile> (SegmentKeeper::*)(std::uint64_t bytes);

  [[nodiscard]] Result<SpareFile> make_file();
  [[nodiscard]] Result<SpareFile> make_within_limits(std::uint64_t bytes, Making how);
  [[nodiscard]] Status admit(std::uint64_t bytes);
  [[nodiscard]] Result<SpareFile> make_ahead(std::uint64_t bytes);
  [[nodiscard]] Result<SpareFile> make_zeroed(std::uint64_t bytes);
  [[nodiscard]] Result<SpareFile> make_allocated(std::uint64_t bytes);
  [[nodiscard]] Status fill(File& file, std::uint64_t bytes);
  void discard(SpareFile spare);
  [[nodiscard]] Status remove_leftovers();

  void run();
  [[nodiscard]] bool work(std::unique_lock<std::mutex>& lock);
  void finish(SegmentWriter& segment);
  [[nodiscard]] bool prepare(std::unique_lock<std::mutex>& lock);

  const Parts parts_;
  const std::uint64_t segment_bytes_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Changed under mutex_; read without it while filling, which a stop cuts short. Relaxed: no data
  // hangs on it.
  std::atomic<bool> stopping_{false};
  // All below are guarded by mutex_.
  bool room_awaited_ = false;
  Backoff room_{kRetryMin, kRetryMax};
  Backoff making_{kRetryMin, kRetryMax};
  std::string refusal_;
  std::optional<SpareFile> spare_;
  std::vector<std::unique_ptr<SegmentWriter>> retired_;
  std::uint64_t files_made_ = 0;

  std::thread thread_;
};

}  // namespace logboom::store
