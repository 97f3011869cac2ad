#include "arena/large_block_cache.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace logboom::arena {
namespace {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;

TEST(LargeBlockCacheTest, SizesArePowersOfTwoAndTheirMiddles) {
  EXPECT_EQ(LargeBlockCache::block_bytes(0), 8 * kKiB);
  EXPECT_EQ(LargeBlockCache::block_bytes(8 * kKiB), 8 * kKiB);
  EXPECT_EQ(LargeBlockCache::block_bytes(8 * kKiB + 1), 12 * kKiB);
  EXPECT_EQ(LargeBlockCache::block_bytes(12 * kKiB + 1), 16 * kKiB);
  EXPECT_EQ(LargeBlockCache::block_bytes(16 * kKiB + 1), 24 * kKiB);
  EXPECT_EQ(LargeBlockCache::block_bytes(237 * kKiB), 256 * kKiB);
  EXPECT_EQ(LargeBlockCache::block_bytes(64 * kMiB), 64 * kMiB);
  EXPECT_EQ(LargeBlockCache::block_bytes(64 * kMiB + 1), 64 * kMiB + kAlignmentMax);
}

TEST(LargeBlockCacheTest, EverySizeIsServedByABlockAtMostHalfAsLargeAgain) {
  for (std::size_t bytes = 8 * kKiB; bytes <= 2 * kMiB; bytes += 777) {
    const std::size_t block = LargeBlockCache::block_bytes(bytes);
    ASSERT_GE(block, bytes);
    ASSERT_LE(block, bytes + bytes / 2 + kAlignmentMax);
    ASSERT_EQ(LargeBlockCache::block_bytes(block), block);
  }
}

TEST(LargeBlockCacheTest, GivesBackTheBlockThatWasReturnedLast) {
  LargeBlockCache cache;
  Block* const block = cache.take(200 * kKiB);
  EXPECT_GE(block->bytes, 200 * kKiB);
  cache.give_back(block);
  EXPECT_EQ(cache.metrics().idle_bytes, block->bytes);
  Block* const again = cache.take(250 * kKiB);
  EXPECT_EQ(again, block);
  EXPECT_EQ(cache.metrics().hits, 1U);
  EXPECT_EQ(cache.metrics().misses, 1U);
  EXPECT_EQ(cache.metrics().idle_bytes, 0U);
  cache.give_back(again);
}

// Blocks fresh from the cache, linked as an arena hands its surplus over.
Block* list_of(LargeBlockCache& cache, int count, std::size_t bytes) {
  Block* list = nullptr;
  for (int i = 0; i < count; ++i) {
    Block* const block = cache.take(bytes);
    block->next = list;
    list = block;
  }
  return list;
}

TEST(LargeBlockCacheTest, KeepsAllOfALongListAndServesItsFirstBlockFirst) {
  LargeBlockCache cache;
  Block* const list = list_of(cache, 850, 64 * kKiB);
  cache.give_back(list);
  EXPECT_EQ(cache.metrics().idle_bytes, 850U * 64U * kKiB);
  EXPECT_EQ(cache.take(64 * kKiB), list);
  cache.give_back(list);
  Block* const again = list_of(cache, 850, 64 * kKiB);
  EXPECT_EQ(cache.metrics().hits, 851U);
  EXPECT_EQ(cache.metrics().misses, 850U);
  cache.give_back(again);
}

TEST(LargeBlockCacheTest, KeepsMoreBlocksThanItHasCells) {
  LargeBlockCache cache;
  std::vector<Block*> blocks(100);
  for (Block*& block : blocks) block = cache.take(20 * kKiB);
  for (Block* block : blocks) cache.give_back(block);
  EXPECT_EQ(cache.metrics().idle_bytes, 100U * 24U * kKiB);
  cache.give_back(list_of(cache, 100, 20 * kKiB));
  EXPECT_EQ(cache.metrics().hits, 100U);
}

TEST(LargeBlockCacheTest, TakesAListOfBlocksOfAnySizes) {
  LargeBlockCache cache;
  Block* list = nullptr;
  std::size_t bytes = 0;
  for (const std::size_t size : {8 * kKiB, 8 * kKiB, kMiB, 8 * kKiB, 65 * kMiB, 24 * kKiB}) {
    Block* const block = cache.take(size);
    if (size < 64 * kMiB) bytes += block->bytes;
    block->next = list;
    list = block;
  }
  cache.give_back(list);
  EXPECT_EQ(cache.metrics().idle_bytes, bytes);
}

TEST(LargeBlockCacheTest, KeepsNoMoreThanItsBytes) {
  LargeBlockCache cache(300 * kKiB);
  cache.give_back(list_of(cache, 10, 64 * kKiB));
  EXPECT_EQ(cache.metrics().idle_bytes, 256 * kKiB);
  cache.give_back(list_of(cache, 10, 64 * kKiB));
  EXPECT_EQ(cache.metrics().idle_bytes, 256 * kKiB);
  EXPECT_EQ(cache.metrics().hits, 4U);
}

TEST(LargeBlockCacheTest, NeverKeepsWhatIsAboveTheLargestClass) {
  LargeBlockCache cache(1024 * kMiB);
  cache.give_back(cache.take(65 * kMiB));
  EXPECT_EQ(cache.metrics().idle_bytes, 0U);
}

TEST(LargeBlockCacheTest, TrimFreesWhatWasNotNeededSinceTheLastTrim) {
  LargeBlockCache cache;
  Block* const one = cache.take(64 * kKiB);
  Block* const two = cache.take(64 * kKiB);
  Block* const other = cache.take(kMiB);
  cache.give_back(one);
  cache.give_back(two);
  cache.give_back(other);
  cache.trim();
  EXPECT_EQ(cache.metrics().idle_bytes, 128 * kKiB + kMiB) << "all were needed in the interval";
  cache.give_back(cache.take(64 * kKiB));
  cache.trim();
  EXPECT_EQ(cache.metrics().idle_bytes, 64 * kKiB) << "one block was needed in the interval";
  cache.trim();
  EXPECT_EQ(cache.metrics().idle_bytes, 0U);
}

TEST(LargeBlockCacheTest, TrimLooksIntoEveryBlockOfAList) {
  LargeBlockCache cache;
  cache.give_back(list_of(cache, 100, 64 * kKiB));
  cache.trim();
  EXPECT_EQ(cache.metrics().idle_bytes, 100U * 64U * kKiB) << "all came in the interval";
  cache.give_back(list_of(cache, 30, 64 * kKiB));
  cache.trim();
  EXPECT_EQ(cache.metrics().idle_bytes, 30U * 64U * kKiB) << "30 were needed in the interval";
}

TEST(LargeBlockCacheTest, ThreadsThatTakeAndGiveListsLoseNothing) {
  LargeBlockCache cache;
  std::vector<std::thread> threads;
  threads.reserve(16);
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&cache, t] {
      for (int i = 0; i < 300; ++i) {
        Block* const list = list_of(cache, 1 + (t + i) % 20, 8 * kKiB);
        for (Block* block = list; block != nullptr; block = block->next) ++block->large_bytes;
        cache.give_back(list);
        if (i % 50 == 0) cache.trim();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const LargeBlockCacheMetrics metrics = cache.metrics();
  EXPECT_EQ(metrics.hits + metrics.misses, 16U * 300U * 21U / 2U);
  const std::size_t idle = metrics.idle_bytes / (8 * kKiB);
  Block* const all = list_of(cache, static_cast<int>(idle), 8 * kKiB);
  EXPECT_EQ(cache.metrics().hits, metrics.hits + idle);
  EXPECT_EQ(cache.metrics().idle_bytes, 0U);
  cache.give_back(all);
}

TEST(LargeBlockCacheTest, ThreadsNeverHoldTheSameBlock) {
  LargeBlockCache cache(kMiB);
  std::vector<std::thread> threads;
  threads.reserve(16);
  for (std::size_t t = 0; t < 16; ++t) {
    threads.emplace_back([&cache, t] {
      for (std::size_t i = 0; i < 1000; ++i) {
        Block* const block = cache.take((i % 5 + 1) * 30 * kKiB);
        block->large_bytes = t * 10'000 + i;  // a data race if anybody else holds it
        EXPECT_EQ(block->large_bytes, t * 10'000 + i);
        cache.give_back(block);
        if (i % 100 == 0) cache.trim();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const LargeBlockCacheMetrics metrics = cache.metrics();
  EXPECT_EQ(metrics.hits + metrics.misses, 16'000U);
}

}  // namespace
}  // namespace logboom::arena
