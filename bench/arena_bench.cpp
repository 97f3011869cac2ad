#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <boost/lockfree/stack.hpp>
#include <chrono>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "arena/arena.hpp"
#include "arena/arena_pool.hpp"
#include "bench/arena_columns.hpp"

// Benchmarks are named row/column/count, which bench/arena.py makes a table of; the time of one
// item is the inverse of items_per_second.
namespace logboom::arena {
namespace {

// The struct of go-arena's own benchmarks, which write `id` and leave the rest as it was found.
// Go's strings are a pointer and a length; a string_view would set both to zero.
struct Text {
  const char* data;
  std::size_t size;
};
struct User {
  std::int64_t id;
  std::int64_t age;
  Text name;
  Text email;
  double rate;
};
static_assert(sizeof(User) == 56);
constexpr std::string_view kText = "a string of twenty-eight ch.";
static_assert(kText.size() == 28);

// A log record as an ingest server keeps it.
struct Attribute {
  std::string_view name;
  std::string_view value;
};
struct Record {
  std::array<std::string_view, 6> texts;
  Attribute* attributes;
  std::int64_t time_ns;
};
constexpr std::size_t kAttributes = 8;
constexpr std::array<std::string_view, 6> kTexts = {
    "2026-01-02T03:04:05.678Z",
    "info",
    "checkout",
    "web-7.eu-1",
    "4bf92f3577b34da6a3ce929d0e0e4736",
    "order 4711 of user 815 placed after 12.5 ms, payment by card, delivery on Tuesday",
};
constexpr std::array<std::string_view, kAttributes> kValues = {
    "POST", "/api/v1/orders", "201", "12.5", "Mozilla/5.0 (X11; Linux)", "10.0.12.7", "de", "true"};
constexpr std::size_t kRecordBytes = 1024;

std::size_t bytes_of_round(const benchmark::State& state, std::size_t item_bytes) {
  return static_cast<std::size_t>(state.range(0)) * item_bytes;
}

// Times rounds of `state.range(0)` calls of `make_item`, the end of each round included. The first
// round is not timed: it takes the memory from the system.
template <class Column, class MakeItem>
void time_rounds(benchmark::State& state, std::size_t item_bytes, MakeItem make_item) {
  Column column(bytes_of_round(state, item_bytes));
  const std::int64_t count = state.range(0);
  const auto round = [&] {
    for (std::int64_t i = 0; i < count; ++i) make_item(column, i);
    column.end_round();
  };
  round();
  for (auto _ : state) round();
  state.SetItemsProcessed(state.iterations() * count);
}

constexpr auto kMakeUser = [](auto& column, std::int64_t i) {
  auto* const user = ::new (column.allocate(sizeof(User), alignof(User))) User;
  user->id = i;
  benchmark::DoNotOptimize(user);
};

template <class Column>
void make_objects(benchmark::State& state) {
  time_rounds<Column>(state, sizeof(User), kMakeUser);
}

template <class Column>
void copy_strings(benchmark::State& state) {
  time_rounds<Column>(state, kText.size(), [text = kText](auto& column, std::int64_t) mutable {
    benchmark::DoNotOptimize(text);  // its length is no constant, as in life
    benchmark::DoNotOptimize(column.copy(text));
  });
}

// One slice of uninitialised elements a round, never touched; its time is that of the slice.
template <class Column>
void make_slice(benchmark::State& state) {
  const std::size_t bytes = bytes_of_round(state, sizeof(User));
  Column column(bytes);
  for (auto _ : state) {
    benchmark::DoNotOptimize(column.allocate(bytes, alignof(User)));
    column.end_round();
  }
  state.SetItemsProcessed(state.iterations());
}

template <class Column>
Record* make_record(Column& column, const std::array<std::string_view, 6>& texts,
                    const std::array<std::string_view, kAttributes>& values) {
  auto* const record = ::new (column.allocate(sizeof(Record), alignof(Record))) Record;
  std::transform(texts.begin(), texts.end(), record->texts.begin(),
                 [&](std::string_view text) { return column.copy(text); });
  void* const attributes = column.allocate(kAttributes * sizeof(Attribute), alignof(Attribute));
  record->attributes = static_cast<Attribute*>(attributes);
  for (std::size_t i = 0; i < kAttributes; ++i) {
    ::new (record->attributes + i) Attribute{"name", column.copy(values[i])};
  }
  return record;
}

// 16 allocations a record: itself, six texts, the array of eight attributes and their values.
template <class Column>
void make_records(benchmark::State& state) {
  auto texts = kTexts;
  auto values = kValues;
  time_rounds<Column>(state, kRecordBytes, [&](Column& column, std::int64_t) {
    benchmark::DoNotOptimize(texts);
    benchmark::DoNotOptimize(values);
    benchmark::DoNotOptimize(make_record(column, texts, values));
  });
}

using Clock = std::chrono::steady_clock;

// What two readings of the clock take by themselves: the median of many.
Clock::duration clock_cost() {
  std::vector<Clock::duration> costs(1001);
  for (Clock::duration& cost : costs) {
    const auto begin = Clock::now();
    cost = Clock::now() - begin;
  }
  std::nth_element(costs.begin(), costs.begin() + 500, costs.end());
  return costs[500];
}

// Times only the reset, of eight arenas at once, so that reading the clock weighs little; what it
// does weigh is taken off. They are filled in turns, so that all are equally warm.
template <class Column>
void end_rounds(benchmark::State& state) {
  static const Clock::duration reading = clock_cost();
  constexpr std::int64_t kColumns = 8;
  std::list<Column> columns;
  for (std::int64_t i = 0; i < kColumns; ++i) columns.emplace_back(bytes_of_round(state, 64));
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      for (Column& column : columns) kMakeUser(column, i);
    }
    const auto begin = Clock::now();
    for (Column& column : columns) column.end_round();
    const auto taken = std::max(Clock::now() - begin - reading, Clock::duration(1));
    state.SetIterationTime(std::chrono::duration<double>(taken).count());
  }
  state.SetItemsProcessed(state.iterations() * kColumns);
}

