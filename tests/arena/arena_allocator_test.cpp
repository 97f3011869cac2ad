#include "arena/arena_allocator.hpp"

#include <gtest/gtest.h>

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

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

TEST(ArenaAllocatorTest, BeastParsesHeaderFieldsIntoTheArena) {
  namespace http = boost::beast::http;
  Arena arena;
  http::request_parser<http::empty_body, ArenaAllocator<char>> parser(
      std::piecewise_construct, std::make_tuple(), std::make_tuple(ArenaAllocator<char>(arena)));
  const std::string_view request = "POST /log HTTP/1.1\r\nHost: boom\r\nX-Long: 0123456789\r\n\r\n";
  boost::beast::error_code error;
  parser.put(boost::asio::buffer(request), error);
  ASSERT_FALSE(error) << error.message();
  EXPECT_EQ(parser.get()["X-Long"], "0123456789");
  EXPECT_GT(arena.used_bytes(), 0U);
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
