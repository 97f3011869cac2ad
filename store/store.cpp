#include "store/store.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "store/committer.hpp"
#include "store/data_dir.hpp"
#include "store/doorbell.hpp"
#include "store/health.hpp"
#include "store/limits_in_force.hpp"
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
        health(options),
        cursors(files, dir.paths),
        limits(options.limits),
        wall(files, dir.paths, catalogue, limits),
        retention({files, dir.paths, health, counters, catalogue, cursors}, limits) {}

  [[nodiscard]] Opened<void> open();
  void warn_of_file_system() const;
  [[nodiscard]] Opened<void> open_files();
  [[nodiscard]] Opened<void> open_numbers();
  [[nodiscard]] Opened<void> fill_catalogue();
  [[nodiscard]] Opened<void> make_producers();
  [[nodiscard]] Opened<void> start_keeper();
  void start_committer();
  void stop();
  void make_segments_durable();

  const Options options;
  FileSystem& files;
  Health health;
  Counters counters;
  DataDir dir;
  Catalogue catalogue;
  Cursors cursors;
  Tail tail;
  LimitsInForce limits;
  Wall wall;
  Retention retention;
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
  auto opened = DataDir::open(files, options);
  if (!opened) return {boost::system::in_place_error, opened.error()};
  dir = std::move(*opened);
  warn_of_file_system();
  if (auto ready = open_files(); !ready) return ready;
  if (auto made = make_producers(); !made) return made;
  if (auto started = start_keeper(); !started) return started;
  start_committer();
  return {};
}

void Store::Parts::warn_of_file_system() const {
  const char* what = nullptr;
  switch (files.kind(dir.paths.root)) {
    case FileSystemKind::disk: return;
    case FileSystemKind::memory:
      what = "in memory (tmpfs): it is gone when the machine stops";
      break;
    case FileSystemKind::overlay:
      what =
          "in a container's own layer (overlayfs): it is gone with the container; mount a volume";
      break;
    case FileSystemKind::network:
      what =
          "on a network file system, whose syncs and locks may promise more than they keep; use a "
          "local disk";
      break;
  }
  health.report(Severity::warning,
                fmt::format("the data directory {} is {}", dir.paths.root, what));
}

Opened<void> Store::Parts::open_files() {
  if (Status settled = settle_sealings(files, dir.paths, health); !settled) {
    return failure("look into", dir.paths.sealed(), settled.error());
  }
  const auto found = recover_segments(files, dir.paths, health);
  if (!found) return failure("list", dir.paths.segments(), found.error());
  recovered = *found;
  if (auto filled = fill_catalogue(); !filled) return filled;
  if (auto opened = open_numbers(); !opened) return opened;
  auto ring = RejectedRing::open(files, dir.paths, health, options.rejected_bytes_max);
  if (!ring) return failure("open", dir.paths.rejected(), ring.error());
  rejected = std::move(*ring);
  return {};
}

// Numbers go on above all that a segment or a cursor has ever seen.
Opened<void> Store::Parts::open_numbers() {
  if (Status loaded = cursors.load(); !loaded) {
    return failure("read", dir.paths.cursors(), loaded.error());
  }
  const std::uint64_t floor = std::max(recovered.next_seq, cursors.greatest_position() + 1);
  auto opened = Numbers::open(files, dir.paths.root, floor);
  if (!opened) return failure("open", dir.paths.numbers(), opened.error());
  numbers = std::move(*opened);
  tail.advance_to(recovered.next_seq - 1);
  for (const CursorOptions& cursor : options.cursors) {
    if (Status made = cursors.open(cursor, numbers->next() - 1); !made) {
      return failure("open the cursor", dir.paths.cursors() + "/" + cursor.name, made.error());
    }
  }
  return {};
}

