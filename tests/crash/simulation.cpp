#include "tests/crash/simulation.hpp"

#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "store/data_dir.hpp"
#include "store/verify.hpp"

namespace logboom::store {

namespace {

// What a reader has been shown while the server runs.
Survives shown_survives(const SimulatedServer& server, Durability durability) noexcept {
  if (durability == Durability::sync && server.recovered_all()) return Survives::power_cut;
  // After a failed sync it may be shown from its buffer what is no longer in the cache.
  return server.met_io_error() ? Survives::nothing : Survives::kill;
}

ReaderOptions reader_options(ProcessFiles& files) {
  ReaderOptions made;
  made.files = &files;
  made.durable_wait = std::chrono::milliseconds(0);  // nothing happens while it waits
  return made;
}

}  // namespace

Simulation::Simulation(const Scenario& scenario, bool traces)
    : scenario_(scenario),
      traces_(traces),
      dice_(scenario.seed),
      disk_(std::make_unique<SimulatedDisk>(dice_.next(), scenario.conduct)) {}

Outcome Simulation::run() {
  for (const Life& life : scenario_.lives) {
    live(life, &life == &scenario_.lives.back());
    if (!well()) break;
    outlive(life.ending);
    check_without_server();
  }
  outcome_.problem = oracle_.problem();
  return outcome_;
}

void Simulation::live(const Life& life, bool last) {
  if (traces_) fmt::print(stderr, "a server starts\n");
  SimulatedServer server({scenario_, *disk_, oracle_, clock_, dice_, sink_}, life);
  if (traces_) server.files().trace();
  if (server.open()) {
    check_opened(server);
    if (last) server.must_accept();
    work(server, life);
    if (last) check_sink(server);
  }
  end(server, life);
  // It may have in its buffer what a failed sync has thrown out of the cache.
  if (server.met_io_error()) watcher_.reset();
  if (outcome_.operations == 0) outcome_.operations = server.files().operations();
}

void Simulation::check_opened(const SimulatedServer& server) {
  const Oracle::Reading found = read_all();
  // A segment that could not be recovered shows no more than a server's active one, for a while.
  if (server.recovered_all()) oracle_.check_recovered(found);
}

void Simulation::work(SimulatedServer& server, const Life& life) {
  for (std::uint32_t i = 0; i < life.steps && server.runs() && !server.failed() && well(); ++i) {
    server.step();
    const bool looks = dice_.chance(server.failed() ? 50 : 5);
    if (server.runs() && looks) watch(shown_survives(server, life.durability));
  }
}

void Simulation::end(SimulatedServer& server, const Life& life) {
  if (server.runs() && well()) {
    if (server.failed()) {
      server.must_refuse();
    } else if (!server.met_io_error() && (server.met_fault() || server.full())) {
      server.must_find_room();
    }
  }
  if (life.ending != Life::Ending::close) server.kill();
  server.close();
}

// What the world is like for the next server.
void Simulation::outlive(Life::Ending ending) {
  if (ending != Life::Ending::close) ++outcome_.crashes;
  if (ending == Life::Ending::power_cut) {
    if (traces_) fmt::print(stderr, "the power is cut\n");
    oracle_.lost_cache();
    watcher_.reset();
    disk_ = disk_->after_power_cut(dice_.next());
  } else if (dice_.chance(30)) {
    watch(Survives::nothing);
  }
}

void Simulation::watch(Survives survives) {
  if (watcher_ == nullptr) watcher_ = std::make_unique<Watcher>(*disk_, oracle_);
  Watcher& watcher = *watcher_;
  if (!watcher.reader) {
    auto opened = Reader::open(kSimulatedDir, reader_options(watcher.files));
    if (!opened) return;
    watcher.reader = std::move(*opened);
  }
  const std::size_t seen = watcher.reading.requests().size();
  while (const auto record = watcher.reader->next()) watcher.reading.take(*record);
  watcher.reading.pause();
  oracle_.shown(watcher.reading, seen, survives);
}

Oracle::Reading Simulation::read_all() {
  Oracle::Reading reading(oracle_);
  ProcessFiles files(*disk_);
  auto reader = Reader::open(kSimulatedDir, reader_options(files));
  if (!reader) return reading;
  while (const auto record = reader->next()) reading.take(*record);
  reading.pause();
  if (reader->error()) oracle_.report("a reader stops: " + reader->error().message());
  if (reader->damaged_regions() != 0) oracle_.report("a reader meets damage");
  return reading;
}

void Simulation::check_without_server() {
  oracle_.check(read_all());
  ProcessFiles files(*disk_);
  check_refused(files);
  const auto told = [this](std::string_view sentence) {
    if (sentence.find("damage") != std::string_view::npos) oracle_.report(std::string(sentence));
  };
  static_cast<void>(verify(kSimulatedDir, told, &files));
}

// All that can be read has reached the sink, in this life or another.
void Simulation::check_sink(SimulatedServer& server) {
  server.deliver_all();
  oracle_.check_taken([this](std::uint64_t seq) { return sink_.has(seq); });
  ProcessFiles files(*disk_);
  auto reader = Reader::open(kSimulatedDir, reader_options(files));
  if (!reader) return oracle_.report("no reader: " + reader.error());
  while (const auto record = reader->next()) {
    if (!sink_.has(record->seq)) {
      oracle_.report(fmt::format("record {} has never reached the sink", record->seq));
    }
  }
}

void Simulation::check_refused(ProcessFiles& files) {
  const DataPaths paths{kSimulatedDir};
  std::string text;
  if (const auto names = files.list(paths.rejected())) {
    for (const std::string& name : *names) {
      if (const auto file = read_small_file(files, paths.rejected() + "/" + name)) text += *file;
    }
  }
  oracle_.check_refused(text);
}

}  // namespace logboom::store
