#pragma once

#include <sys/uio.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "store/catalogue.hpp"
#include "store/data_dir.hpp"
#include "store/doorbell.hpp"
#include "store/health.hpp"
#include "store/numbers.hpp"
#include "store/options.hpp"
#include "store/pacer.hpp"
#include "store/rejected_ring.hpp"
#include "store/segment_keeper.hpp"
#include "store/segment_writer.hpp"
#include "store/staging.hpp"
#include "store/tail.hpp"

struct XXH3_state_s;

namespace logboom::store {

struct HashStateDeleter {
  void operator()(XXH3_state_s* state) const noexcept;
};

// What the committer works with; all of it outlives the committer.
struct CommitterParts {
  const Options& options;
  FileSystem& files;
  const DataDir& dir;
  Numbers& numbers;
  RejectedRing& rejected;
  SegmentKeeper& keeper;
  Health& health;
  Counters& counters;
  Catalogue& catalogue;
  Tail& tail;
  Doorbell& bell;
  std::span<const std::unique_ptr<Producer>> producers;
};

// The one thread that makes records durable: takes all published chains at once, numbers their
// records, writes one frame a chain, syncs once for everybody, completes them. run() is that
// thread; stop() may be called from another.
class Committer {
 public:
  // After the last commit with nothing waiting, readers are told that it is durable.
  static constexpr std::chrono::milliseconds kMarkDelay{1};

  // `arrival_floor_ns` is the latest arrival that the store knows: no later one is smaller.
  Committer(CommitterParts parts, std::int64_t arrival_floor_ns);

  // Commits until stop(), then what is still published, and closes the segment.
  void run();
  void stop() noexcept;

  // What the thread would do next, for a store without threads: commits what is published; if
  // nothing is, tells readers what is durable. False if there is nothing to do.
  bool turn();
  // What run() does last.
  void finish();

 private:
  using Clock = Doorbell::Clock;
  struct Taken {
    Producer* producer = nullptr;
    StagingChain* chain = nullptr;
  };

  [[nodiscard]] bool wait_for_requests();
  void gather() noexcept;
  [[nodiscard]] Clock::time_point idle_deadline() const;
  void idle();
  void rest();

  void commit_batch();
  void take_batch();
  [[nodiscard]] CommitStatus store_batch();
  [[nodiscard]] CommitStatus store_records();
  [[nodiscard]] CommitStatus make_room(std::uint64_t bytes);
  [[nodiscard]] Status start_segment(std::uint64_t bytes);
  void place_frames(std::uint64_t first_seq);
  void place_frame(FrameHeader& header, const StagingChain& chain);
  [[nodiscard]] std::uint64_t checksum_of(const StagingChain& chain);
  void add_padding(std::uint64_t bytes);
  [[nodiscard]] CommitStatus make_durable();
  void keep_rejected();
  void complete_batch(CommitStatus status);

  void retire_segment();
  [[nodiscard]] CommitStatus fail(const char* what, const boost::system::error_code& error);
  // While nothing of the batch has been written: no room is `full`, which may pass.
  [[nodiscard]] CommitStatus fail_or_full(const char* what, const boost::system::error_code& error);
  [[nodiscard]] std::int64_t arrival_now();

  CommitterParts parts_;
  std::atomic<bool> stopping_{false};

  // All below belong to the committer's thread.
  Pacer pacer_;
  std::unique_ptr<SegmentWriter> segment_;
  Clock::time_point segment_started_{};
  Clock::time_point last_commit_{};
  Clock::time_point last_taken_{};  // the batch before the one at hand
  std::chrono::microseconds sync_time_{0};
  std::int64_t last_arrival_ns_;
  bool loses_rejected_ = false;  // the last write of refused records failed, and was reported
  std::unique_ptr<XXH3_state_s, HashStateDeleter> hash_state_;

  // The batch being committed.
  std::vector<Taken> batch_;
  std::int64_t batch_requests_ = 0;
  std::uint64_t batch_records_ = 0;
  std::uint64_t batch_bytes_ = 0;  // of frames, paddings included
  std::vector<FrameHeader> headers_;
  std::vector<iovec> pieces_;
};

}  // namespace logboom::store
