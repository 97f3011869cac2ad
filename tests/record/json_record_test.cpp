#include "record/json_record.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/record/line_of.hpp"

namespace logboom::record {
namespace {

constexpr std::string_view kHead = R"({"observed_timestamp":"2026-01-02T03:04:05.000000000Z",)";
constexpr std::string_view kTail = R"("_src":"json"})";

struct Case {
  std::string_view sent;
  std::string_view middle;  // between the observed time and the source
};

void expect_lines(std::span<const Case> cases) {
  for (const Case& c : cases) {
    std::string expected = std::string(kHead) + std::string(c.middle) + std::string(kTail);
    // A timestamp comes before the observed one.
    if (const std::size_t split = c.middle.find('|'); split != std::string_view::npos) {
      expected = "{" + std::string(c.middle.substr(0, split)) + std::string(kHead.substr(1)) +
                 std::string(c.middle.substr(split + 1)) + std::string(kTail);
    }
    EXPECT_EQ(line_of(c.sent), expected) << "sent " << c.sent;
  }
}

TEST(JsonRecordTest, MapsWellKnownKeys) {
  const Case cases[] = {
      {R"({})", ""},
      {R"({"message":"hi"})", R"("body":"hi",)"},
      {R"({"msg":"hi","level":"WARN"})",
       R"("severity_number":13,"severity_text":"WARN","body":"hi",)"},
      {R"({"ts":"2026-01-02T03:04:05.678901Z","level":"warn","msg":"disk 91%","service":"db","disk":{"used":0.91}})",
       R"("timestamp":"2026-01-02T03:04:05.678901000Z",|"severity_number":13,"severity_text":"warn","body":"disk 91%","attributes":{"disk":{"used":0.91}},"resource":{"service.name":"db"},)"},
      {R"({"ts":1767323045678,"level":"error","msg":"boom","trace_id":"0af7651916cd43dd8448eb211c80319c"})",
       R"("timestamp":"2026-01-02T03:04:05.678000000Z",|"severity_number":17,"severity_text":"error","body":"boom","trace_id":"0af7651916cd43dd8448eb211c80319c",)"},
      {R"({"host":"h1","service_name":"s","span_id":"B7AD6B7169203331"})",
       R"("resource":{"service.name":"s","host.name":"h1"},"span_id":"b7ad6b7169203331",)"},
      {R"({"severityNumber":18,"severityText":"ERR"})",
       R"("severity_number":18,"severity_text":"ERR",)"},
      {R"({"__REALTIME_TIMESTAMP":"1767323045678901","PRIORITY":"3","MESSAGE":"m"})",
       R"("timestamp":"2026-01-02T03:04:05.678901000Z",|"severity_number":17,"severity_text":"3","body":"m",)"},
      {R"({"dd.trace_id":"255","dd.span_id":16})",
       R"("trace_id":"000000000000000000000000000000ff","span_id":"0000000000000010",)"},
      {R"({"Message":"hi","Level":"Information"})",
       R"("severity_number":9,"severity_text":"Information","body":"hi",)"},
      {R"({"mess\u0061ge":"hi"})", R"("body":"hi",)"},
      {R"({"level":"w\u0061rn"})", R"("severity_number":13,"severity_text":"w\u0061rn",)"},
  };
  expect_lines(cases);
}

TEST(JsonRecordTest, TheFirstKeyOfTheListWinsAndTheOthersStay) {
  const Case cases[] = {
      {R"({"msg":"b","message":"a"})", R"("body":"a","attributes":{"msg":"b"},)"},
      {R"({"MESSAGE":"c","Message":"d","message":"a"})",
       R"("body":"a","attributes":{"MESSAGE":"c","Message":"d"},)"},
      {R"({"message":"a","message":"b"})", R"("body":"a","attributes":{"message":"b"},)"},
      {R"({"time":"2026-01-02T03:04:05Z","@timestamp":1767323046})",
       R"("timestamp":"2026-01-02T03:04:06.000000000Z",|"attributes":{"time":"2026-01-02T03:04:05Z"},)"},
      {R"({"logger":"a.b","app":"shop"})",
       R"("attributes":{"logger":"a.b"},"resource":{"service.name":"shop"},)"},
  };
  expect_lines(cases);
}

TEST(JsonRecordTest, WhatCannotBeReadStaysAsItWas) {
  const Case cases[] = {
      {R"({"time":"yesterday"})", R"("attributes":{"time":"yesterday"},)"},
      {R"({"time":0})", R"("attributes":{"time":0},)"},
      {R"({"time":"NaN","ts":1767323045})",
       R"("timestamp":"2026-01-02T03:04:05.000000000Z",|"attributes":{"time":"NaN"},)"},
      {R"({"level":"banana","severity":"error"})",
       R"("severity_number":17,"severity_text":"error","attributes":{"level":"banana"},)"},
      {R"({"level":null,"message":null})", R"("attributes":{"level":null,"message":null},)"},
      {R"({"trace_id":"xyz","span_id":12})", R"("attributes":{"trace_id":"xyz","span_id":12},)"},
      {R"({"trace_id":"00000000000000000000000000000000"})",
       R"("attributes":{"trace_id":"00000000000000000000000000000000"},)"},
      {R"({"host":{"ip":"::1"},"service":7})",
       R"("attributes":{"host":{"ip":"::1"},"service":7},)"},
      {R"({"severity_number":25})", R"("attributes":{"severity_number":25},)"},
  };
  expect_lines(cases);
}

TEST(JsonRecordTest, WhatMappingWouldLoseStaysToo) {
  const Case cases[] = {
      {R"({"level":30})", R"("severity_number":9,"attributes":{"level":30},)"},
      {R"({"time":1767323045.00000000019})",
       R"("timestamp":"2026-01-02T03:04:05.000000000Z",|"attributes":{"time":1767323045.00000000019},)"},
      {R"({"time":"2026-01-02T03:04:05.1234567891Z"})",
       R"("timestamp":"2026-01-02T03:04:05.123456789Z",|"attributes":{"time":"2026-01-02T03:04:05.1234567891Z"},)"},
      {R"({"time":"2016-12-31T23:59:60.5Z"})",
       R"("timestamp":"2017-01-01T00:00:00.500000000Z",|"attributes":{"time":"2016-12-31T23:59:60.5Z"},)"},
      {R"({"logger":"a.b"})",
       R"("attributes":{"logger":"a.b"},"resource":{"service.name":"a.b"},)"},
      {R"({"logging.googleapis.com/trace":"projects/p/traces/0af7651916cd43dd8448eb211c80319c"})",
       R"("attributes":{"logging.googleapis.com/trace":"projects/p/traces/0af7651916cd43dd8448eb211c80319c"},"trace_id":"0af7651916cd43dd8448eb211c80319c",)"},
  };
  expect_lines(cases);
}

TEST(JsonRecordTest, FindsDottedKeysNestedAndTakesThemOut) {
  const Case cases[] = {
      {R"({"log.level":"error"})", R"("severity_number":17,"severity_text":"error",)"},
      {R"({"log":{"level":"error"},"message":"m"})",
       R"("severity_number":17,"severity_text":"error","body":"m",)"},
      {R"({"log":{"level":"error","logger":"x"}})",
       R"("severity_number":17,"severity_text":"error","attributes":{"log":{"logger":"x"}},)"},
      {R"({"log":{"text":"kept"}})", R"("body":{"text":"kept"},)"},
      {R"({"host":{"ip":[1, 2],"name":"h"},"service":{"name":"s"}})",
       R"("attributes":{"host":{"ip":[1,2]}},"resource":{"service.name":"s","host.name":"h"},)"},
      {R"({"k8s":{"node":{"name":"n1","uid":"u"},"pod":"p"}})",
       R"("attributes":{"k8s":{"node":{"uid":"u"},"pod":"p"}},"resource":{"host.name":"n1"},)"},
      {R"({"event":{"created":1767323045,"original":"raw","kind":"k"}})",
       R"("timestamp":"2026-01-02T03:04:05.000000000Z",|"body":"raw","attributes":{"event":{"kind":"k"}},)"},
      {R"({"event":{"kind":"k","created":1767323045,"original":"raw"}})",
       R"("timestamp":"2026-01-02T03:04:05.000000000Z",|"body":"raw","attributes":{"event":{"kind":"k"}},)"},
      {R"({"dd":{"trace_id":"1","span_id":"2"},"host":{}})",
       R"("attributes":{"host":{}},"trace_id":"00000000000000000000000000000001","span_id":"0000000000000002",)"},
      {R"({"log":{"level":"?"},"service":{"name":1}})",
       R"("attributes":{"log":{"level":"?"},"service":{"name":1}},)"},
  };
  expect_lines(cases);
}

TEST(JsonRecordTest, ValuesKeepTheirExactText) {
  const Case cases[] = {
      {R"({"a":12345678901234567890,"b":123456789012345678901234,"c":1e400,"d":0.10,"e":-0})",
       R"("attributes":{"a":12345678901234567890,"b":123456789012345678901234,"c":1e400,"d":0.10,"e":-0},)"},
      {R"({"a":{"x":1,"x":2},"a":"\u0041\/"})",
       R"("attributes":{"a":{"x":1,"x":2},"a":"\u0041\/"},)"},
      {R"({"message":{"deep":[1, {"x":null}]}})", R"("body":{"deep":[1, {"x":null}]},)"},
      {R"({"message":"\ud800 \n"})", R"("body":"\ud800 \n",)"},
      {"{ \"a\" : 1 ,\n \"b\" : { \"c\" :\n 2 } }", R"("attributes":{"a":1,"b":{"c":2}},)"},
      {R"({"":1," ":2})", R"("attributes":{"":1," ":2},)"},
  };
  expect_lines(cases);
}

TEST(JsonRecordTest, KeysOfOursFromOutsideAreRenamed) {
  const Case cases[] = {
      {R"({"logboom.truncated_bytes":1})", R"("attributes":{"client.logboom.truncated_bytes":1},)"},
      {R"({"logb\u006fom.x":1})", R"("attributes":{"client.logb\u006fom.x":1},)"},
      {R"({"logboomer":1})", R"("attributes":{"logboomer":1},)"},
  };
  expect_lines(cases);
}

TEST(JsonRecordTest, LinesOfOurOwnComeBackEqual) {
  const std::string_view line =
      R"({"timestamp":"2026-01-02T03:04:05.678901000Z",)"
      R"("observed_timestamp":"2026-01-02T03:04:06.000000000Z","severity_number":13,)"
      R"("severity_text":"warn","body":"disk 91%","attributes":{"message":"m","logboom.x":1,"n":1e400},)"
      R"("resource":{"service.name":"db"},"scope":{"name":"s"},)"
      R"("trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331",)"
      R"("trace_flags":1,"event_name":"e")";
  const std::string own = std::string(line) + R"(,"_src":"json"})";
  EXPECT_EQ(line_of(std::string(line) + R"(,"_seq":17,"_src":"otlp"})"), own);
  EXPECT_EQ(line_of(std::string(line) + R"(,"_seq":17})"), own);
  EXPECT_EQ(line_of(own), own);
}

TEST(JsonRecordTest, ALineThatOnlyResemblesOursIsMappedAsAnyOther) {
  const Case cases[] = {
      {R"({"body":"b","_seq":1,"extra":2})", R"("body":"b","attributes":{"_seq":1,"extra":2},)"},
      {R"({"timestamp":1767323045,"_src":"x"})",
       R"("timestamp":"2026-01-02T03:04:05.000000000Z",|"attributes":{"_src":"x"},)"},
      {R"({"attributes":[1],"_src":"x"})", R"("attributes":{"attributes":[1],"_src":"x"},)"},
      {R"({"attributes":{"message":"m"}})", R"("attributes":{"attributes":{"message":"m"}},)"},
      {R"({"body":1,"body":2,"_src":"x"})", R"("body":1,"attributes":{"body":2,"_src":"x"},)"},
  };
  expect_lines(cases);
}

TEST(JsonRecordTest, NothingIsLostOfAFieldThatHasNotTheFormOfOurs) {
  const Case cases[] = {
      {R"({"body":"x","_src":{"ip":1}})", R"("body":"x","attributes":{"_src":{"ip":1}},)"},
      {R"({"body":"x","_src":""})", R"("body":"x","attributes":{"_src":""},)"},
      {R"({"body":"x","_src":"My App"})", R"("body":"x","attributes":{"_src":"My App"},)"},
      {R"({"body":"x","_src":"abcdefghijklmnopqrstuvwxyz0123456"})",
       R"("body":"x","attributes":{"_src":"abcdefghijklmnopqrstuvwxyz0123456"},)"},
      {R"({"body":"x","_seq":"17"})", R"("body":"x","attributes":{"_seq":"17"},)"},
      {R"({"body":"x","_seq":-1})", R"("body":"x","attributes":{"_seq":-1},)"},
      {R"({"body":"x","_seq":1.5})", R"("body":"x","attributes":{"_seq":1.5},)"},
      {R"({"body":"x","_seq":18446744073709551616})",
       R"("body":"x","attributes":{"_seq":18446744073709551616},)"},
      {R"({"severity_text":{"a":1},"_seq":1})",
       R"("attributes":{"severity_text":{"a":1},"_seq":1},)"},
      {R"({"event_name":7,"_seq":1})", R"("attributes":{"event_name":7,"_seq":1},)"},
      {R"({"scope":"lib","_seq":1})", R"("attributes":{"scope":"lib","_seq":1},)"},
      {R"({"resource":"r","_seq":1})", R"("attributes":{"resource":"r","_seq":1},)"},
      {R"({"trace_flags":"01","_seq":1})", R"("attributes":{"trace_flags":"01","_seq":1},)"},
      {R"({"trace_flags":256,"_seq":1})", R"("attributes":{"trace_flags":256,"_seq":1},)"},
      {R"({"trace_flags":1.0,"_seq":1})", R"("attributes":{"trace_flags":1.0,"_seq":1},)"},
      {R"({"severity_number":25,"_seq":1})", R"("attributes":{"severity_number":25,"_seq":1},)"},
      {R"({"trace_id":1234567890123456789012345678901234,"_seq":1})",
       R"("attributes":{"trace_id":1234567890123456789012345678901234,"_seq":1},)"},
      {R"({"span_id":123456789012345678,"_seq":1})",
       R"("attributes":{"span_id":123456789012345678,"_seq":1},)"},
      {R"({"observed_timestamp":1767323045,"_seq":1})",
       R"("attributes":{"observed_timestamp":1767323045,"_seq":1},)"},
  };
  expect_lines(cases);
}

TEST(JsonRecordTest, ChecksTheWholeObject) {
  EXPECT_EQ(line_of(R"({"a":01})"), "invalid number");
  EXPECT_EQ(line_of(R"({"a":{"b":[1,{"c":"\x"}]}})"), "invalid escape");
  EXPECT_EQ(line_of(R"({"x":01,"y" "z"})"), "invalid number");
  EXPECT_EQ(line_of(R"({"a":1,})"), "expected a key in quotes");
  EXPECT_EQ(line_of(R"({"a":1)"), "unexpected end of the value");
  EXPECT_EQ(line_of(R"({"a":1])"), "expected a comma or a closing bracket");
  EXPECT_EQ(line_of(R"({)"), "unexpected end of the value");
}

TEST(JsonRecordTest, DepthCountsTheRecordItself) {
  EXPECT_EQ(line_of(R"({"a":[[1]]})", {.depth_max = 2}), "nested too deeply");
  EXPECT_EQ(line_of(R"({"a":[[1]]})", {.depth_max = 3, .now_ns = kNow}),
            std::string(kHead) + R"("attributes":{"a":[[1]]},)" + std::string(kTail));
}

TEST(JsonRecordTest, OnlyALineOfOursMayBeTwoLevelsDeeper) {
  const JsonRecordOptions options{.depth_max = 3, .now_ns = kNow};
  const std::string deep = R"("attributes":{"a":[[[1]]]},)";
  EXPECT_EQ(line_of("{" + deep + R"("_src":"json"})", options),
            std::string(kHead) + deep + std::string(kTail));
  EXPECT_EQ(line_of(R"({"attributes":{"a":[[[[1]]]]},"_src":"json"})", options),
            "nested too deeply");
  EXPECT_EQ(line_of(R"({"attributes":{"a":[[[1]]]},"b":1,"_src":"json"})", options),
            "nested too deeply");
  EXPECT_EQ(line_of(R"({"attributes":{"a":[[[1]]]}})", options), "nested too deeply");
  EXPECT_EQ(line_of(R"({"attributes":{"a":[[[1]]]},"_src":01})", options), "nested too deeply");
  EXPECT_EQ(line_of(R"({"attributes":{"a":[[[1]]]},"_sr)", options), "unexpected end of the value")
      << "more bytes may make it a line of ours";
}

TEST(JsonRecordTest, ALineOfOursMayHaveEightAttributesMore) {
  const auto attributes_of = [](std::size_t members) {
    std::string json =
        R"({"timestamp":"2026-01-02T03:04:05.678901000Z","severity_number":13,)"
        R"("severity_text":"w","body":"b","scope":{},"event_name":"e","attributes":{"k":1)";
    for (std::size_t i = 1; i < members; ++i) json += ",\"k" + std::to_string(i) + "\":1";
    json += R"(},"_seq":1,"_src":"json"})";
    arena::Arena arena;
    JsonRecordParser parser(arena, {.attributes_max = 1});
    LogRecord record;
    EXPECT_TRUE(parser.parse(Padded(json).text(), record).valid());
    EXPECT_TRUE(record.native);
    return record.attribute_count();
  };
  EXPECT_EQ(attributes_of(9), 9U);
  EXPECT_EQ(attributes_of(10), 10U);
  EXPECT_EQ(attributes_of(1000), 10U) << "the caller sees that there are too many";
}

TEST(JsonRecordTest, AttributesOverTheLimitShow) {
  const auto attributes_of = [](std::size_t members) {
    std::string json = R"({"message":"m","level":"info")";
    for (std::size_t i = 0; i < members; ++i) json += ",\"k" + std::to_string(i) + "\":1";
    json += "}";
    arena::Arena arena;
    JsonRecordParser parser(arena, {.attributes_max = 10});
    LogRecord record;
    EXPECT_TRUE(parser.parse(Padded(json).text(), record).valid());
    return record.attribute_count();
  };
  EXPECT_EQ(attributes_of(10), 10U);
  EXPECT_EQ(attributes_of(11), 11U);
  EXPECT_GT(attributes_of(10'000), 10U);
}

TEST(JsonRecordTest, ParsersAreReused) {
  arena::Arena arena;
  JsonRecordParser parser(arena, {});
  LogRecord record;
  const Padded first(R"({"message":"m","host":"h","a":1,"log":{"level":"info"}})");
  const Padded second(R"({"b":2} tail)");
  ASSERT_TRUE(parser.parse(first.text(), record).valid());
  ASSERT_TRUE(parser.parse(second.text(), record).valid());
  ASSERT_EQ(record.attributes.size(), 1U);
  EXPECT_EQ(record.attributes[0].value.bytes, "2");
  EXPECT_TRUE(record.resource.empty());
  EXPECT_FALSE(record.body.present());
  EXPECT_EQ(record.severity_number, 0);
}

}  // namespace
}  // namespace logboom::record