// What the body of a large request costs besides its bytes: taken from the cache and given back.
template <class Column>
void take_large_block(benchmark::State& state) {
  Column column(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(column.allocate(static_cast<std::size_t>(state.range(0)), 16));
    column.end_round();
  }
  state.SetItemsProcessed(state.iterations());
}

constexpr std::uint32_t kPoolCapacity = 64;
constexpr std::size_t kLeaseBytes = 64;

class OurPool {
 public:
  void use_one() {
    const auto lease = pool_.try_lease();
    benchmark::DoNotOptimize((*lease)->allocate(kLeaseBytes));
  }

 private:
  LargeBlockCache large_blocks_;
  ArenaPool pool_{{.capacity = kPoolCapacity, .arena = {}}, large_blocks_};
};

// Pools without metrics or lifetimes: what remains is how idle arenas are kept.
template <class Idle>
class BarePool {
 public:
  BarePool() {
    for (Arena& arena : arenas_) idle_.push(&arena);
  }
  void use_one() {
    Arena* const arena = idle_.pop();
    benchmark::DoNotOptimize(arena->allocate(kLeaseBytes));
    arena->reset();
    arena->hand_over();
    idle_.push(arena);
  }

 private:
  std::array<Arena, kPoolCapacity> arenas_;
  Idle idle_;
};

class LockedStack {
 public:
  void push(Arena* arena) {
    const std::lock_guard lock(mutex_);
    arenas_.push_back(arena);
  }
  Arena* pop() {
    const std::lock_guard lock(mutex_);
    Arena* const arena = arenas_.back();
    arenas_.pop_back();
    return arena;
  }

 private:
  std::mutex mutex_;
  std::vector<Arena*> arenas_;
};

class BoostStack {
 public:
  void push(Arena* arena) { arenas_.bounded_push(arena); }
  Arena* pop() {
    Arena* arena = nullptr;
    arenas_.pop(arena);
    return arena;
  }

 private:
  boost::lockfree::stack<Arena*, boost::lockfree::capacity<kPoolCapacity>> arenas_;
};

// In a process that never had a second thread glibc leaves out the atomic operations of a mutex,
// which says nothing about a pool for threads. (Those of malloc too; its rows keep that advantage.)
bool start_a_thread() {
  std::thread([] {}).join();
  return true;
}

// One pool for all threads of a run, as in a server.
template <class Pool>
void lease_and_return(benchmark::State& state) {
  [[maybe_unused]] static const bool threaded = start_a_thread();
  static Pool pool;
  for (auto _ : state) pool.use_one();
  state.SetItemsProcessed(state.iterations());
}

auto* add(const std::string& row, const std::string& column, void (*run)(benchmark::State&)) {
  return benchmark::RegisterBenchmark((row + "/" + column).c_str(), run);
}

template <class Column>
void add_column(const std::string& column) {
  for (const std::int64_t count : {100, 1000, 10'000, 100'000, 1'000'000}) {
    add("object", column, make_objects<Column>)->Arg(count);
    add("string", column, copy_strings<Column>)->Arg(count);
    add("slice", column, make_slice<Column>)->Arg(count);
    if (count <= 10'000) add("record", column, make_records<Column>)->Arg(count);
  }
  // As many rounds as fill in a moment: the untimed filling would otherwise never end.
  for (const std::int64_t count : {1, 100, 10'000, 1'000'000}) {
    const std::int64_t rounds = std::clamp<std::int64_t>(1'000'000 / count, 3, 2000);
    add("reset", column, end_rounds<Column>)->Arg(count)->Iterations(rounds)->UseManualTime();
  }
  add("large", column, take_large_block<Column>)->Arg(240'000);
}

template <class Pool>
void add_pool(const std::string& column) {
  add("lease", column, lease_and_return<Pool>)->ThreadRange(1, 16)->UseRealTime();
}

void add_all() {
  add_column<HeapColumn<SystemMalloc>>("malloc");
  if (Mimalloc::load()) add_column<HeapColumn<Mimalloc>>("mimalloc");
  add_column<MonotonicColumn<true>>("monotonic");
  add_column<MonotonicColumn<false>>("pmr");
  add_column<ArenaColumn<ArenaMode::heap>>("heap_mode");
  add_column<ArenaColumn<ArenaMode::arena>>("arena");
  add_pool<BarePool<LockedStack>>("mutex");
  add_pool<BarePool<BoostStack>>("lockfree");
  add_pool<OurPool>("arena");
}

}  // namespace
}  // namespace logboom::arena

int main(int argc, char** argv) {
  logboom::arena::add_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
