#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "store/backoff.hpp"
#include "store/catalogue.hpp"
#include "store/data_dir.hpp"
#include "store/health.hpp"
#include "store/os_file.hpp"
#include "store/retention.hpp"
#include "store/sealing.hpp"
#include "store/stored_files.hpp"

namespace logboom::store {

// Rewrites closed segments as sealed files, oldest first, and has retention delete what is due, on
// a thread of low priority of its own. While there is no room for one it tries again by itself,
// ever less often; a segment that cannot be sealed for another reason is reported and left until
// the store opens again.
class Sealer {
 public:
  static constexpr std::chrono::seconds kRetryMin{1};
  static constexpr std::chrono::seconds kRetryMax{60};
  static constexpr std::chrono::seconds kRetentionInterval{10};

  // What the sealer works with; all of it outlives the sealer.
  struct Parts {
    const Options& options;
    FileSystem& files;
    const DataDir& dir;
    const Health& health;
    Counters& counters;
    Catalogue& catalogue;
    Retention& retention;
  };

  explicit Sealer(const Parts& parts);
  Sealer(const Sealer&) = delete;
  Sealer& operator=(const Sealer&) = delete;
  ~Sealer() { stop(); }

  // Starts the thread, if asked to.
  void start(bool own_thread);
  // Gives up what it is sealing and joins the thread; what is added later waits for the next start.
  void stop();
  // Takes on a segment that is closed; any thread.
  void add(StoredFile segment);
  // After stop(): the segments that are closed and not sealed.
  [[nodiscard]] std::vector<StoredFile> unsealed() const;
  // Does the next piece of the thread's work, without waiting for its time; false if there is none
  // or it could not be done.
  bool turn();

 private:
  void run();
  [[nodiscard]] bool work(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] bool seal(const StoredFile& segment, std::unique_lock<std::mutex>& lock);

  const Parts parts_;
  std::atomic<bool> stopping_{false};  // changed under mutex_
  const SealingParts sealing_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // All below are guarded by mutex_.
  std::deque<StoredFile> closed_;
  std::vector<StoredFile> given_up_;             // until the next start
  Backoff sealing_again_{kRetryMin, kRetryMax};  // when there was no room for it
  Backoff::Clock::time_point retention_at_{};

  std::vector<char> buffer_;  // the thread's; kept while segments wait

  std::thread thread_;
};

}  // namespace logboom::store
