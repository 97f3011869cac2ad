#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/store.hpp"
#include "tests/crash/deletions.hpp"
#include "tests/crash/oracle.hpp"
#include "tests/crash/process_files.hpp"
#include "tests/crash/scenario.hpp"
#include "tests/crash/simulated_sink.hpp"

namespace logboom::store {

// The wall clock of a simulated machine, which is set back now and then.
class SimulatedClock {
 public:
  [[nodiscard]] std::int64_t now_ns() const noexcept { return now_ns_; }
  void go_on(Dice& dice);

 private:
  std::int64_t now_ns_ = 1'795'000'000'000'000'000;
};

// One life of a server process: a store and the clients whose requests it takes, with everything
// that happens and when it happens decided by the dice.
class SimulatedServer {
 public:
  struct World {
    const Scenario& scenario;
    SimulatedDisk& disk;
    Oracle& oracle;
    SimulatedClock& clock;
    Dice& dice;
    SimulatedSink& sink;
  };

  SimulatedServer(World world, const Life& life);
  SimulatedServer(const SimulatedServer&) = delete;
  SimulatedServer& operator=(const SimulatedServer&) = delete;
  ~SimulatedServer();

  // False if it has no store: because of a fault, or else that is a problem.
  bool open();
  [[nodiscard]] bool runs() const noexcept { return store_ != nullptr && !files_.dead(); }
  // Whether calls of it have failed, though it may not have died of that.
  [[nodiscard]] bool met_fault() const noexcept { return !files_.hits().empty(); }
  [[nodiscard]] bool met_io_error() const noexcept;
  // Whether its recovery met no fault. Else it may have left a segment as it was: what that shows
  // need not be durable.
  [[nodiscard]] bool recovered_all() const noexcept { return recovered_all_; }
  [[nodiscard]] bool failed() const {
    return store_ != nullptr && store_->state() == State::failed;
  }
  [[nodiscard]] bool full() const { return store_ != nullptr && store_->state() == State::full; }
  // One thing happens: a client sends, a worker works.
  void step();
  // Only for the oldest promise of all: it accepts, and what it has accepted is there.
  void must_accept();
  // It has failed: whatever is sent is refused and leaves no trace.
  void must_refuse();
  // The sink takes all that is there for it.
  void deliver_all();
  // Room is made, by an operator or because the sink has taken all, and the store has to find that
  // by itself.
  void must_find_room();
  // Ends the process, in an orderly way if it has not died.
  void close();
  void kill() { files_.die(); }

  [[nodiscard]] ProcessFiles& files() noexcept { return files_; }

 private:
  // Those that have work to do, besides the clients.
  static constexpr std::array kWorkers = {Store::Worker::committer, Store::Worker::keeper,
                                          Store::Worker::sealer};

  [[nodiscard]] bool open_store();
  [[nodiscard]] Options options();
  void send(std::size_t producer);
  // One small request, committed with all that waits; nothing if the process dies of it.
  [[nodiscard]] std::optional<CommitStatus> send_and_commit();
  void stage(StagingChain& chain, std::uint32_t id);
  void publish_all();
  void deliver_some();
  void turn(Store::Worker worker);
  void judge_limits(Store::Worker worker, bool was_full);
  void wait_for_room();
  void drain();
  void take_answer(std::uint32_t id, CommitStatus status);
  void note_faults();
  void start_second_server();

  World world_;
  const Life& life_;
  ProcessFiles files_;
  Deletions deletions_;
  std::uint32_t first_request_;
  std::size_t hits_noted_ = 0;
  bool recovered_all_ = true;
  bool wrote_in_vain_ = false;            // a write or sync of the active segment has failed
  std::vector<std::uint32_t> accepted_;   // since the last drain, in the order of their numbers
  std::optional<std::uint32_t> awaited_;  // the request of send_and_commit()
  std::optional<CommitStatus> awaited_answer_;
  std::unique_ptr<Store> store_;
  std::optional<Cursor> cursor_;  // ends before the store
};

}  // namespace logboom::store
