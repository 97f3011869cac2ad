#include "arena/arena_allocator.hpp"

#include <gtest/gtest.h>

#include <list>
#include <map>
#include <memory_resource>
#include <string>
#include <vector>

namespace logboom::arena {
namespace {

TEST(ArenaAllocatorTest, AVectorGrowsInTheArena) {
  Arena arena;
  std::vector<int, ArenaAllocator<int>> numbers{ArenaAllocator<int>(arena)};
  for (int i = 0; i < 1000; ++i) numbers.push_back(i);
  EXPECT_EQ(numbers[999], 999);
  EXPECT_GE(arena.used_bytes(), 1000 * sizeof(int));
}

TEST(ArenaAllocatorTest, NodesOfAListCarryTheAlignmentOfTheirElements) {
  struct alignas(64) Wide {
    char byte;
  };
  Arena arena;
  std::list<Wide, ArenaAllocator<Wide>> list{ArenaAllocator<Wide>(arena)};
  for (char c = 'a'; c < 'z'; ++c) list.push_back({c});
  for (const Wide& wide : list) EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&wide) % 64, 0U);
}

TEST(ArenaAllocatorTest, AllocatorsAreEqualIfTheirArenaIs) {
  Arena one;
  Arena other;
  EXPECT_TRUE(ArenaAllocator<int>(one) == ArenaAllocator<char>(one));
  EXPECT_FALSE(ArenaAllocator<int>(one) == ArenaAllocator<int>(other));
}

TEST(ArenaAllocatorTest, MovingAContainerTakesItsArenaAlong) {
  Arena one;
  Arena other;
  std::vector<int, ArenaAllocator<int>> from({1, 2, 3}, ArenaAllocator<int>(one));
  std::vector<int, ArenaAllocator<int>> to{ArenaAllocator<int>(other)};
  const int* const elements = from.data();
  to = std::move(from);
  EXPECT_EQ(to.data(), elements);
  EXPECT_EQ(&to.get_allocator().arena(), &one);
}

TEST(ArenaResourceTest, ServesPmrContainers) {
  Arena arena;
  ArenaResource resource(arena);
  std::pmr::map<std::pmr::string, int> map(&resource);
  for (int i = 0; i < 100; ++i)
    map.emplace("a key beyond the small string " + std::to_string(i), i);
  EXPECT_EQ(map.size(), 100U);
  EXPECT_GE(arena.used_bytes(), 100U * 64U);
}

TEST(ArenaResourceTest, IsEqualToAnotherOfTheSameArenaOnly) {
  Arena one;
  Arena other;
  EXPECT_TRUE(ArenaResource(one).is_equal(ArenaResource(one)));
  EXPECT_FALSE(ArenaResource(one).is_equal(ArenaResource(other)));
  EXPECT_FALSE(ArenaResource(one).is_equal(*std::pmr::new_delete_resource()));
}

TEST(ArenaResourceTest, RefusesAnAlignmentAboveTheLargest) {
  Arena arena;
  ArenaResource resource(arena);
  EXPECT_THROW((void)resource.allocate(1, 2 * kAlignmentMax), std::bad_alloc);
}

}  // namespace
}  // namespace logboom::arena