Opened<void> Store::Parts::fill_catalogue() {
  const auto stored = list_stored_files(files, dir.paths);
  if (!stored) return failure("list", dir.paths.root, stored.error());
  for (const StoredFile& found : *stored) {
    auto file = files.open(dir.paths.root + "/" + found.path, OpenMode::read);
    const auto bytes = file ? (*file)->size() : Result<std::uint64_t>(file.error());
    if (bytes) {
      catalogue.add({found, *bytes});
    } else {
      health.report(Severity::error,
                    fmt::format("cannot look at {}: {}; its records are missing from what is read, "
                                "and retention passes it by; see that this user may read it",
                                found.path, bytes.error().message()));
    }
  }
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
  sealer.emplace(Sealer::Parts{options, files, dir, health, counters, catalogue, retention});
  for (StoredFile& segment : recovered.closed) sealer->add(std::move(segment));
  recovered.closed.clear();
  sealer->start(options.threads);
  keeper.emplace(SegmentKeeper::Parts{files, dir.paths, health, *sealer, catalogue, wall, retention,
                                      options, limits},
                 SegmentWriter::bytes_for(options.segment_bytes_max));
  const Status started = keeper->start(options.threads);
  if (started) return {};
  if (!means_no_room(started.error())) {
    return failure("make a segment in", dir.paths.segments(), started.error());
  }
  const std::string refusal = keeper->refusal();
  health.set_full(!refusal.empty()
                      ? refusal
                      : fmt::format("no room for a segment in {}: {}; requests get 503 until some "
                                    "space is freed",
                                    dir.paths.root, started.error().message()));
  keeper->announce_room();
  return {};
}

void Store::Parts::start_committer() {
  committer.emplace(CommitterParts{options, files, dir, *numbers, *rejected, *keeper, health,
                                   counters, catalogue, tail, bell, producers},
                    recovered.last_arrival_ns);
  if (options.threads) committing = std::thread([this] { committer->run(); });
}

void Store::Parts::stop() {
  tail.close();
  sealer->stop();  // what is closed from now on is sealed at the next start
  committer->stop();
  if (committing.joinable()) {
    committing.join();
  } else {
    committer->finish();
  }
  keeper.reset();  // closes the segments that the committer has left
  make_segments_durable();
  sealer.reset();
  if (const Status closed = numbers->close(); !closed) {
    health.report(Severity::warning, fmt::format("cannot give unused numbers back: {}; numbering "
                                                 "goes on a block higher, nothing is lost",
                                                 closed.error().message()));
  }
}

// Of those alone whose closing this process has seen: where a sync has failed before, one that does
// not fail says nothing.
void Store::Parts::make_segments_durable() {
  if (options.durability == Durability::sync) return;
  for (const StoredFile& segment : sealer->unsealed()) {
    const Status made = make_durable(files, dir.paths.root + "/" + segment.path);
    if (made) continue;
    health.report(Severity::warning,
                  fmt::format("cannot sync {}: {}; a loss of power may still take its last records",
                              segment.path, made.error().message()));
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

boost::system::result<Cursor, std::string> Store::cursor(const std::string& name) {
  assert(parts_->cursors.is_open(name));
  ReaderOptions reading;
  reading.after_seq = parts_->cursors.position(name);
  reading.files = &parts_->files;
  reading.tail = &parts_->tail;
  auto reader = Reader::open(parts_->dir.paths.root, reading);
  if (!reader) return {boost::system::in_place_error, reader.error()};
  return Cursor(parts_->cursors, parts_->tail, name, std::move(*reader));
}

void Store::set_limits(const Limits& limits) {
  parts_->limits.set(limits);
}

std::string Store::describe_limits() const {
  const Limits limits = parts_->limits.get();
  std::string text = parts_->wall.describe();
  text += limits.on_full == OnFull::reject ? ", then 503" : ", then the oldest are deleted";
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(limits.retention.age).count();
  if (hours != 0) {
    text += hours % 24 == 0 ? fmt::format("; kept for {} days", hours / 24)
                            : fmt::format("; kept for {} hours", hours);
  }
  return text;
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
  const CatalogueTotals files = parts_->catalogue.totals();
  stats.files = files.files;
  stats.sealed_files = files.sealed;
  stats.file_bytes = files.bytes;
  stats.oldest_arrival_ns = files.oldest_arrival_ns;
  const Wall::Room room = parts_->wall.room();
  stats.limit_bytes = room.bytes_max;
  stats.min_free_bytes = room.free_bytes_min;
  stats.filesystem_free_bytes = room.free_bytes;
  stats.last_seq = parts_->tail.seq();
  stats.rejected_kept = read(counters.rejected_kept);
  stats.rejected_lost = read(counters.rejected_lost);
  stats.sealed = read(counters.sealed);
  stats.seal_failures = read(counters.seal_failures);
  stats.expired = read(counters.expired);
  stats.dropped = read(counters.dropped);
  stats.lost_records = read(counters.lost_records);
  stats.sync_us = counters.sync_us.snapshot();
  stats.commit_us = counters.commit_us.snapshot();
  stats.requests_per_commit = counters.requests_per_commit.snapshot();
  stats.recovery = parts_->recovered.counts;
  return stats;
}

}  // namespace logboom::store
