#include "arena/thread_index.hpp"

#include <gtest/gtest.h>

#include <barrier>
#include <thread>
#include <vector>

namespace logboom::arena {
namespace {

std::uint32_t index_of_a_thread() {
  std::uint32_t index = 0;
  std::thread([&] { index = ThreadIndex::get(); }).join();
  return index;
}

TEST(ThreadIndexTest, StaysTheSameForAThread) {
  EXPECT_EQ(ThreadIndex::get(), ThreadIndex::get());
  EXPECT_LT(ThreadIndex::get(), ThreadIndex::limit());
}

TEST(ThreadIndexTest, IsHandedOnWhenItsThreadHasEnded) {
  const std::uint32_t own = ThreadIndex::get();
  const std::uint32_t first = index_of_a_thread();
  EXPECT_LT(first, ThreadIndex::kCount);
  EXPECT_NE(first, own);
  EXPECT_EQ(index_of_a_thread(), first);
}

TEST(ThreadIndexTest, NoTwoLiveThreadsHaveTheSameAndThoseTooManyHaveNone) {
  (void)ThreadIndex::get();
  constexpr std::size_t kThreads = ThreadIndex::kCount + 10;
  std::vector<std::uint32_t> indices(kThreads);
  std::barrier all_have_asked(kThreads);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      indices[i] = ThreadIndex::get();
      all_have_asked.arrive_and_wait();
      EXPECT_EQ(ThreadIndex::get(), indices[i]);
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<int> owners(ThreadIndex::kCount + 1);
  ++owners[ThreadIndex::get()];
  for (const std::uint32_t index : indices) ++owners.at(index);
  for (std::uint32_t index = 0; index < ThreadIndex::kCount; ++index) {
    EXPECT_EQ(owners[index], 1) << index;
  }
  EXPECT_EQ(owners[ThreadIndex::kCount], 11);
}

}  // namespace
}  // namespace logboom::arena
