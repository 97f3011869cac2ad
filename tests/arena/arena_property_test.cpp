#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <ostream>
#include <random>
#include <span>
#include <vector>

#include "arena/arena.hpp"
#include "arena/large_block_cache.hpp"

namespace logboom::arena {
namespace {

// Drives one arena through random allocations, extensions, releases and resets. Every block is
// filled with a pattern of its own, which must be there for as long as the block lives.
class RandomUse {
 public:
  RandomUse(const ArenaOptions& options, std::uint32_t seed)
      : arena_(options, &cache_), random_(seed) {}

  void step() {
    const unsigned choice = below(100);
    if (choice < 70) {
      allocate();
    } else if (choice < 88) {
      extend();
    } else if (choice < 96) {
      release();
    } else {
      reset();
    }
  }

  void expect_all_intact() const {
    for (const Live& block : live_) expect_intact(block);
  }

 private:
  struct Live {
    std::span<std::uint8_t> bytes;
    std::uint8_t pattern;
  };

  static void expect_intact(const Live& block) {
    const auto own = [&](std::uint8_t byte) { return byte == block.pattern; };
    ASSERT_TRUE(std::all_of(block.bytes.begin(), block.bytes.end(), own))
        << "a block of " << block.bytes.size() << " bytes was overwritten";
  }

  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }

  // Mostly small, some near the size of a chunk, a few large.
  std::size_t some_bytes() {
    const unsigned kind = below(20);
    if (kind < 14) return below(200);
    if (kind < 18) return below(9000);
    return below(60'000);
  }

  void allocate() {
    const std::size_t bytes = some_bytes();
    const std::size_t alignment = std::size_t{1} << below(13);
    auto* const memory = static_cast<std::uint8_t*>(arena_.allocate(bytes, alignment));
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(memory) % alignment, 0U);
    live_.push_back({{memory, bytes}, ++pattern_});
    std::memset(memory, pattern_, bytes);
  }

  void extend() {
    if (live_.empty()) return;
    Live& block = below(2) == 0 ? live_.back() : live_[below(static_cast<unsigned>(live_.size()))];
    const std::size_t more = below(300);
    if (!arena_.try_extend(block.bytes.data(), block.bytes.size(), block.bytes.size() + more))
      return;
    std::memset(block.bytes.data() + block.bytes.size(), block.pattern, more);
    block.bytes = {block.bytes.data(), block.bytes.size() + more};
  }

  void release() {
    if (live_.empty()) return;
    const auto block = live_.begin() + below(static_cast<unsigned>(live_.size()));
    expect_intact(*block);
    if (arena_.release_large(block->bytes.data())) live_.erase(block);
  }

  void reset() {
    expect_all_intact();
    live_.clear();
    arena_.reset();
    ASSERT_EQ(arena_.used_bytes(), 0U);
  }

  LargeBlockCache cache_{1024 * 1024};
  Arena arena_;
  std::mt19937 random_;
  std::vector<Live> live_;
  std::uint8_t pattern_ = 0;
};

struct Case {
  const char* name;
  ArenaOptions options;
};
void PrintTo(const Case& one, std::ostream* out) {
  *out << one.name;
}

class ArenaPropertyTest : public testing::TestWithParam<Case> {};

TEST_P(ArenaPropertyTest, NoBlockIsEverHandedOutTwice) {
  const std::uint32_t first_seed = std::random_device{}();
  for (std::uint32_t seed = first_seed; seed != first_seed + 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    RandomUse use(GetParam().options, seed);
    for (int i = 0; i < 2000 && !HasFatalFailure(); ++i) use.step();
    use.expect_all_intact();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Options, ArenaPropertyTest,
    testing::Values(Case{"small_chunks", {.chunk_bytes = 8192, .retained_bytes = 5 * 8192}},
                    Case{"none_retained", {.chunk_bytes = 8192, .retained_bytes = 0}},
                    Case{"default_chunks", {}},
                    Case{"wiping", {.chunk_bytes = 16'384, .wipe_on_reset = true}},
                    Case{"heap", {.mode = ArenaMode::heap}}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace logboom::arena
