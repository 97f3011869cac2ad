#include "record/json_scanner.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace logboom::record {
namespace {

// A copy on the heap without a byte to spare, so that a sanitizer sees every read behind the end.
JsonVerdict check(std::string_view text, std::size_t depth_max = 64) {
  const std::vector<char> exact(text.begin(), text.end());
  return check_json({exact.data(), exact.size()}, depth_max);
}

TEST(JsonScannerTest, AcceptsWhatRfc8259Allows) {
  const std::string_view texts[] = {"{}",
                                    "[]",
                                    "\"\"",
                                    "0",
                                    "-0",
                                    "true",
                                    "false",
                                    "null",
                                    " [ ] ",
                                    "\t{\r\n}\n",
                                    "123456789012345678901234",
                                    "1e400",
                                    "-1.5E+10",
                                    "0.0",
                                    "0e0",
                                    "1E-5",
                                    R"({"a":1,"a":2})",
                                    R"(["\"\\\/\b\f\n\r\t\u00e9"])",
                                    R"("\ud800")",
                                    R"("\udc00\ud800")",
                                    R"({"":{"":[[],{},[{}]]}})",
                                    "\"\x7f\xc3\xbc\"",
                                    R"([1,"two",{"three":null},[4.0]])",
                                    R"({"a" : 1 , "b" : [ 1 , 2 ] })"};
  for (const std::string_view text : texts) {
    const JsonVerdict verdict = check(text);
    EXPECT_TRUE(verdict.valid()) << text << ": " << describe(verdict.fault);
    EXPECT_EQ(verdict.position, text.size()) << text;
  }
}

struct BadCase {
  std::string_view text;
  JsonFault fault;
  std::size_t position;
};

TEST(JsonScannerTest, RefusesEverythingElseAndSaysWhere) {
  using enum JsonFault;
  const BadCase cases[] = {
      {"", incomplete, 0},
      {"  ", incomplete, 2},
      {"{", incomplete, 1},
      {"[1,", incomplete, 3},
      {"\"abc", incomplete, 4},
      {"\"abc\\", incomplete, 5},
      {"\"\\u12", incomplete, 5},
      {"tru", incomplete, 3},
      {"-", incomplete, 1},
      {"1.", incomplete, 2},
      {"1e", incomplete, 2},
      {"1e+", incomplete, 3},
      {R"({"a")", incomplete, 4},
      {R"({"a":)", incomplete, 5},
      {"x", expected_value, 0},
      {"[,1]", expected_value, 1},
      {"[1,]", expected_value, 3},
      {"'a'", expected_value, 0},
      {"+1", expected_value, 0},
      {".5", expected_value, 0},
      {"NaN", expected_value, 0},
      {"00012", bad_number, 1},
      {"01", bad_number, 1},
      {"-01", bad_number, 2},
      {"1.x", bad_number, 2},
      {"1.e5", bad_number, 2},
      {"1ex", bad_number, 2},
      {"-x", bad_number, 1},
      {"trve", bad_literal, 2},
      {"nul]", bad_literal, 3},
      {R"("\x41")", bad_escape, 1},
      {R"("\u12g4")", bad_escape, 1},
      {std::string_view("\"\\\0\"", 4), bad_escape, 1},
      {"\"a\nb\"", control_character, 2},
      {std::string_view("\"\0\"", 3), control_character, 1},
      {"\"\t\"", control_character, 1},
      {"{1:2}", expected_key, 1},
      {R"({"a":1,})", expected_key, 7},
      {"{,}", expected_key, 1},
      {R"({"a" 1})", expected_colon, 5},
      {R"({"x":01,"y" "z"})", bad_number, 6},
      {"[1 2]", expected_comma, 3},
      {R"({"a":1 "b":2})", expected_comma, 7},
      {"[1}", expected_comma, 2},
      {R"({"a":1])", expected_comma, 6},
      {"{} {}", trailing_bytes, 3},
      {"1 2", trailing_bytes, 2},
      {"truefalse", trailing_bytes, 4},
      {"\v1", expected_value, 0},
  };
  for (const BadCase& c : cases) {
    const JsonVerdict verdict = check(c.text);
    EXPECT_EQ(describe(verdict.fault), describe(c.fault)) << c.text;
    EXPECT_EQ(verdict.position, c.position) << c.text;
  }
}

TEST(JsonScannerTest, HoldsNestingToTheLimit) {
  for (const std::size_t limit : {1U, 2U, 64U, 1024U}) {
    const std::string fits = std::string(limit, '[') + std::string(limit, ']');
    EXPECT_TRUE(check(fits, limit).valid()) << limit;
    const JsonVerdict verdict = check("[" + fits + "]", limit);
    EXPECT_EQ(verdict.fault, JsonFault::too_deep);
    EXPECT_EQ(verdict.position, limit);
  }
  EXPECT_EQ(check(std::string(100'000, '['), 1'000'000).fault, JsonFault::too_deep);
}

TEST(JsonScannerTest, EveryPrefixOfAValidContainerIsIncomplete) {
  const std::string_view text =
      R"( {"key \u0041\n":[1,-2.5e+3,true,false,null,{"a":{}},[]],"long":"0123456789abcdef0123"})";
  ASSERT_TRUE(check(text).valid());
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(check(text.substr(0, size)).fault, JsonFault::incomplete) << size;
  }
}

TEST(JsonScannerTest, GivesTheMembersOfAnObjectInOrder) {
  const std::string_view text = R"({"a":1 , "b\n" : {"c":[2]},"a":"x"} tail)";
  JsonScanner scanner(text, 64);
  std::vector<std::string> seen;
  ASSERT_TRUE(for_each_member(scanner, [&](const JsonMember& member) {
    seen.push_back(std::string(member.key_inner()) + (member.key_has_escapes ? "*=" : "=") +
                   std::string(member.value));
  }));
  EXPECT_EQ(seen, (std::vector<std::string>{"a=1", R"(b\n*={"c":[2]})", R"(a="x")"}));
  EXPECT_EQ(scanner.at(), text.data() + text.find(" tail"));
}

}  // namespace
}  // namespace logboom::record
