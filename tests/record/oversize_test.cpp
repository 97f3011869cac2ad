#include "record/oversize.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "record/json_scanner.hpp"
#include "record/utf8.hpp"
#include "tests/record/written_line.hpp"

namespace logboom::record {
namespace {

TEST(OversizeTest, CutsTextBetweenCharactersAndCountsWhatIsGone) {
  arena::Arena arena;
  LogRecord record;
  record.body = Value::text("ab\xc3\xbc\xc3\xbc");
  ASSERT_TRUE(cut_body(record, 1, arena));
  EXPECT_EQ(record.body.bytes, "ab\xc3\xbc");
  ASSERT_EQ(record.attributes.size(), 1U);
  EXPECT_EQ(record.attributes[0].key.bytes, "\"logboom.truncated_bytes\"");
  EXPECT_EQ(record.attributes[0].value.bytes, "2");
}

TEST(OversizeTest, KeepsTheAttributesBefore) {
  arena::Arena arena;
  const Attribute before[] = {{Value::text("k"), Value::text("v")}};
  LogRecord record;
  record.attributes = before;
  record.body = Value::text("0123456789");
  ASSERT_TRUE(cut_body(record, 10, arena));
  EXPECT_EQ(record.body.bytes, "");
  ASSERT_EQ(record.attributes.size(), 2U);
  EXPECT_EQ(record.attributes[0].value.bytes, "v");
}

TEST(OversizeTest, ASecondCutAddsToTheCountOfTheFirst) {
  arena::Arena arena;
  const Attribute before[] = {
      {Value::json("\"a\""), Value::json("1")},
      {Value::json("\"logboom.truncated_bytes\""), Value::json("4294967296")},
      {Value::json("\"b\""), Value::json("2")}};
  LogRecord record;
  record.attributes = before;
  record.body = Value::json("\"0123456789\"");
  ASSERT_TRUE(cut_body(record, 3, arena));
  ASSERT_EQ(record.attributes.size(), 3U);
  EXPECT_EQ(record.attributes[0].value.bytes, "1");
  EXPECT_EQ(record.attributes[1].key.bytes, "\"logboom.truncated_bytes\"");
  EXPECT_EQ(record.attributes[1].value.bytes, "4294967299");
  EXPECT_EQ(record.attributes[2].value.bytes, "2");
  ASSERT_TRUE(cut_body(record, 1, arena));
  EXPECT_EQ(record.attributes[1].value.bytes, "4294967300");
  EXPECT_EQ(before[1].value.bytes, "4294967296") << "the sender's view is not written to";
}

TEST(OversizeTest, EveryCutOfAJsonStringIsAValidString) {
  const std::string_view json = R"("plain \n\" \u00e9 \ud83c\udf89 \ud83c alone )"
                                "\xc3\xbc \xf0\x9f\x8e\x89\"";
  ASSERT_TRUE(check_json(json, 1).valid());
  for (std::size_t excess = 0; excess <= json.size() - 2; ++excess) {
    arena::Arena arena;
    LogRecord record;
    record.body = Value::json(json);
    ASSERT_TRUE(cut_body(record, excess, arena)) << excess;
    const std::string_view cut = record.body.bytes;
    EXPECT_TRUE(check_json(cut, 1).valid()) << cut;
    EXPECT_TRUE(is_valid_utf8(cut)) << cut;
    EXPECT_LE(cut.size() + excess, json.size());
    EXPECT_LE(json.size(), cut.size() + excess + 11) << "a surrogate pair has twelve bytes";
    EXPECT_EQ(record.attributes[0].value.bytes, std::to_string(json.size() - cut.size()));
    const bool splits_pair = cut.ends_with("\\ud83c\"") && json.substr(cut.size() - 1, 2) == "\\u";
    EXPECT_FALSE(splits_pair) << cut;
  }
}

TEST(OversizeTest, RefusesWhatHasNoStringToCut) {
  arena::Arena arena;
  for (const Value body : {Value(), Value::json("{\"a\":1}"), Value::json("12345678"),
                           Value::text("short"), Value::json("\"short\"")}) {
    LogRecord record;
    record.body = body;
    EXPECT_FALSE(cut_body(record, 6, arena));
    EXPECT_TRUE(record.attributes.empty());
  }
}

}  // namespace
}  // namespace logboom::record
