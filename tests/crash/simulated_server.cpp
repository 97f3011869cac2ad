#include "tests/crash/simulated_server.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "store/stored_files.hpp"

namespace logboom::store {

namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;

bool concerns_segment(const ProcessFiles::Hit& hit) {
  const bool data = hit.operation == ProcessFiles::Operation::write ||
                    hit.operation == ProcessFiles::Operation::sync;
  return data && hit.path.ends_with(kSegmentSuffix);
}

}  // namespace

void SimulatedClock::go_on(Dice& dice) {
  now_ns_ += static_cast<std::int64_t>(dice.below(2 * kSecondNs));
  if (dice.chance(2)) now_ns_ -= static_cast<std::int64_t>(dice.below(7200) * kSecondNs);
}

SimulatedServer::SimulatedServer(World world, const Life& life)
    : world_(world),
      life_(life),
      files_(world.disk, life.faults),
      deletions_({world.scenario.limits, world.disk, world.oracle, world.sink}),
      first_request_(world.oracle.next_request()) {}

SimulatedServer::~SimulatedServer() {
  files_.die();
}

bool SimulatedServer::open() {
  const bool opened = open_store();
  deletions_.look(std::nullopt);
  return opened;
}

bool SimulatedServer::open_store() {
  auto opened = Store::open(options());
  note_faults();
  recovered_all_ = !met_fault();
  if (met_io_error()) world_.oracle.excuse_arrivals();
  if (files_.dead()) return false;
  if (!opened) {
    if (!met_fault()) world_.oracle.report(fmt::format("does not open: {}", opened.error()));
    return false;
  }
  auto cursor = (*opened)->cursor(kSink);
  note_faults();
  if (!cursor) {
    if (!met_fault() && !files_.dead()) world_.oracle.report("no cursor: " + cursor.error());
    return false;
  }
  store_ = std::move(*opened);
  cursor_.emplace(std::move(*cursor));
  world_.sink.begin(*cursor_, deletions_.counted_up_to());
  // Whatever was answered by then may have reached its client.
  files_.before_death([this] { drain(); });
  if (recovered_all_ && store_->stats().recovery.damaged_regions != 0) {
    world_.oracle.report("recovery has found damage");
  }
  return true;
}

Options SimulatedServer::options() {
  Options made;
  made.dir = kSimulatedDir;
  made.durability = life_.durability;
  made.segment_bytes_max = world_.scenario.segment_bytes_max;
  made.segment_age_max = std::chrono::seconds(world_.scenario.ages ? 0 : 1'000'000);
  made.rejected_bytes_max = world_.scenario.rejected_bytes_max;
  made.producers = world_.scenario.producers;
  made.cursors = {{.name = kSink, .hold = {}}};
  const ScenarioLimits& limits = world_.scenario.limits;
  made.limits.wall = {.bytes_max = limits.wall_bytes_max,
                      .percent_max = limits.has_wall() ? 0U : 100U,
                      .free_bytes_min = 0};
  made.limits.on_full = limits.on_full;
  made.limits.retention = {.age = std::chrono::seconds(0), .bytes_max = limits.kept_bytes_max};
  made.threads = false;
  made.files = &files_;
  made.now_ns = [this] { return world_.clock.now_ns(); };
  return made;
}

bool SimulatedServer::met_io_error() const noexcept {
  return std::any_of(files_.hits().begin(), files_.hits().end(),
                     [](const auto& hit) { return hit.error == EIO; });
}

void SimulatedServer::step() {
  Dice& dice = world_.dice;
  world_.clock.go_on(dice);
  const std::size_t producer = dice.below(world_.scenario.producers);
  const std::uint64_t action = dice.below(100);
  if (action < 40) {
    send(producer);
    if (dice.chance(70)) store_->producer(producer).publish();
  } else if (action < 50) {
    store_->producer(producer).publish();
  } else if (action < 62) {
    if (!world_.scenario.slow_sink || dice.chance(20)) deliver_some();
  } else if (action < 92) {
    turn(kWorkers[dice.below(kWorkers.size())]);
  } else if (action < 99) {
    drain();
  } else {
    start_second_server();
  }
}

