#include "store/store.hpp"

#include <cassert>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "store/committer.hpp"
#include "store/data_dir.hpp"
#include "store/doorbell.hpp"
#include "store/health.hpp"
#include "store/numbers.hpp"
#include "store/recovery.hpp"
#include "store/rejected_ring.hpp"
#include "store/sealer.hpp"
#include "store/sealing.hpp"
#include "store/segment_keeper.hpp"

namespace logboom::store {

// Built from the top to the bottom and destroyed in reverse.
struct Store::Parts {
  explicit Parts(Options given)
      : options(std::move(given)),
        files(options.files == nullptr ? os_files() : *options.files),
        health(options) {}

  [[nodiscard]] Opened<void> open();
  [[nodiscard]] Opened<void> open_files();
  [[nodiscard]] Opened<void> make_producers();
  [[nodiscard]] Opened<void> start_keeper();
  void start_committer();
  void stop();

  const Options options;
  FileSystem& files;
  Health health;
  Counters counters;
  DataDir dir;
  Recovered recovered;
  std::optional<Numbers> numbers;
  std::optional<RejectedRing> rejected;
  Doorbell bell;
  std::vector<std::unique_ptr<Producer>> producers;
  std::optional<Sealer> sealer;
  std::optional<SegmentKeeper> keeper;
  std::optional<Committer> committer;
  std::thread committing;
};

namespace {

Opened<void> failure(std::string_view verb, const std::string& path,
                     const boost::system::error_code& error) {
  return {boost::system::in_place_error,
          fmt::format("cannot {} {}: {}", verb, path, error.message())};
}

}  // namespace

Opened<void> Store::Parts::open() {
  auto opened = DataDir::open(files, options.dir);
  if (!opened) return {boost::system::in_place_error, opened.error()};
  dir = std::move(*opened);
  if (auto ready = open_files(); !ready) return ready;
  if (auto made = make_producers(); !made) return made;
  if (auto started = start_keeper(); !started) return started;
  start_committer();
  return {};
}

Opened<void> Store::Parts::open_files() {
  if (Status settled = settle_sealings(files, dir.paths, health); !settled) {
    return failure("look into", dir.paths.sealed(), settled.error());
  }
  const auto found = recover_segments(files, dir.paths, health);
  if (!found) return failure("list", dir.paths.segments(), found.error());
  recovered = *found;
  counters.segments.store(recovered.sealed + recovered.closed.size(), std::memory_order_relaxed);
  counters.last_seq.store(recovered.next_seq - 1, std::memory_order_relaxed);
  auto opened_numbers = Numbers::open(files, dir.paths.root, recovered.next_seq);
  if (!opened_numbers) return failure("open", dir.paths.numbers(), opened_numbers.error());
  numbers = std::move(*opened_numbers);
  auto ring = RejectedRing::open(files, dir.paths, health, options.rejected_bytes_max);
  if (!ring) return failure("open", dir.paths.rejected(), ring.error());
  rejected = std::move(*ring);
  return {};
}

Opened<void> Store::Parts::make_producers() {
  for (std::size_t i = 0; i < options.producers; ++i) {
    producers.push_back(std::make_unique<Producer>(bell));
    if (producers.back()->completion_fd() >= 0) continue;
    return {boost::system::in_place_error,
            "no file descriptor is left: raise the limit (ulimit -n)"};
  }
  return {};
}

Opened<void> Store::Parts::start_keeper() {
  sealer.emplace(files, dir, health, counters, options.compression);
  for (StoredFile& segment : recovered.closed) sealer->add(std::move(segment));
  recovered.closed.clear();
  sealer->start(options.threads);
  keeper.emplace(SegmentKeeper::Parts{files, dir.paths, health, *sealer},
                 SegmentWriter::bytes_for(options.segment_bytes_max));
  const Status started = keeper->start(options.threads);
  if (started) return {};
  if (!means_no_room(started.error())) {
    return failure("make a segment in", dir.paths.segments(), started.error());
  }
  health.set_full(
      fmt::format("no room for a segment in {}: {}; free some space and logs are "
                  "accepted",
                  dir.paths.root, started.error().message()));
  keeper->announce_room();
  return {};
}

void Store::Parts::start_committer() {
  committer.emplace(CommitterParts{options, files, dir, *numbers, *rejected, *keeper, health,
                                   counters, bell, producers},
                    recovered.last_arrival_ns);
  if (options.threads) committing = std::thread([this] { committer->run(); });
}

void Store::Parts::stop() {
  committer->stop();
  if (committing.joinable()) {
    committing.join();
  } else {
    committer->finish();
  }
  keeper.reset();  // closes the segments that the committer has left
  sealer.reset();
  if (const Status closed = numbers->close(); !closed) {
    health.report(Severity::warning,
                  fmt::format("cannot give unused numbers back: {}", closed.error().message()));
  }
}

boost::system::result<std::unique_ptr<Store>, std::string> Store::open(Options options) {
  auto parts = std::make_unique<Parts>(std::move(options));
  if (auto opened = parts->open(); !opened) {
    return {boost::system::in_place_error, opened.error()};
  }
  return std::unique_ptr<Store>(new Store(std::move(parts)));
}

Store::Store(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Store::~Store() {
  parts_->stop();
}

bool Store::turn(Worker worker) {
  assert(!parts_->options.threads);
  switch (worker) {
    case Worker::committer: return parts_->committer->turn();
    case Worker::keeper: return parts_->keeper->turn();
    case Worker::sealer: return parts_->sealer->turn();
  }
  return false;
}

Producer& Store::producer(std::size_t index) {
  assert(index < parts_->producers.size());
  return *parts_->producers[index];
}

State Store::state() const noexcept {
  return parts_->health.state();
}

std::string Store::state_reason() const {
  return parts_->health.reason();
}

const std::string& Store::store_id() const noexcept {
  return parts_->dir.store_id;
}

Stats Store::stats() const {
  const auto read = [](const std::atomic<std::uint64_t>& counter) {
    return counter.load(std::memory_order_relaxed);
  };
  const Counters& counters = parts_->counters;
  Stats stats;
  stats.state = state();
  stats.state_reason = state_reason();
  stats.commits = read(counters.commits);
  stats.records = read(counters.records);
  stats.bytes = read(counters.bytes);
  stats.segments = read(counters.segments);
  stats.last_seq = read(counters.last_seq);
  stats.rejected_kept = read(counters.rejected_kept);
  stats.rejected_lost = read(counters.rejected_lost);
  stats.sealed = read(counters.sealed);
  stats.seal_failures = read(counters.seal_failures);
  stats.sync_us = counters.sync_us.snapshot();
  stats.commit_us = counters.commit_us.snapshot();
  stats.requests_per_commit = counters.requests_per_commit.snapshot();
  stats.recovery = parts_->recovered.counts;
  return stats;
}

}  // namespace logboom::store
