#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

#include <gtest/gtest.h>

#include "tests/crash/scenario.hpp"
#include "tests/crash/simulation.hpp"

namespace logboom::store {
namespace {

using Ending = Life::Ending;

// With a sanitizer everything takes thirty times as long: a share of it is enough.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t kShare = 10;
#else
constexpr std::uint64_t kShare = 1;
#endif
constexpr std::uint64_t kRandomTests = 10;
constexpr std::uint64_t kCrashesPerTest = 1200 / kShare;
constexpr std::uint64_t kSeedsPerTest = 1'000'000;

std::uint64_t base_seed() {
  const char* const chosen = std::getenv("LOGBOOM_CRASH_SEED");
  return chosen == nullptr ? 1 : std::strtoull(chosen, nullptr, 10);
}

// Plays it; a problem is a failure that says how to see it again.
Outcome play(const Scenario& scenario) {
  Outcome outcome = Simulation(scenario).run();
  EXPECT_EQ(outcome.problem, "") << "again: ./dev crash --run " << scenario.name;
  return outcome;
}

std::uint64_t calls_of(std::uint64_t workload) {
  return play(Scenario::ending(workload, Ending::kill, ProcessFiles::kNever)).operations;
}

class RandomCrashTest : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomCrashTest, LosesNothingThatWasAcknowledged) {
  std::uint64_t seed = base_seed() + GetParam() * kSeedsPerTest;
  std::cout << "seeds from " << seed << " (LOGBOOM_CRASH_SEED is " << base_seed() << ")\n";
  for (std::uint64_t crashes = 0; crashes < kCrashesPerTest && !HasFailure(); ++seed) {
    crashes += play(Scenario::random(seed)).crashes;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomCrashTest, ::testing::Range<std::uint64_t>(0, kRandomTests));

class EveryCallTest : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(EveryCallTest, MayBeTheLastBeforeAPowerCut) {
  const std::uint64_t calls = calls_of(GetParam());
  for (std::uint64_t call = 1; call <= calls && !HasFailure(); call += kShare) {
    play(Scenario::ending(GetParam(), Ending::power_cut, call));
  }
}

TEST_P(EveryCallTest, MayBeTheLastOfAProcess) {
  const std::uint64_t calls = calls_of(GetParam());
  for (std::uint64_t call = 1; call <= calls && !HasFailure(); call += kShare) {
    play(Scenario::ending(GetParam(), Ending::kill, call));
  }
}

TEST_P(EveryCallTest, OfTheNextOpeningMayBeTheLastToo) {
  constexpr std::uint64_t kOpeningCalls = 60;
  const std::uint64_t stride = 37 * kShare;
  const std::uint64_t calls = calls_of(GetParam());
  for (std::uint64_t call = 1; call <= calls; call += stride) {
    for (std::uint64_t next = 1; next <= kOpeningCalls && !HasFailure(); next += kShare) {
      play(Scenario::ending_twice(GetParam(), call, next));
    }
  }
}

TEST_P(EveryCallTest, MayFail) {
  const std::uint64_t calls = calls_of(GetParam());
  for (std::uint64_t call = 1; call <= calls && !HasFailure(); call += kShare) {
    play(Scenario::failing(GetParam(), call));
  }
}

INSTANTIATE_TEST_SUITE_P(Workloads, EveryCallTest,
                         ::testing::Range<std::uint64_t>(0, Scenario::kWorkloads));

// The canary: a disk that does not do what the store relies on must not go unnoticed.
TEST(CrashOracleTest, FindsOutADiskThatLies) {
  constexpr std::uint64_t kSeeds = 30;
  std::uint64_t found = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    Scenario scenario = Scenario::random(seed);
    scenario.conduct.lies = true;
    if (!Simulation(scenario).run().problem.empty()) ++found;
  }
  EXPECT_GT(found, kSeeds / 3);
}

TEST(CrashOracleTest, FindsTheSameEachTime) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Scenario scenario = Scenario::random(seed);
    scenario.conduct.lies = true;
    const Outcome first = Simulation(scenario).run();
    const Outcome second = Simulation(scenario).run();
    EXPECT_EQ(first.problem, second.problem);
    EXPECT_EQ(first.operations, second.operations);
  }
}

TEST(ScenarioTest, IsMadeAgainFromItsName) {
  const std::string names[] = {"random-7", "power-1-20", "kill-2-30", "power-3-40-50",
                               "error-4-60"};
  for (const std::string& name : names) {
    const auto scenario = Scenario::parse(name);
    ASSERT_TRUE(scenario.has_value()) << name;
    EXPECT_EQ(scenario->name, name);
  }
  for (const char* const name : {"", "random", "random-", "random-x", "power-1", "other-1-2"}) {
    EXPECT_FALSE(Scenario::parse(name).has_value()) << name;
  }
}

}  // namespace
}  // namespace logboom::store