void SimulatedServer::send(std::size_t producer) {
  Dice& dice = world_.dice;
  world_.oracle.used(store_->stats().last_seq);
  const std::uint32_t id =
      world_.oracle.add(random_request(static_cast<std::uint32_t>(producer), dice));
  StagingChain& chain = store_->producer(producer).open();
  const StagingChain::Mark mark = chain.mark();
  stage(chain, id);
  if (dice.chance(3)) {
    chain.rollback(mark);
    world_.oracle.rolled_back(id);
  } else {
    chain.add_ticket({id, 1});
  }
}

void SimulatedServer::stage(StagingChain& chain, std::uint32_t id) {
  const Request& request = world_.oracle.request(id);
  for (std::uint32_t i = 0; i < request.records(); ++i) {
    const std::string text = record_text(id, request, i);
    std::memcpy(chain.reserve(text.size()), text.data(), text.size());
    chain.append(text.size(), text.size() - 1, record_times(id, i));
  }
  for (std::uint32_t i = 0; i < request.refused; ++i) {
    chain.reject(refused_text(id, i), "bad_json", "log", world_.clock.now_ns());
  }
}

void SimulatedServer::publish_all() {
  for (std::size_t i = 0; i < world_.scenario.producers; ++i) store_->producer(i).publish();
}

void SimulatedServer::turn(Store::Worker worker) {
  // So that no answer from before a failure is taken for one after it.
  drain();
  const bool was_full = full();
  store_->turn(worker);
  note_faults();
  deletions_.look(worker);
  if (!met_fault() && !files_.dead()) judge_limits(worker, was_full);
  if (!wrote_in_vain_ || files_.dead()) return;
  if (!failed()) world_.oracle.report("a write or sync failed and the store goes on");
  drain();
}

void SimulatedServer::judge_limits(Store::Worker worker, bool was_full) {
  const ScenarioLimits& limits = world_.scenario.limits;
  if (!limits.may_delete()) return;
  deletions_.judge_need(worker);
  const Stats stats = store_->stats();
  if (stats.file_bytes != deletions_.bytes()) {
    world_.oracle.report(fmt::format("the files have {} bytes and the store counts {}",
                                     deletions_.bytes(), stats.file_bytes));
  }
  if (stats.expired + stats.dropped != deletions_.files()) {
    world_.oracle.report(fmt::format("{} files are deleted and the store counts {}",
                                     deletions_.files(), stats.expired + stats.dropped));
  }
  if (world_.oracle.seals_in_order() && stats.lost_records != deletions_.lost_records()) {
    world_.oracle.report(fmt::format("the sink loses {} records and the store counts {}",
                                     deletions_.lost_records(), stats.lost_records));
  }
  if (limits.has_wall() && deletions_.bytes() > limits.wall_bytes_max) {
    world_.oracle.report(fmt::format("the store takes {} bytes", deletions_.bytes()));
  }
  if (limits.drops() && full() && !was_full && deletions_.has_sealed()) {
    world_.oracle.report("the store is full and has files to drop");
  }
}

void SimulatedServer::drain() {
  if (store_ == nullptr) return;
  for (std::size_t i = 0; i < world_.scenario.producers; ++i) {
    store_->producer(i).drain_completed(
        [this](Ticket ticket, CommitStatus status) { take_answer(ticket.slot, status); },
        [](std::size_t) {});
  }
  if (accepted_.empty()) return;
  // All of one commit: turn() drains before the next.
  world_.oracle.numbered(accepted_, store_->stats().last_seq);
  accepted_.clear();
}

void SimulatedServer::take_answer(std::uint32_t id, CommitStatus status) {
  if (id == awaited_) awaited_answer_ = status;
  if (status == CommitStatus::ok) accepted_.push_back(id);
  if (status == CommitStatus::ok && wrote_in_vain_) {
    world_.oracle.report(fmt::format("request {} is answered ok after a failed write or sync", id));
  }
  if (status == CommitStatus::failed && !met_io_error()) {
    world_.oracle.report(fmt::format("request {} is answered failed and nothing has", id));
  }
  if (status == CommitStatus::full && !met_fault() && !world_.scenario.limits.has_wall()) {
    world_.oracle.report(fmt::format("request {} is answered full and there is room", id));
  }
  const bool keeps_refused = !met_fault() && !world_.scenario.forgets_refused();
  world_.oracle.answered(id, status, life_.durability, keeps_refused);
}

