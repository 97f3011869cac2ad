#include "record/line_writer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "record/json_scanner.hpp"
#include "tests/record/written_line.hpp"

namespace logboom::record {
namespace {

LogRecord minimal() {
  LogRecord record;
  record.observed_timestamp_ns = 0;
  record.source = "test";
  return record;
}

constexpr std::string_view kObserved = R"({"observed_timestamp":"1970-01-01T00:00:00.000000000Z",)";
constexpr std::string_view kSource = R"("_src":"test"})";

std::string around(std::string_view middle) {
  return std::string(kObserved) + std::string(middle) + std::string(kSource);
}

TEST(LineWriterTest, LeavesOutWhatIsAbsent) {
  EXPECT_EQ(written_line(minimal()), around(""));
}

TEST(LineWriterTest, WritesTheFieldsInTheirOrder) {
  const Attribute attributes[] = {{Value::text("k"), Value::json("1.50")},
                                  {Value::json("\"k\""), Value::text("v")}};
  const Attribute resource[] = {{Value::json("\"service.name\""), Value::text("db")}};
  LogRecord record;
  record.timestamp_ns = 1;
  record.observed_timestamp_ns = 2;
  record.severity_number = 17;
  record.severity_text = Value::text("ERR");
  record.body = Value::json("{\"a\": 1}");
  record.attributes = attributes;
  record.resource = resource;
  record.scope = Value::json("{\"name\":\"s\"}");
  record.trace_id = "0af7651916cd43dd8448eb211c80319c";
  record.span_id = "b7ad6b7169203331";
  record.trace_flags = Value::json("1");
  record.event_name = Value::text("e");
  record.source = "otlp";
  EXPECT_EQ(written_line(record),
            R"({"timestamp":"1970-01-01T00:00:00.000000001Z",)"
            R"("observed_timestamp":"1970-01-01T00:00:00.000000002Z","severity_number":17,)"
            R"("severity_text":"ERR","body":{"a": 1},"attributes":{"k":1.50,"k":"v"},)"
            R"("resource":{"service.name":"db"},"scope":{"name":"s"},)"
            R"("trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331",)"
            R"("trace_flags":1,"event_name":"e","_src":"otlp"})");
}

TEST(LineWriterTest, LeavesTheTimesToTheStoreAndBeginsWithTheCommaBehindThem) {
  LogRecord record = minimal();
  record.timestamp_ns = 1;
  std::vector<char> room(line_bytes_max(record));
  const WrittenLine line = write_line(record, room.data());
  EXPECT_EQ(std::string_view(room.data(), line.bytes), "," + std::string(kSource));
  EXPECT_EQ(line.splice_offset, 0U);
}

TEST(LineWriterTest, SpliceOffsetIsTheCommaBeforeTheSource) {
  LogRecord record = minimal();
  record.body = Value::text("\"_src\":");
  std::vector<char> room(line_bytes_max(record));
  const WrittenLine line = write_line(record, room.data());
  std::string text(room.data(), line.bytes);
  EXPECT_EQ(text.substr(line.splice_offset), "," + std::string(kSource));
  text.insert(line.splice_offset, ",\"_seq\":18446744073709551615");
  text.insert(0, "{\"timestamp\":\"\"");
  EXPECT_TRUE(check_json(text, 64).valid()) << text;
}

TEST(LineWriterTest, NeverWritesARawLineBreak) {
  const Attribute attributes[] = {
      {Value::json("\"a\""), Value::json("{\n  \"b\" : [1,\r\n 2],\n \"c d\": \"e \\n f\" }")},
      {Value::text("x\ny"), Value::text("1\r\n2")}};
  LogRecord record = minimal();
  record.attributes = attributes;
  record.body = Value::json("[\n]");
  EXPECT_EQ(written_line(record),
            around(R"("body":[],"attributes":{"a":{"b":[1,2],"c d":"e \n f"},"x\ny":"1\r\n2"},)"));
}

TEST(LineWriterTest, CopiesNeighboursInOnePieceOnlyWhereNothingStandsBetween) {
  const std::string_view sent = R"({"a":1,"gone":2,"b":3,"c": 4,"d":5})";
  const auto member = [&](std::string_view key, std::string_view value) {
    return Attribute{Value::json(sent.substr(sent.find(key), key.size())),
                     Value::json(sent.substr(sent.find(value), value.size()))};
  };
  const Attribute attributes[] = {member("\"a\"", "1"), member("\"b\"", "3"), member("\"c\"", "4"),
                                  member("\"d\"", "5")};
  LogRecord record = minimal();
  record.attributes = attributes;
  EXPECT_EQ(written_line(record), around(R"("attributes":{"a":1,"b":3,"c":4,"d":5},)"));
}

TEST(LineWriterTest, TakesAttributesAsTheyCameAndThoseBehindThem) {
  const std::string_view pieces[] = {"\"a\":1,\"b\":", "2,", "\"c\":3}"};
  const Attribute more[] = {{Value::json("\"d\""), Value::json("4")}};
  LogRecord record = minimal();
  record.attributes_text = pieces;
  record.text_attributes = 3;
  EXPECT_EQ(record.attribute_count(), 3U);
  EXPECT_EQ(written_line(record), around(R"("attributes":{"a":1,"b":2,"c":3},)"));
  record.attributes = more;
  EXPECT_EQ(record.attribute_count(), 4U);
  EXPECT_EQ(written_line(record), around(R"("attributes":{"a":1,"b":2,"c":3,"d":4},)"));
}

TEST(LineWriterTest, RoomSufficesForTheWorstEscapes) {
  const std::string control(1000, '\x01');
  const Attribute attributes[] = {{Value::text(control), Value::text(control)}};
  LogRecord record = minimal();
  record.severity_text = record.body = record.event_name = Value::text(control);
  record.attributes = record.resource = attributes;
  const std::string line = written_line(record);
  EXPECT_TRUE(check_json(line, 64).valid());
  EXPECT_GT(line.size(), 7U * 6U * 1000U);
}

}  // namespace
}  // namespace logboom::record
