#include "arena/arena.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "arena/large_block_cache.hpp"

namespace logboom::arena {
namespace {

constexpr std::size_t kChunkBytes = 8 * 1024;

// Small chunks, so that a test crosses them with few allocations.
ArenaOptions small_chunks() {
  return {.chunk_bytes = kChunkBytes, .retained_bytes = 8 * kChunkBytes};
}

bool is_aligned(const void* memory, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(memory) % alignment == 0;
}

// Fills with `pattern` and remembers it, to see later whether somebody else wrote there.
struct Filled {
  Filled(Arena& arena, std::size_t bytes, std::uint8_t with)
      : span(arena.create_span_uninitialized<std::uint8_t>(bytes)), pattern(with) {
    std::memset(span.data(), pattern, span.size());
  }
  bool intact() const {
    return std::all_of(span.begin(), span.end(), [&](std::uint8_t b) { return b == pattern; });
  }
  std::span<std::uint8_t> span;
  std::uint8_t pattern;
};

TEST(ArenaTest, AnUnusedArenaHoldsNoMemory) {
  Arena arena;
  EXPECT_EQ(arena.capacity_bytes(), 0U);
  EXPECT_EQ(arena.used_bytes(), 0U);
  arena.reset();
  EXPECT_EQ(arena.capacity_bytes(), 0U);
}

TEST(ArenaTest, CreatesAnObjectFromItsArguments) {
  struct Point {
    int x;
    int y;
    Point(int x_value, int y_value) : x(x_value), y(y_value) {}
  };
  Arena arena;
  const Point* const point = arena.create<Point>(3, 4);
  EXPECT_EQ(point->x, 3);
  EXPECT_EQ(point->y, 4);
}

TEST(ArenaTest, ServesEveryAlignmentUpToTheLargestInChunksAndLargeBlocks) {
  Arena arena(small_chunks());
  for (const std::size_t bytes : {1UL, 24UL, 4096UL, 5000UL, 100'000UL}) {
    for (std::size_t alignment = 1; alignment <= kAlignmentMax; alignment *= 2) {
      (void)arena.allocate(1, 1);
      void* const memory = arena.allocate(bytes, alignment);
      EXPECT_TRUE(is_aligned(memory, alignment)) << bytes << " bytes aligned to " << alignment;
      std::memset(memory, 0xa5, bytes);
    }
  }
}

TEST(ArenaTest, ASpanIsZeroedThoughItsMemoryWasUsedBefore) {
  Arena arena(small_chunks());
  for (const std::size_t count : {10UL, 2000UL}) {
    Filled(arena, count * sizeof(std::uint32_t), 0xff);
    arena.reset();
    for (const std::uint32_t value : arena.create_span<std::uint32_t>(count)) EXPECT_EQ(value, 0U);
    arena.reset();
  }
}

TEST(ArenaTest, ASpanTakesTheInitialisersOfItsType) {
  struct WithDefault {
    int value = 42;
  };
  Arena arena;
  for (const WithDefault& element : arena.create_span<WithDefault>(5)) EXPECT_EQ(element.value, 42);
}

TEST(ArenaTest, CopiesTextOfEveryLengthAcrossTheInlineLimit) {
  Arena arena(small_chunks());
  std::string text;
  for (std::size_t length = 0; length <= 300; ++length) {
    const std::string_view copy = arena.copy(text);
    EXPECT_EQ(copy, text);
    EXPECT_NE(copy.data(), text.data());
    text.push_back(static_cast<char>('a' + length % 26));
  }
}

TEST(ArenaTest, CopiesElementsOfASpan) {
  const std::array<int, 3> numbers{1, 2, 3};
  Arena arena;
  const std::span<int> copy = arena.copy_span(std::span<const int>(numbers));
  ASSERT_EQ(copy.size(), 3U);
  EXPECT_TRUE(std::equal(copy.begin(), copy.end(), numbers.begin()));
  EXPECT_NE(copy.data(), numbers.data());
}

TEST(ArenaTest, CopiesAnEmptyViewWithoutData) {
  Arena arena;
  EXPECT_EQ(arena.copy(std::string_view()), "");
  EXPECT_NE(arena.copy(std::string_view()).data(), nullptr);
}

TEST(ArenaTest, ZeroBytesAreNeverNull) {
  Arena arena;
  EXPECT_NE(arena.allocate(0), nullptr);
  EXPECT_TRUE(is_aligned(arena.allocate(0, kAlignmentMax), kAlignmentMax));
  EXPECT_TRUE(arena.create_span<int>(0).empty());
}

TEST(ArenaTest, ReusesItsChunksAfterReset) {
  Arena arena(small_chunks());
  void* const first = arena.allocate(100);
  for (int i = 0; i < 50; ++i) (void)arena.allocate(1000);
  const std::size_t capacity = arena.capacity_bytes();
  arena.reset();
  EXPECT_EQ(arena.used_bytes(), 0U);
  EXPECT_EQ(arena.allocate(100), first);
  for (int i = 0; i < 50; ++i) (void)arena.allocate(1000);
  EXPECT_EQ(arena.capacity_bytes(), capacity);
}

TEST(ArenaTest, ResetKeepsNoMoreThanTheRetainedBytes) {
  Arena arena({.chunk_bytes = kChunkBytes, .retained_bytes = 3 * kChunkBytes});
  for (int i = 0; i < 100; ++i) (void)arena.allocate(1000);
  EXPECT_GT(arena.capacity_bytes(), 3 * kChunkBytes);
  arena.reset();
  EXPECT_EQ(arena.capacity_bytes(), 3 * kChunkBytes);
  Filled after(arena, 1000, 0x11);
  EXPECT_TRUE(after.intact());
}

TEST(ArenaTest, ResetKeepsTenChunksOfAnySizeByDefault) {
  for (const std::size_t chunk_bytes : {kChunkBytes, std::size_t{64} * 1024, 1024UL * 1024UL}) {
    Arena arena({.chunk_bytes = chunk_bytes});
    for (int i = 0; i < 100; ++i) (void)arena.allocate(chunk_bytes / 5);
    EXPECT_GT(arena.capacity_bytes(), 10 * chunk_bytes);
    arena.reset();
    EXPECT_EQ(arena.capacity_bytes(), 10 * chunk_bytes);
  }
}

TEST(ArenaTest, ResetWithNothingRetainedGivesEverythingBack) {
  Arena arena({.chunk_bytes = kChunkBytes, .retained_bytes = 0});
  (void)arena.allocate(1000);
  arena.reset();
  EXPECT_EQ(arena.capacity_bytes(), 0U);
  EXPECT_TRUE(Filled(arena, 1000, 0x22).intact());
}

// The bug of go-arena: with several retained chunks, a request larger than the next of them put a
// new chunk at the end but stepped to the next index, so the chunk there was handed out twice.
TEST(ArenaTest, ARequestAboveTheNextRetainedChunkSharesNoMemoryWithLaterOnes) {
  for (const std::size_t request : {kChunkBytes / 2 + 1, kChunkBytes, 3 * kChunkBytes}) {
    Arena arena(small_chunks());
    for (int i = 0; i < 24; ++i) (void)arena.allocate(2000);
    ASSERT_GE(arena.capacity_bytes(), 4 * kChunkBytes);
    arena.reset();

    std::vector<Filled> live;
    live.emplace_back(arena, 2000, std::uint8_t{1});
    live.emplace_back(arena, request, std::uint8_t{2});
    for (std::uint8_t i = 3; i < 40; ++i) live.emplace_back(arena, 2000, i);
    live.emplace_back(arena, request, std::uint8_t{40});
    for (const Filled& block : live) {
      EXPECT_TRUE(block.intact()) << int{block.pattern} << " of request " << request;
    }
  }
}

TEST(ArenaTest, AFirstRequestThatFitsAChunkMakesOne) {
  LargeBlockCache cache;
  Arena arena({}, &cache);
  void* const first = arena.allocate(56'000, 8);
  EXPECT_FALSE(arena.release_large(first)) << "it lies in a chunk";
  for (int round = 0; round < 10; ++round) {
    arena.reset();
    EXPECT_EQ(arena.allocate(56'000, 8), first);
  }
  EXPECT_EQ(cache.metrics().hits + cache.metrics().misses, 1U);
}

TEST(ArenaTest, AFirstRequestFillsAChunkToItsLastByte) {
  for (std::size_t alignment = 1; alignment <= kAlignmentMax; alignment *= 2) {
    const std::size_t most = kChunkBytes - std::max(alignment, Block::kHeaderBytes);
    for (const std::size_t bytes : {most - 8, most, most + 1}) {
      Arena arena(small_chunks());
      void* const first = arena.allocate(bytes, alignment);
      EXPECT_TRUE(is_aligned(first, alignment));
      std::memset(first, 1, bytes);
      EXPECT_EQ(arena.release_large(first), bytes > most) << bytes << " aligned to " << alignment;
    }
  }
}

TEST(ArenaTest, UsedBytesCountGapsAndAllKindsOfBlocks) {
  Arena arena(small_chunks());
  (void)arena.allocate(1, 1);
  EXPECT_EQ(arena.used_bytes(), 8U);
  (void)arena.allocate(8, 8);
  EXPECT_EQ(arena.used_bytes(), 16U);
  (void)arena.allocate(100'000);
  EXPECT_EQ(arena.used_bytes(), 100'016U);
}

TEST(ArenaTest, ExtendsTheLatestAllocationInPlace) {
  Arena arena(small_chunks());
  auto bytes = arena.create_span_uninitialized<std::uint8_t>(100);
  std::memset(bytes.data(), 7, bytes.size());
  ASSERT_TRUE(arena.try_extend(bytes.data(), 100, 400));
  std::memset(bytes.data() + 100, 8, 300);
  const Filled next(arena, 50, 9);
  EXPECT_GE(next.span.data(), bytes.data() + 400);
  EXPECT_EQ(bytes[99], 7);
  EXPECT_EQ(bytes.data()[399], 8);
}

TEST(ArenaTest, RefusesToExtendWhatIsNotTheLatestOrDoesNotFit) {
  Arena arena(small_chunks());
  void* const first = arena.allocate(100, 1);
  void* const second = arena.allocate(100, 1);
  EXPECT_FALSE(arena.try_extend(first, 100, 101));
  EXPECT_FALSE(arena.try_extend(second, 100, kChunkBytes));
  EXPECT_EQ(arena.used_bytes(), 208U);
}

TEST(ArenaTest, WhatFollowsAnExtendedAllocationOfAnyLengthIsApart) {
  Arena arena(small_chunks());
  for (std::size_t bytes = 0; bytes < 20; ++bytes) {
    for (std::size_t more = 0; more < 20; ++more) {
      const Filled block(arena, bytes, 1);
      ASSERT_TRUE(arena.try_extend(block.span.data(), bytes, bytes + more));
      std::memset(block.span.data() + bytes, 2, more);
      const Filled next(arena, 9, 3);
      EXPECT_TRUE(block.intact() && next.intact()) << bytes << " and " << more;
      EXPECT_GE(next.span.data(), block.span.data() + bytes + more);
    }
    arena.reset();
  }
}

TEST(ArenaTest, ExtendsALargeBlockWithinItsSizeClass) {
  Arena arena(small_chunks());
  void* const large = arena.allocate(70'000);
  (void)arena.allocate(10);
  ASSERT_TRUE(arena.try_extend(large, 70'000, 90'000));
  std::memset(large, 1, 90'000);
  EXPECT_FALSE(arena.try_extend(large, 90'000, 200'000));
}

TEST(ArenaTest, ReleasesALargeBlockBeforeReset) {
  LargeBlockCache cache;
  Arena arena(small_chunks(), &cache);
  Filled small(arena, 100, 1);
  void* const large = arena.allocate(200'000);
  Filled other(arena, 50'000, 2);
  EXPECT_TRUE(arena.release_large(large));
  EXPECT_GT(cache.metrics().idle_bytes, 200'000U);
  EXPECT_TRUE(small.intact());
  EXPECT_TRUE(other.intact());
}

TEST(ArenaTest, ReleasesNothingThatIsNotALargeBlock) {
  Arena arena(small_chunks());
  const Filled small(arena, 100, 1);
  EXPECT_FALSE(arena.release_large(small.span.data()));
  const Filled large(arena, 50'000, 2);
  EXPECT_FALSE(arena.release_large(small.span.data()));
  EXPECT_FALSE(arena.release_large(large.span.data() + 1));
  EXPECT_FALSE(arena.release_large(nullptr));
  EXPECT_TRUE(small.intact());
  EXPECT_TRUE(large.intact());
}

TEST(ArenaTest, ResetReturnsLargeBlocksAndSurplusChunksToTheCache) {
  LargeBlockCache cache;
  Arena arena({.chunk_bytes = kChunkBytes, .retained_bytes = kChunkBytes}, &cache);
  (void)arena.allocate(100'000);
  for (int i = 0; i < 20; ++i) (void)arena.allocate(1000);
  const std::size_t held = arena.capacity_bytes();
  arena.reset();
  EXPECT_EQ(arena.capacity_bytes(), kChunkBytes);
  EXPECT_EQ(cache.metrics().idle_bytes, held - kChunkBytes);
}

TEST(ArenaTest, WipesWhatWasAllocatedAtReset) {
  LargeBlockCache cache;
  Arena arena({.chunk_bytes = kChunkBytes, .wipe_on_reset = true}, &cache);
  (void)Filled(arena, 3000, 0xee);
  (void)Filled(arena, 4000, 0xee);
  (void)Filled(arena, 3000, 0xee);
  (void)Filled(arena, 100'000, 0xee);
  arena.reset();
  for (const std::size_t bytes : {3000UL, 4000UL, 3000UL, 100'000UL}) {
    for (const std::uint8_t byte : arena.create_span_uninitialized<std::uint8_t>(bytes)) {
      ASSERT_EQ(byte, 0);
    }
  }
}

TEST(ArenaTest, WipesALargeBlockThatIsReleasedEarly) {
  LargeBlockCache cache;
  Arena arena({.wipe_on_reset = true}, &cache);
  const Filled secret(arena, 100'000, 0xee);
  ASSERT_TRUE(arena.release_large(secret.span.data()));
  const auto again = arena.create_span_uninitialized<std::uint8_t>(100'000);
  ASSERT_EQ(again.data(), secret.span.data());
  for (const std::uint8_t byte : again) ASSERT_EQ(byte, 0);
}

TEST(ArenaTest, RefusesALengthThatOverflows) {
  Arena arena;
  const std::size_t huge = std::numeric_limits<std::size_t>::max();
  EXPECT_THROW((void)arena.allocate(huge), std::bad_alloc);
  EXPECT_THROW((void)arena.allocate(huge - 100, 64), std::bad_alloc);
  EXPECT_THROW((void)arena.create_span_uninitialized<std::uint64_t>(huge / 4), std::bad_alloc);
  EXPECT_TRUE(Filled(arena, 100, 3).intact());
}

TEST(ArenaHeapModeTest, HoldsExactlyWhatIsAllocatedUntilReset) {
  Arena arena({.mode = ArenaMode::heap});
  std::vector<Filled> live;
  for (std::uint8_t i = 0; i < 100; ++i) live.emplace_back(arena, 1 + 500UL * i, i);
  for (const Filled& block : live) EXPECT_TRUE(block.intact());
  EXPECT_GE(arena.capacity_bytes(), arena.used_bytes());
  arena.reset();
  EXPECT_EQ(arena.capacity_bytes(), 0U);
  EXPECT_EQ(arena.used_bytes(), 0U);
}

TEST(ArenaHeapModeTest, TakesNoMoreThanAHeaderAboveALargeRequest) {
  Arena arena({.mode = ArenaMode::heap});
  void* const large = arena.allocate(100'001);
  EXPECT_GE(arena.capacity_bytes(), 100'001U);
  EXPECT_LE(arena.capacity_bytes(), 100'001U + Block::kHeaderBytes);
  EXPECT_FALSE(arena.try_extend(large, 100'001, 100'100));
  EXPECT_TRUE(arena.release_large(large));
  EXPECT_EQ(arena.capacity_bytes(), 0U);
}

TEST(ArenaHeapModeTest, ServesEveryAlignment) {
  Arena arena({.mode = ArenaMode::heap});
  for (std::size_t alignment = 1; alignment <= kAlignmentMax; alignment *= 2) {
    for (const std::size_t bytes : {33UL, 70'000UL}) {
      void* const memory = arena.allocate(bytes, alignment);
      EXPECT_TRUE(is_aligned(memory, alignment));
      std::memset(memory, 1, bytes);
    }
  }
}

#ifndef NDEBUG
TEST(ArenaDeathTest, UseByAnotherThanTheOwningThreadIsReported) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        Arena arena;
        (void)arena.allocate(1);
        std::thread([&] { (void)arena.allocate(1); }).join();
      },
      "owned_by_this_thread");
}

TEST(ArenaDeathTest, AskingForTheFiguresOfAnotherThreadsArenaIsReported) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        Arena arena;
        (void)arena.allocate(1);
        std::thread([&] { (void)arena.used_bytes(); }).join();
      },
      "owned_by_another_thread");
}

TEST(ArenaTest, HandingOverMakesTheNextUserTheOwner) {
  Arena arena;
  (void)arena.allocate(1);
  arena.hand_over();
  std::thread([&] {
    (void)arena.allocate(1);
    arena.hand_over();
  }).join();
  EXPECT_GT(arena.used_bytes(), 1U);
}
#endif

#ifdef LOGBOOM_ARENA_POISONS
class ArenaPoisonDeathTest : public testing::Test {
 protected:
  Arena arena_{small_chunks()};
};

TEST_F(ArenaPoisonDeathTest, UseAfterResetIsReported) {
  const std::string_view text = arena_.copy("gone after reset");
  arena_.reset();
  EXPECT_DEATH(std::printf("%c", text[3]), "use-after-poison");
}

TEST_F(ArenaPoisonDeathTest, UseOfALargeBlockAfterItsReleaseIsReported) {
  LargeBlockCache cache;
  Arena arena(small_chunks(), &cache);
  const auto body = arena.create_span<char>(100'000);
  ASSERT_TRUE(arena.release_large(body.data()));
  EXPECT_DEATH(std::printf("%c", body[3]), "use-after-poison");
}

TEST_F(ArenaPoisonDeathTest, ReadingBehindTheLatestAllocationIsReported) {
  const auto bytes = arena_.create_span<char>(13);
  EXPECT_DEATH(std::printf("%c", bytes.data()[13]), "use-after-poison");
}

TEST_F(ArenaPoisonDeathTest, ReadingBehindAnEarlierAllocationIsReported) {
  const std::string_view text = arena_.copy("13 characters");
  (void)arena_.copy("the next");
  EXPECT_DEATH(std::printf("%c", text.data()[13]), "AddressSanitizer");
}

TEST_F(ArenaPoisonDeathTest, ReadingBehindALargeBlockIsReported) {
  const auto bytes = arena_.create_span<char>(70'000);
  EXPECT_DEATH(std::printf("%c", bytes.data()[70'000]), "use-after-poison");
}

TEST_F(ArenaPoisonDeathTest, ReadingBeforeTheFirstAllocationOfAChunkIsReported) {
  const auto bytes = arena_.create_span<char>(100);
  for (const std::ptrdiff_t before : {1, 8, 32}) {
    EXPECT_DEATH(std::printf("%c", *(bytes.data() - before)), "use-after-poison") << before;
  }
}

TEST_F(ArenaPoisonDeathTest, ReadingBeforeALargeBlockIsReported) {
  for (const std::size_t alignment : {1UL, 64UL, 4096UL}) {
    const auto* const bytes = static_cast<char*>(arena_.allocate(70'000, alignment));
    for (const std::ptrdiff_t before : {1, 8, 32}) {
      EXPECT_DEATH(std::printf("%c", *(bytes - before)), "use-after-poison") << before;
    }
  }
}

TEST(ArenaHeapModeDeathTest, ReadingAroundAnAlignedAllocationIsReported) {
  Arena arena({.mode = ArenaMode::heap});
  for (const std::size_t bytes : {100UL, 70'000UL}) {
    const auto* const memory = static_cast<char*>(arena.allocate(bytes, 128));
    EXPECT_DEATH(std::printf("%c", *(memory - 1)), "AddressSanitizer");
    EXPECT_DEATH(std::printf("%c", memory[bytes]), "AddressSanitizer");
  }
}

TEST(ArenaHeapModeDeathTest, UseAfterResetIsReported) {
  Arena arena({.mode = ArenaMode::heap});
  const std::string_view text = arena.copy("gone after reset");
  arena.reset();
  EXPECT_DEATH(std::printf("%c", text[3]), "use-after-free");
}
#endif

}  // namespace
}  // namespace logboom::arena
