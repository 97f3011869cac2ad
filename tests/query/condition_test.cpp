#include "query/condition.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace logboom::query {
namespace {

TEST(ConditionTest, IsAPathAndAValue) {
  Condition condition = *parse_condition("attributes.user.id=a=b");
  EXPECT_EQ(condition.path, "attributes.user.id");
  EXPECT_EQ(condition.value, "a=b");
  EXPECT_FALSE(condition.negated);
  EXPECT_FALSE(condition.prefix);
}

TEST(ConditionTest, MayBeNegatedOrAPrefix) {
  Condition condition = *parse_condition("level!=warn*");
  EXPECT_EQ(condition.path, "level");
  EXPECT_EQ(condition.value, "warn");
  EXPECT_TRUE(condition.negated);
  EXPECT_TRUE(condition.prefix);
}

TEST(ConditionTest, TakesAnEscapedStarAsItself) {
  Condition condition = *parse_condition("a=b\\*");
  EXPECT_EQ(condition.value, "b*");
  EXPECT_FALSE(condition.prefix);
}

TEST(ConditionTest, MayHaveAnEmptyValue) {
  EXPECT_EQ(parse_condition("a=")->value, "");
  EXPECT_TRUE(parse_condition("a=*")->prefix);
}

TEST(ConditionTest, RefusesWhatHasNoPathOrNoEquals) {
  for (std::string_view text : {"", "level", "=x", "!=x", "level>3"}) {
    auto condition = parse_condition(text);
    ASSERT_FALSE(condition) << text;
    EXPECT_THAT(condition.error(), testing::HasSubstr("expected path=value")) << text;
  }
}

}  // namespace
}  // namespace logboom::query
