#include "arena/idle_stack.hpp"

#include <gtest/gtest.h>

#include <array>

namespace logboom::arena {
namespace {

struct Slot {
  std::atomic<std::uint32_t> next{0};
};

class IdleStackTest : public testing::Test {
 protected:
  static constexpr std::uint32_t kNone = IdleStack<Slot>::kNone;
  std::array<Slot, 3> slots_;
  IdleStack<Slot> stack_{slots_.data()};
};

TEST_F(IdleStackTest, PopsWhatWasPushedLastAndThenNothing) {
  EXPECT_EQ(stack_.pop(), kNone);
  for (const std::uint32_t slot : {2U, 0U, 1U}) stack_.push(slot);
  EXPECT_EQ(stack_.pop(), 1U);
  EXPECT_EQ(stack_.pop(), 0U);
  EXPECT_EQ(stack_.pop(), 2U);
  EXPECT_EQ(stack_.pop(), kNone);
}

TEST_F(IdleStackTest, APopThatSawTheSameTopBeforeOtherChangesFails) {
  for (const std::uint32_t slot : {2U, 1U, 0U}) stack_.push(slot);
  const auto seen = stack_.look();
  EXPECT_EQ(stack_.pop(), 0U);
  EXPECT_EQ(stack_.pop(), 1U);
  stack_.push(0);
  EXPECT_FALSE(stack_.try_pop(seen)) << "1, which is in use, would be on the stack again";
  EXPECT_EQ(stack_.pop(), 0U);
  EXPECT_EQ(stack_.pop(), 2U);
  EXPECT_EQ(stack_.pop(), kNone);
}

}  // namespace
}  // namespace logboom::arena
