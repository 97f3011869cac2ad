#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <new>
#include <string>
#include <thread>
#include <utility>

#include "arena/arena.hpp"
#include "arena/large_block_cache.hpp"

namespace logboom::arena {
namespace {

TEST(ArenaVectorTest, KeepsItsElementsInOrderWhileItGrowsIntoLargeBlocks) {
  Arena arena;
  ArenaVector<std::uint32_t> numbers(arena);
  for (std::uint32_t i = 0; i < 100'000; ++i) numbers.push_back(i);
  ASSERT_EQ(numbers.size(), 100'000U);
  for (std::uint32_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(numbers[i], i);
}

TEST(ArenaVectorTest, GrowsInPlaceWhileItIsTheLatestAllocation) {
  Arena arena;
  ArenaVector<std::uint64_t> numbers(arena);
  numbers.push_back(1);
  const auto* const before = numbers.data();
  for (std::uint64_t i = 0; i < 1000; ++i) numbers.push_back(i);
  EXPECT_EQ(numbers.data(), before);
}

TEST(ArenaVectorTest, TwoThatGrowInTurnKeepApart) {
  Arena arena;
  ArenaVector<int> even(arena);
  ArenaVector<int> odd(arena);
  for (int i = 0; i < 20'000; i += 2) {
    even.push_back(i);
    odd.push_back(i + 1);
  }
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_EQ(even[static_cast<std::size_t>(i)], 2 * i);
    ASSERT_EQ(odd[static_cast<std::size_t>(i)], 2 * i + 1);
  }
}

TEST(ArenaVectorTest, PushesItsOwnElementWhileGrowing) {
  Arena arena;
  ArenaVector<std::uint64_t> numbers(arena);
  numbers.push_back(77);
  for (int i = 0; i < 50'000; ++i) {
    (void)arena.allocate(1, 1);  // keeps it from growing in place
    numbers.push_back(numbers[0]);
  }
  for (const std::uint64_t number : numbers) ASSERT_EQ(number, 77U);
}

TEST(ArenaVectorTest, GrowingOutOfALargeBlockGivesItBack) {
  LargeBlockCache cache;
  Arena arena({}, &cache);
  ArenaVector<char> body(arena);
  const std::string piece(10'000, 'x');
  for (int i = 0; i < 200; ++i) body.append(piece);
  EXPECT_EQ(body.size(), 2'000'000U);
  EXPECT_LT(arena.capacity_bytes(), 5'000'000U);
  EXPECT_GT(cache.metrics().idle_bytes, 0U);
}

TEST(ArenaVectorTest, AppendsSpansAndLeavesOutNothing) {
  Arena arena;
  ArenaVector<char> text(arena);
  text.append(std::string_view("log"));
  text.append({});
  text.append(std::string_view("boom"));
  EXPECT_EQ(std::string_view(text.data(), text.size()), "logboom");
}

TEST(ArenaVectorTest, ClearKeepsItsMemory) {
  Arena arena;
  ArenaVector<int> numbers(arena);
  for (int i = 0; i < 100; ++i) numbers.push_back(i);
  const std::size_t used = arena.used_bytes();
  numbers.clear();
  EXPECT_TRUE(numbers.empty());
  for (int i = 0; i < 100; ++i) numbers.push_back(i);
  EXPECT_EQ(arena.used_bytes(), used);
}

TEST(ArenaVectorTest, ReservesOnceForWhatIsAnnounced) {
  Arena arena;
  ArenaVector<int> numbers(arena);
  numbers.reserve(1000);
  const int* const before = numbers.data();
  (void)arena.allocate(1);
  for (int i = 0; i < 1000; ++i) numbers.push_back(i);
  EXPECT_EQ(numbers.data(), before);
  EXPECT_EQ(numbers.back(), 999);
  numbers.pop_back();
  EXPECT_EQ(numbers.back(), 998);
}

ArenaVector<int> taken_from(ArenaVector<int>& vector) {
  return std::move(vector);
}

TEST(ArenaVectorTest, MovingLeavesAnEmptyVectorThatGrowsOnItsOwn) {
  Arena arena;
  ArenaVector<int> from(arena);
  from.push_back(1);
  ArenaVector<int> to(taken_from(from));
  EXPECT_TRUE(from.empty());
  from.clear();
  from.push_back(2);
  to.push_back(3);
  ASSERT_EQ(to.size(), 2U);
  EXPECT_EQ(to[0], 1);
  EXPECT_EQ(to[1], 3);
  ASSERT_EQ(from.size(), 1U);
  EXPECT_EQ(from[0], 2);
  to = taken_from(from);
  ASSERT_EQ(to.size(), 1U);
  EXPECT_EQ(to[0], 2);
  EXPECT_TRUE(from.empty());
}

TEST(ArenaVectorTest, MayLieInItsArena) {
  Arena arena;
  auto* const numbers = arena.create<ArenaVector<int>>(arena);
  numbers->push_back(5);
  EXPECT_EQ(numbers->back(), 5);
}

#ifndef NDEBUG
TEST(ArenaVectorDeathTest, PushingByAnotherThanTheOwningThreadIsReported) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        Arena arena;
        ArenaVector<int> numbers(arena);
        numbers.push_back(1);  // leaves room for more
        std::thread([&] { numbers.push_back(2); }).join();
      },
      "owned_by_this_thread");
}
#endif

// Their bytes wrap around to few: eight elements that seem to grow to nine.
TEST(ArenaVectorTest, RefusesALengthWhoseBytesOverflowAndStaysAsItWas) {
  constexpr std::size_t kWraps = (std::size_t{1} << 61) + 9;
  Arena arena;
  ArenaVector<std::uint64_t> empty(arena);
  EXPECT_THROW(empty.reserve(kWraps), std::bad_array_new_length);
  ArenaVector<std::uint64_t> numbers(arena);
  for (std::uint64_t i = 0; i < 8; ++i) numbers.push_back(i);
  EXPECT_THROW(numbers.reserve(kWraps), std::bad_array_new_length);
  EXPECT_THROW(numbers.resize_uninitialized(kWraps), std::bad_array_new_length);
  EXPECT_EQ(numbers.size(), 8U);
  EXPECT_EQ(numbers.capacity(), 8U);
  const auto next = arena.create_span<std::uint64_t>(2);
  numbers.push_back(8);
  EXPECT_EQ(next[0], 0U) << "the ninth element is in the memory of another";
}

TEST(ArenaVectorTest, RefusesToAppendMoreThanALengthCanCount) {
  Arena arena;
  ArenaVector<char> text(arena);
  text.append(std::string_view("abc"));
  const std::span<const char> endless(text.data(), std::numeric_limits<std::size_t>::max() - 1);
  EXPECT_THROW(text.append(endless), std::bad_array_new_length);
  EXPECT_EQ(text.size(), 3U);
}

}  // namespace
}  // namespace logboom::arena