void SimulatedServer::note_faults() {
  for (; hits_noted_ < files_.hits().size(); ++hits_noted_) {
    const ProcessFiles::Hit& hit = files_.hits()[hits_noted_];
    if (hit.operation == ProcessFiles::Operation::sync) world_.oracle.lost_cache();
    if (hit.error == EIO) world_.sink.excuse_losses();
    world_.oracle.excuse_order();
    if (store_ != nullptr && concerns_segment(hit)) wrote_in_vain_ = true;
  }
}

void SimulatedServer::start_second_server() {
  Options second = options();
  ProcessFiles files(world_.disk);
  second.files = &files;
  if (Store::open(second)) world_.oracle.report("two servers have one directory open");
}

std::optional<CommitStatus> SimulatedServer::send_and_commit() {
  drain();
  const std::size_t producer = world_.dice.below(world_.scenario.producers);
  Request request;
  request.producer = static_cast<std::uint32_t>(producer);
  request.text_bytes = {100};
  world_.oracle.used(store_->stats().last_seq);
  const std::uint32_t id = world_.oracle.add(std::move(request));
  awaited_ = id;
  awaited_answer_.reset();
  StagingChain& chain = store_->producer(producer).open();
  stage(chain, id);
  chain.add_ticket({id, 1});
  publish_all();
  turn(Store::Worker::committer);
  drain();
  return awaited_answer_;
}

void SimulatedServer::must_accept() {
  auto answer = send_and_commit();
  if (answer == CommitStatus::full && world_.scenario.limits.has_wall()) {
    wait_for_room();
    answer = send_and_commit();
  }
  if (files_.dead() || answer == CommitStatus::ok) return;
  world_.oracle.report("the store does not accept: " + store_->state_reason());
}

void SimulatedServer::must_refuse() {
  // What else goes on does not bring it back.
  for (const Store::Worker worker : kWorkers) turn(worker);
  const auto answer = send_and_commit();
  if (files_.dead()) return;
  if (answer != CommitStatus::failed || !failed()) {
    world_.oracle.report("a store that has failed does not refuse");
  }
  world_.oracle.refused(*awaited_);
}

void SimulatedServer::deliver_some() {
  world_.sink.take_some(*cursor_, world_.dice);
  note_faults();
  world_.sink.judge_losses();
}

void SimulatedServer::deliver_all() {
  world_.sink.take_all(*cursor_);
  note_faults();
  world_.sink.judge_losses();
}

void SimulatedServer::must_find_room() {
  // What could not be recovered stays until the next start, and may reach up to the wall.
  if (world_.scenario.limits.has_wall() && !recovered_all_) return;
  files_.heal();
  wait_for_room();
  must_accept();
}

void SimulatedServer::wait_for_room() {
  constexpr int kTurnsMax = 200;  // segments that wait to be closed and sealed come first
  if (world_.scenario.limits.has_wall() && !world_.scenario.limits.drops()) {
    deliver_all();
    world_.sink.pass(*cursor_);
    note_faults();
  }
  for (int i = 0; i < kTurnsMax && full(); ++i) {
    for (const Store::Worker worker : kWorkers) turn(worker);
  }
  drain();
}

void SimulatedServer::close() {
  if (store_ == nullptr) return;
  if (!files_.dead()) {
    publish_all();
    // At a wall the last commit may be refused: that has to be known.
    if (world_.scenario.limits.has_wall()) turn(Store::Worker::committer);
    drain();
  }
  const std::size_t hits = files_.hits().size();
  const bool accepted = store_->state() == State::accepting && !met_io_error();
  const bool kept_refused = !met_fault() && !world_.scenario.forgets_refused();
  cursor_.reset();
  // Not reset(): while the store stops, its answers are taken through the pointer.
  delete store_.get();
  static_cast<void>(store_.release());
  note_faults();
  deletions_.look(std::nullopt);
  const bool orderly = accepted && !files_.dead() && files_.hits().size() == hits;
  if (orderly) world_.oracle.closed(first_request_, kept_refused);
}

}  // namespace logboom::store
