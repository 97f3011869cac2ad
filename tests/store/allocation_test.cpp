#include <atomic>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "tests/store/store_fixture.hpp"

namespace {

std::atomic<long> allocations{0};

}  // namespace

// Not inlined, or GCC takes the pair of malloc and free for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(bytes)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace logboom::store {
namespace {

using AllocationTest = StoreFixture;

void commit_many(Store& store, int requests) {
  static constexpr std::string_view kLine = R"({"body":"the same again"})";
  Producer& end = store.producer(0);
  for (int i = 0; i < requests; ++i) {
    StagingChain& chain = end.open();
    append_line(chain, kLine);
    chain.add_ticket({1, 1});
    chain.add_charge(100);
    end.publish();
    bool answered = false;
    while (!answered) {
      pollfd wait{end.completion_fd(), POLLIN, 0};
      ASSERT_EQ(::poll(&wait, 1, 10'000), 1);
      end.drain_completed([&](Ticket, CommitStatus) { answered = true; }, [](std::size_t) {});
    }
  }
}

TEST_F(AllocationTest, StagingCommittingAndCompletingAllocateNothingOnceWarm) {
  Options made = options();
  made.segment_bytes_max = 512 * 1024;
  const auto store = must_open(made);
  commit_many(*store, 10);
  // Until the thread that makes files ahead is done with the next one.
  long before = 0;
  ASSERT_TRUE(eventually([&] {
    before = allocations.load();
    commit_many(*store, 5);
    return allocations.load() == before;
  }));
  commit_many(*store, 50);
  EXPECT_EQ(allocations.load(), before);
}

}  // namespace
}  // namespace logboom::store
