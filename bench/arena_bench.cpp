#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory_resource>
#include <optional>
#include <string_view>
#include <vector>

#include "arena/arena.hpp"
#include "arena/arena_pool.hpp"

namespace logboom::arena {
namespace {

// As in the benchmarks of go-arena, so that the figures can be set side by side.
struct Object {
  std::uint64_t id;
  std::uint64_t value;
};
constexpr std::string_view kText = "a string of twenty-eight ch.";
static_assert(kText.size() == 28);

// The retained bytes hold the largest case, so that every system measures warm memory.
constexpr ArenaOptions kOptions{.retained_bytes = 64 * 1024 * 1024};

// The allocators side by side: memory for one object or copy, and the end of a whole round.
class MallocAndFree {
 public:
  void* allocate(std::size_t bytes, std::size_t) {
    blocks_.push_back(std::malloc(bytes));
    return blocks_.back();
  }
  void end_round() {
    for (void* block : blocks_) std::free(block);
    blocks_.clear();
  }

 private:
  std::vector<void*> blocks_;
};

class Monotonic {
 public:
  void* allocate(std::size_t bytes, std::size_t alignment) {
    return resource_.allocate(bytes, alignment);
  }
  void end_round() { resource_.release(); }

 private:
  std::vector<std::byte> buffer_ = std::vector<std::byte>(64 * 1024 * 1024);
  std::pmr::monotonic_buffer_resource resource_{buffer_.data(), buffer_.size()};
};

template <ArenaMode kMode>
class Ours {
 public:
  void* allocate(std::size_t bytes, std::size_t alignment) {
    return arena_.allocate(bytes, alignment);
  }
  void end_round() { arena_.reset(); }
  Arena& arena() { return arena_; }

 private:
  static constexpr ArenaOptions options() {
    ArenaOptions options = kOptions;
    options.mode = kMode;
    return options;
  }
  Arena arena_{options()};
};
using OurArena = Ours<ArenaMode::arena>;
using OurHeapMode = Ours<ArenaMode::heap>;

void report_per_item(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

template <class Allocator>
void create_object(benchmark::State& state) {
  Allocator allocator;
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      void* const memory = allocator.allocate(sizeof(Object), alignof(Object));
      benchmark::DoNotOptimize(::new (memory) Object{static_cast<std::uint64_t>(i), 1});
    }
    allocator.end_round();
  }
  report_per_item(state);
}

template <class Allocator>
std::string_view copy_text(Allocator& allocator, std::string_view text) {
  auto* const bytes = static_cast<char*>(allocator.allocate(text.size(), 1));
  std::memcpy(bytes, text.data(), text.size());
  return {bytes, text.size()};
}
std::string_view copy_text(OurArena& ours, std::string_view text) {
  return ours.arena().copy(text);
}

template <class Allocator>
void copy_string(benchmark::State& state) {
  Allocator allocator;
  std::string_view text = kText;
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      benchmark::DoNotOptimize(text);  // its length is no constant, as in life
      benchmark::DoNotOptimize(copy_text(allocator, text));
    }
    allocator.end_round();
  }
  report_per_item(state);
}

void reset_after_objects(benchmark::State& state) {
  Arena arena(kOptions);
  for (auto _ : state) {
    state.PauseTiming();
    for (std::int64_t i = 0; i < state.range(0); ++i)
      benchmark::DoNotOptimize(arena.create<Object>());
    state.ResumeTiming();
    arena.reset();
  }
}

// One pool for all threads of a run, as in a server.
void lease_and_return(benchmark::State& state) {
  static LargeBlockCache large_blocks;
  static ArenaPool pool({.capacity = 64, .arena = {}}, large_blocks);
  for (auto _ : state) {
    const auto lease = pool.try_lease();
    benchmark::DoNotOptimize((*lease)->allocate(64));
  }
}

void take_and_give_back_a_large_block(benchmark::State& state) {
  LargeBlockCache large_blocks;
  Arena arena({}, &large_blocks);
  for (auto _ : state) {
    void* const body = arena.allocate(240'000);
    benchmark::DoNotOptimize(body);
    arena.release_large(body);
    arena.reset();
  }
}

void counts(benchmark::internal::Benchmark* bench) {
  bench->Arg(100)->Arg(10'000)->Arg(1'000'000);
}

BENCHMARK_TEMPLATE(create_object, MallocAndFree)->Apply(counts);
BENCHMARK_TEMPLATE(create_object, Monotonic)->Apply(counts);
BENCHMARK_TEMPLATE(create_object, OurHeapMode)->Apply(counts);
BENCHMARK_TEMPLATE(create_object, OurArena)->Apply(counts);
BENCHMARK_TEMPLATE(copy_string, MallocAndFree)->Apply(counts);
BENCHMARK_TEMPLATE(copy_string, Monotonic)->Apply(counts);
BENCHMARK_TEMPLATE(copy_string, OurHeapMode)->Apply(counts);
BENCHMARK_TEMPLATE(copy_string, OurArena)->Apply(counts);
BENCHMARK(reset_after_objects)->Arg(1)->Arg(1000)->Arg(100'000)->Iterations(100);
BENCHMARK(lease_and_return)->ThreadRange(1, 16)->UseRealTime();
BENCHMARK(take_and_give_back_a_large_block);

}  // namespace
}  // namespace logboom::arena
