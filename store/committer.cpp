#include "store/committer.hpp"

#include <pthread.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <utility>

#include <fmt/format.h>

namespace logboom::store {

namespace {

// Pacing waits are some hundred microseconds: the default slack of 50 would be felt.
constexpr unsigned long kTimerSlackNs = 5000;

constexpr std::chrono::hours kForever{24};

// Of what one write is made of: more than any but a very large batch needs.
constexpr std::size_t kPiecesReady = 64;

std::chrono::microseconds since(Doorbell::Clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::microseconds>(Doorbell::Clock::now() - start);
}

void count(std::atomic<std::uint64_t>& counter, std::uint64_t amount) {
  counter.fetch_add(amount, std::memory_order_relaxed);
}

}  // namespace

void HashStateDeleter::operator()(XXH3_state_s* state) const noexcept {
  XXH3_freeState(state);
}

Committer::Committer(CommitterParts parts, std::int64_t arrival_floor_ns)
    : parts_(parts),
      pacer_(parts.options.durability, parts.options.commit_window),
      last_arrival_ns_(arrival_floor_ns),
      hash_state_(XXH3_createState()) {
  batch_.reserve(parts.producers.size());
  headers_.reserve(parts.producers.size());
  pieces_.reserve(kPiecesReady);
}

void Committer::run() {
  block_signals();
  ::pthread_setname_np(::pthread_self(), "store-commit");
  ::prctl(PR_SET_TIMERSLACK, kTimerSlackNs, 0, 0, 0);
  // Acquire pairs with stop(): what was published before it is taken by the last commit.
  while (!stopping_.load(std::memory_order_acquire)) {
    if (wait_for_requests()) commit_batch();
  }
  finish();
}

bool Committer::turn() {
  if (parts_.bell.waiting() > 0) {
    commit_batch();
    return true;
  }
  if (segment_ == nullptr || !segment_->wants_mark()) return false;
  rest();
  return true;
}

void Committer::finish() {
  commit_batch();
  retire_segment();
}

void Committer::stop() noexcept {
  stopping_.store(true, std::memory_order_release);
  parts_.bell.stay_awake();
}

bool Committer::wait_for_requests() {
  if (parts_.bell.waiting() <= 0) {
    parts_.bell.sleep_until(1, idle_deadline());
    if (parts_.bell.waiting() <= 0) {
      idle();
      return false;
    }
  }
  gather();
  return true;
}

void Committer::gather() noexcept {
  const std::int64_t target = pacer_.target();
  if (parts_.bell.waiting() >= target) return;
  const Clock::time_point deadline = Clock::now() + pacer_.window();
  while (parts_.bell.waiting() < target && Clock::now() < deadline) {
    parts_.bell.sleep_until(target, deadline);
  }
}

Committer::Clock::time_point Committer::idle_deadline() const {
  if (segment_ == nullptr) return Clock::now() + kForever;
  if (segment_->wants_mark()) return last_commit_ + kMarkDelay;
  return segment_started_ + parts_.options.segment_age_max;
}

// Nothing waits: tell readers what is durable, close a segment that has become old.
void Committer::idle() {
  if (segment_ == nullptr || !parts_.options.threads || Clock::now() < idle_deadline()) return;
  rest();
}

void Committer::rest() {
  if (!segment_->wants_mark()) return retire_segment();
  const Status marked = segment_->write_mark(last_arrival_ns_, parts_.numbers.next());
  if (!marked) static_cast<void>(fail("write to", marked.error()));
}

void Committer::commit_batch() {
  take_batch();
  if (batch_.empty()) return;
  const Clock::time_point start = Clock::now();
  sync_time_ = {};
  const CommitStatus status = store_batch();
  // Counted before anybody hears of it: who has its answer finds it in the counts.
  parts_.counters.commit_us.add(static_cast<std::uint64_t>(since(start).count()));
  parts_.counters.requests_per_commit.add(static_cast<std::uint64_t>(batch_requests_));
  // Before the answers: a client that is quick to ask again is not in flight twice.
  pacer_.committed({batch_requests_, parts_.bell.waiting(), sync_time_,
                    start - std::exchange(last_taken_, start)});
  complete_batch(status);
  if (status == CommitStatus::ok && batch_records_ != 0) {
    last_commit_ = Clock::now();
  } else {
    idle();  // requests that store nothing keep neither the mark nor a segment's age waiting
  }
}

void Committer::take_batch() {
  batch_.clear();
  batch_requests_ = 0;
  batch_records_ = batch_bytes_ = 0;
  for (const auto& producer : parts_.producers) {
    StagingChain* const chain = producer->take_published();
    if (chain == nullptr) continue;
    batch_.push_back({producer.get(), chain});
    const StagingChain::Totals& totals = chain->totals();
    batch_requests_ += static_cast<std::int64_t>(std::max<std::size_t>(totals.tickets, 1));
    if (totals.records == 0) continue;
    batch_records_ += totals.records;
    batch_bytes_ += align_up(sizeof(FrameHeader) + totals.payload_bytes, kFrameAlignment);
  }
}

CommitStatus Committer::store_batch() {
  switch (parts_.health.state()) {
    case State::failed: return CommitStatus::failed;
    case State::full: return CommitStatus::full;
    case State::accepting: break;
  }
  if (batch_records_ != 0) {
    if (const CommitStatus stored = store_records(); stored != CommitStatus::ok) return stored;
  }
  keep_rejected();
  return CommitStatus::ok;
}

CommitStatus Committer::store_records() {
  if (const CommitStatus room = make_room(batch_bytes_); room != CommitStatus::ok) return room;
  const auto first_seq = parts_.numbers.take(batch_records_);
  if (!first_seq) return fail_or_full("reserve numbers for", first_seq.error());
  place_frames(*first_seq);
  if (Status written = segment_->write(pieces_); !written) return fail("write to", written.error());
  if (const CommitStatus durable = make_durable(); durable != CommitStatus::ok) return durable;
  parts_.keeper.note_use(segment_->used_bytes());
  count(parts_.counters.commits, 1);
  count(parts_.counters.records, batch_records_);
  count(parts_.counters.bytes, batch_bytes_);
  parts_.tail.advance_to(*first_seq + batch_records_ - 1);
  return CommitStatus::ok;
}

CommitStatus Committer::make_room(std::uint64_t bytes) {
  if (segment_ != nullptr) {
    const bool old = Clock::now() - segment_started_ >= parts_.options.segment_age_max;
    if (!old && segment_->has_room(bytes)) return CommitStatus::ok;
    retire_segment();
    if (parts_.health.state() == State::failed) return CommitStatus::failed;
  }
  const Status started = start_segment(bytes);
  return started ? CommitStatus::ok : fail_or_full("make a new", started.error());
}

CommitStatus Committer::fail_or_full(const char* what, const boost::system::error_code& error) {
  if (!means_no_room(error)) return fail(what, error);
  const std::string refusal = parts_.keeper.refusal();
  parts_.health.set_full(
      !refusal.empty()
          ? refusal
          : fmt::format(
                "no room to {} segment in {}: {}; free some space and logs are accepted again",
                what, parts_.dir.paths.root, error.message()));
  parts_.keeper.announce_room();
  return CommitStatus::full;
}

Status Committer::start_segment(std::uint64_t bytes) {
  auto spare = parts_.keeper.take(SegmentWriter::bytes_for(bytes));
  if (!spare) return spare.error();
  const std::string spare_path = spare->path;
  const std::uint64_t capacity = spare->capacity;
  SegmentHeader header;
  header.durability = static_cast<std::uint32_t>(parts_.options.durability);
  header.created_ns = arrival_now();
  header.first_seq = parts_.numbers.next();
  std::memcpy(header.store_id, parts_.dir.store_id.data(), sizeof header.store_id);
  auto segment = SegmentWriter::start(parts_.files, parts_.dir.paths, std::move(*spare), header);
  if (!segment) {
    static_cast<void>(parts_.files.remove(spare_path));  // else the next opening removes it
    // A reader that has met the attempt under its name looks for files with greater numbers.
    parts_.numbers.skip();
    parts_.catalogue.remove_spare(capacity);
    return segment.error();
  }
  segment_ = std::move(*segment);
  segment_started_ = Clock::now();
  parts_.catalogue.begin({*segment_of(segment_->name()), capacity});
  return {};
}

void Committer::place_frames(std::uint64_t first_seq) {
  pieces_.clear();
  headers_.clear();
  const std::int64_t arrival_ns = arrival_now();
  for (const Taken& taken : batch_) {
    const StagingChain::Totals& totals = taken.chain->totals();
    if (totals.records == 0) continue;
    FrameHeader& header = headers_.emplace_back();  // within the capacity: pieces_ point to it
    header.payload_bytes = totals.payload_bytes;
    header.first_seq = first_seq;
    header.record_count = static_cast<std::uint32_t>(totals.records);
    header.arrival_ns = arrival_ns;
    header.time_min_ns = totals.time_min_ns;
    header.time_max_ns = totals.time_max_ns;
    place_frame(header, *taken.chain);
    first_seq += totals.records;
  }
}

void Committer::place_frame(FrameHeader& header, const StagingChain& chain) {
  header.payload_checksum = checksum_of(chain);
  segment_->place(header);
  seal_header(header);
  pieces_.push_back({&header, sizeof header});
  for (const StagingBlock* block = chain.first_block(); block != nullptr; block = block->next) {
    // writev takes pointers to mutable bytes but does not write to them.
    pieces_.push_back({const_cast<char*>(block->data()), block->used});
  }
  add_padding(align_up(header.end(), kFrameAlignment) - header.end());
}

std::uint64_t Committer::checksum_of(const StagingChain& chain) {
  const StagingBlock* const first = chain.first_block();
  if (first->next == nullptr) return XXH3_64bits(first->data(), first->used);
  XXH3_64bits_reset(hash_state_.get());
  for (const StagingBlock* block = first; block != nullptr; block = block->next) {
    XXH3_64bits_update(hash_state_.get(), block->data(), block->used);
  }
  return XXH3_64bits_digest(hash_state_.get());
}

void Committer::add_padding(std::uint64_t bytes) {
  static constexpr std::array<char, kFrameAlignment> kZeros{};
  if (bytes != 0) pieces_.push_back({const_cast<char*>(kZeros.data()), bytes});
}

CommitStatus Committer::make_durable() {
  if (parts_.options.durability != Durability::sync) return CommitStatus::ok;
  const Clock::time_point start = Clock::now();
  if (Status synced = segment_->sync(); !synced) return fail("sync", synced.error());
  sync_time_ = since(start);
  parts_.counters.sync_us.add(static_cast<std::uint64_t>(sync_time_.count()));
  return CommitStatus::ok;
}

void Committer::keep_rejected() {
  for (const Taken& taken : batch_) {
    if (!taken.chain->rejected().empty()) parts_.rejected.add(*taken.chain);
  }
  if (parts_.rejected.pending() == 0) return;
  const auto written = parts_.rejected.write(parts_.options.durability == Durability::sync);
  count(parts_.counters.rejected_kept, written.kept);
  count(parts_.counters.rejected_lost, written.lost);
  const bool lost_before = std::exchange(loses_rejected_, written.lost != 0);
  if (written.lost == 0 || lost_before) return;
  parts_.health.report(Severity::error,
                       fmt::format("cannot keep refused records in {}: {}; clients were told of "
                                   "them and the metrics count them; see that there is room",
                                   parts_.dir.paths.rejected(), written.error.message()));
}

void Committer::complete_batch(CommitStatus status) {
  for (const Taken& taken : batch_) {
    taken.chain->complete(status);
    taken.producer->push_completed(taken.chain);
    taken.producer->signal_completed();
  }
}

void Committer::retire_segment() {
  if (segment_ == nullptr) return;
  const Status ended = segment_->write_end(last_arrival_ns_, parts_.numbers.next());
  if (!ended) return static_cast<void>(fail("write to", ended.error()));
  parts_.keeper.retire(std::move(segment_));
}

CommitStatus Committer::fail(const char* what, const boost::system::error_code& error) {
  const std::string name = segment_ == nullptr ? "segment" : "segment " + segment_->name();
  segment_.reset();  // for good: nothing is known about its last commit
  parts_.health.set_failed(fmt::format("cannot {} {}: {}; restart the server once the disk is well",
                                       what, name, error.message()));
  return CommitStatus::failed;
}

std::int64_t Committer::arrival_now() {
  last_arrival_ns_ = std::max(last_arrival_ns_, parts_.options.now());
  return last_arrival_ns_;
}

}  // namespace logboom::store
