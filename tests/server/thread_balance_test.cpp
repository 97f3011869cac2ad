#include "server/thread_balance.hpp"

#include <cstddef>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

namespace logboom::server {
namespace {

using Connections = std::vector<std::size_t>;

void observe(ThreadBalance& balance, double load, std::size_t ticks) {
  for (std::size_t i = 0; i < ticks; ++i) balance.observe(load);
}

Connections after_moves(ThreadBalance& balance, Connections connections) {
  for (const ThreadBalance::Move& move : balance.moves(connections)) {
    EXPECT_LE(move.connections, connections[move.from]);
    connections[move.from] -= move.connections;
    connections[move.to] += move.connections;
  }
  return connections;
}

TEST(ThreadBalanceTest, OneThreadServesAsLongAsItKeepsUp) {
  ThreadBalance balance(4);
  observe(balance, 0.7, 100);
  EXPECT_EQ(balance.serving(), 1U);
}

TEST(ThreadBalanceTest, ABusyThreadGetsCompanyUpToAllThreads) {
  ThreadBalance balance(3);
  balance.observe(0.9);
  EXPECT_EQ(balance.serving(), 1U) << "one tick may be chance";
  balance.observe(0.9);
  EXPECT_EQ(balance.serving(), 2U);
  observe(balance, 1.9, 2);
  EXPECT_EQ(balance.serving(), 3U);
  observe(balance, 3.0, 10);
  EXPECT_EQ(balance.serving(), 3U);
}

TEST(ThreadBalanceTest, ThreadsRestOneByOneOnceFewerHaveKeptUpForAWhile) {
  ThreadBalance balance(4);
  observe(balance, 4.0, 4);
  ASSERT_EQ(balance.serving(), 4U);
  observe(balance, 0.1, ThreadBalance::kQuietTicks - 1);
  EXPECT_EQ(balance.serving(), 4U);
  balance.observe(0.1);
  EXPECT_EQ(balance.serving(), 3U);
  observe(balance, 0.1, 10 * ThreadBalance::kQuietTicks);
  EXPECT_EQ(balance.serving(), 1U);
}

// Two threads cost more than one for the same work, so what made the second necessary must not
// look like quiet once it serves.
TEST(ThreadBalanceTest, TheLoadThatBroughtAThreadKeepsIt) {
  ThreadBalance balance(2);
  observe(balance, ThreadBalance::kBusy, ThreadBalance::kBusyTicks);
  ASSERT_EQ(balance.serving(), 2U);
  observe(balance, ThreadBalance::kBusy, 100);
  EXPECT_EQ(balance.serving(), 2U);
}

TEST(ThreadBalanceTest, ThreadsThatDoNotServeGiveAllConnectionsAway) {
  ThreadBalance balance(3);
  EXPECT_EQ(after_moves(balance, {1, 2, 7}), (Connections{10, 0, 0}));
}

TEST(ThreadBalanceTest, ThreadsThatBeginToServeGetTheirShare) {
  ThreadBalance balance(4);
  observe(balance, 4.0, 4);
  ASSERT_EQ(balance.serving(), 4U);
  EXPECT_EQ(after_moves(balance, {10, 0, 0, 0}), (Connections{3, 3, 3, 1}));
}

TEST(ThreadBalanceTest, SmallDifferencesAreLeftAlone) {
  ThreadBalance balance(2);
  observe(balance, 2.0, 2);
  EXPECT_TRUE(balance.moves(Connections{55, 45}).empty());
  EXPECT_TRUE(balance.moves(Connections{1, 0}).empty());
  EXPECT_TRUE(balance.moves(Connections{0, 0}).empty());
}

TEST(ThreadBalanceTest, NothingIsLostOrMovedInACircleWhateverTheNumbers) {
  for (std::size_t serving_ticks : {0U, 2U, 4U}) {
    ThreadBalance balance(5);
    observe(balance, 5.0, serving_ticks);
    for (std::size_t a = 0; a < 9; ++a) {
      for (std::size_t b = 0; b < 9; ++b) {
        const Connections before{a, b, 8 - b, 3 * a, 1};
        const Connections after = after_moves(balance, before);
        EXPECT_EQ(std::accumulate(after.begin(), after.end(), std::size_t{0}),
                  std::accumulate(before.begin(), before.end(), std::size_t{0}));
        for (std::size_t i = balance.serving(); i < after.size(); ++i) EXPECT_EQ(after[i], 0U);
        EXPECT_TRUE(balance.moves(after).empty());
      }
    }
  }
}

}  // namespace
}  // namespace logboom::server
