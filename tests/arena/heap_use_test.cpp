#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>

#include "arena/arena_pool.hpp"
#include "tests/arena/counting_heap.hpp"

namespace logboom::arena {
namespace {

// What a request does to its arena: a body in a large block, records beside it, several chunks.
void serve_one_request(ArenaPool& pool) {
  const auto lease = pool.try_lease();
  ASSERT_TRUE(lease);
  Arena& arena = **lease;
  const auto body = arena.create_span_uninitialized<char>(240'000);
  ArenaVector<std::string_view> fields(arena);
  for (int i = 0; i < 10'000; ++i) fields.push_back(arena.copy("a field of twenty-eight chars"));
  EXPECT_TRUE(arena.release_large(body.data()));
}

std::uint64_t allocations_of_requests(ArenaPool& pool, int count) {
  const std::uint64_t before = heap_allocations();
  for (int i = 0; i < count; ++i) serve_one_request(pool);
  return heap_allocations() - before;
}

TEST(HeapUseTest, AWarmPoolServesRequestsWithoutTheHeap) {
  LargeBlockCache cache;
  ArenaPool pool({.capacity = 4, .arena = {}}, cache);
  EXPECT_GT(allocations_of_requests(pool, 1), 0U) << "the count must see the cold start";
  EXPECT_EQ(allocations_of_requests(pool, 100), 0U);
}

TEST(HeapUseTest, SurplusAboveTheRetainedChunksStaysWarmInTheCache) {
  LargeBlockCache cache;
  ArenaPool pool({.capacity = 1, .arena = {.retained_bytes = 64 * 1024}}, cache);
  EXPECT_GT(allocations_of_requests(pool, 1), 0U);
  EXPECT_EQ(allocations_of_requests(pool, 100), 0U);
}

TEST(HeapUseTest, HeapModeTakesEveryAllocationFromTheHeap) {
  LargeBlockCache cache;
  ArenaPool pool({.capacity = 1, .arena = {.mode = ArenaMode::heap}}, cache);
  (void)allocations_of_requests(pool, 1);
  EXPECT_GT(allocations_of_requests(pool, 1), 10'000U);
}

}  // namespace
}  // namespace logboom::arena
