#include "record/utf8.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace logboom::record {
namespace {

struct Case {
  std::string_view bytes;
  std::string_view replaced;
};

#define REPLACEMENT "\xef\xbf\xbd"

TEST(Utf8Test, ReplacesEachMaximalInvalidPart) {
  const Case cases[] = {
      {"plain", "plain"},
      {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
      {"\xf0\x9f\x8e\x89", "\xf0\x9f\x8e\x89"},
      {"a\xff"
       "b",
       "a" REPLACEMENT "b"},
      {"\xc3", REPLACEMENT},
      {"\xe2\x82", REPLACEMENT},
      {"\xe2\x82"
       "x",
       REPLACEMENT "x"},
      {"\xc0\xaf", REPLACEMENT REPLACEMENT},
      {"\xe0\x80\x80", REPLACEMENT REPLACEMENT REPLACEMENT},
      {"\xed\xa0\x80", REPLACEMENT REPLACEMENT REPLACEMENT},
      {"\xf4\x90\x80\x80", REPLACEMENT REPLACEMENT REPLACEMENT REPLACEMENT},
      {"\xf0\x9f\x8e", REPLACEMENT},
      {"\x80", REPLACEMENT},
  };
  for (const Case& c : cases) {
    arena::Arena arena;
    EXPECT_EQ(replace_invalid_utf8(c.bytes, arena), c.replaced);
    EXPECT_TRUE(is_valid_utf8(c.replaced));
    EXPECT_EQ(is_valid_utf8(c.bytes), c.bytes == c.replaced);
  }
}

TEST(Utf8Test, CutsOnlyBetweenCharacters) {
  const std::string_view text = "a\xc3\xbc\xf0\x9f\x8e\x89z";
  const std::size_t expected[] = {0, 1, 1, 3, 3, 3, 3, 7, 8, 8};
  for (std::size_t limit = 0; limit < std::size(expected); ++limit) {
    EXPECT_EQ(floor_to_character(text, limit), expected[limit]) << limit;
  }
}

TEST(Utf8Test, FindsTheFirstByteThatBeginsNoCharacter) {
  EXPECT_EQ(find_invalid_utf8(""), 0U);
  EXPECT_EQ(find_invalid_utf8("a\xc3\xbc"), 3U);
  EXPECT_EQ(find_invalid_utf8("ab\xff\xc3\xbc"), 2U);
  EXPECT_EQ(find_invalid_utf8("a\xc3\xbc\xe2\x82"), 3U);
  EXPECT_EQ(find_invalid_utf8("\xed\xa0\x80"), 0U);
}

}  // namespace
}  // namespace logboom::record
