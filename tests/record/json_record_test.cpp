#include "record/json_record.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/record/written_line.hpp"

namespace logboom::record {
namespace {

constexpr std::int64_t kNow = 1'767'323'045'000'000'000;  // 2026-01-02T03:04:05Z
constexpr std::string_view kHead = R"({"observed_timestamp":"2026-01-02T03:04:05.000000000Z",)";
constexpr std::string_view kTail = R"("_src":"json"})";

// Memory of exactly the size that the parser asks for. What stands behind the text could go on.
class Padded {
 public:
  explicit Padded(std::string_view text) : bytes_(text.begin(), text.end()) {
    constexpr std::string_view kBehind = R"(","k":1,"level":"info","b":true})";
    static_assert(kBehind.size() == JsonRecordParser::kReadableBehind);
    bytes_.insert(bytes_.end(), kBehind.begin(), kBehind.end());
  }
  [[nodiscard]] std::string_view text() const {
    return {bytes_.data(), bytes_.size() - JsonRecordParser::kReadableBehind};
  }

 private:
  std::vector<char> bytes_;
};

// The line that a JSON object becomes, or the fault.
std::string line_of(std::string_view json, JsonRecordParser& parser) {
  const Padded padded(json);
  LogRecord record;
  const JsonVerdict verdict = parser.parse(padded.text(), record);
  if (!verdict.valid()) return std::string(describe(verdict.fault));
  EXPECT_EQ(json[verdict.position - 1], '}') << "where the object ends in " << json;
  if (record.observed_timestamp_ns == kNoTime) record.observed_timestamp_ns = kNow;
  record.source = "json";
  return written_line(record);
}

std::string line_of(std::string_view json, JsonRecordOptions options = {.now_ns = kNow}) {
  arena::Arena arena;
  JsonRecordParser parser(arena, options);
  return line_of(json, parser);
}

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

// Members in a random order, most of them as in the record before.
class ShapedRecords {
 public:
  explicit ShapedRecords(std::uint64_t seed) : random_(seed) {}

  std::string next() {
    if (chance(15)) members_.clear();
    if (members_.empty()) {
      separator_ = any_of(kSeparators);
      for (std::size_t left = 1 + random_() % (chance(10) ? 20 : 7); left > 0; --left) {
        members_.push_back(any_of(kMembers));
      }
    }
    if (chance(4)) members_[random_() % members_.size()] = any_of(kMembers);
    if (chance(30)) give_another_value(members_[random_() % members_.size()]);
    if (chance(2) && members_.size() > 1) members_.pop_back();
    std::string json = "{";
    for (const std::string_view member : members_) {
      if (json.size() > 1) json += chance(1) ? " , " : separator_;
      json += separator_ == "," ? std::string(member) : spaced(member);
    }
    if (chance(1)) json.resize(random_() % json.size() + 1);
    return json + (chance(99) ? "}" : "") + (chance(10) ? " {\"k\":1}" : "");
  }

 private:
  // With space, one stands behind each colon too, as Python's json.dumps() writes.
  static constexpr std::string_view kSeparators[] = {",", ",", ", ", ",\n  "};

  static std::string_view key_of(std::string_view member) {
    return member.substr(0, member.find('"', 1) + 1);
  }
  static std::string spaced(std::string_view member) {
    std::string text(member);
    const std::size_t colon = key_of(member).size();
    if (text[colon] == ':') text.insert(colon + 1, " ");
    return text;
  }
  void give_another_value(std::string_view& member) {
    std::vector<std::string_view> others;
    for (const std::string_view other : kMembers) {
      if (key_of(other) == key_of(member)) others.push_back(other);
    }
    member = others[random_() % others.size()];
  }

  static constexpr std::string_view kMembers[] = {
      R"("level":"info")",
      R"("level":"warn")",
      R"("level" :"info")",
      R"("level": "error")",
      R"("levels":"info")",
      R"("leve\u006c":"info")",
      R"("message":"hi")",
      R"("message":{"a":1})",
      R"("msg":"there")",
      R"("ts":1767323045678)",
      R"("ts":"2026-01-02T03:04:05Z")",
      R"("k":1)",
      R"("":2)",
      R"("a key of twenty-one":3)",
      R"("a key of twenty-two.":4)",
      R"("a key of twenty-three":5)",
      R"("a key of twenty-four..":6)",
      R"("logboom.x":7)",
      R"("service":{"name":"s"})",
      R"("host":"h")",
      R"("log":{"level":"debug"})",
      R"("service":"s")",
      R"("app":"a")",
      R"("host":"g")",
      R"("log":"text")",
      R"("event":"e")",
      R"("event":{"created":"2026-01-02T03:04:05Z"})",
      R"("level":30)",
      R"("severity_number":9)",
      R"("time":null)",
      R"("logger":"l")",
      R"("trace_id":"0af7651916cd43dd8448eb211c80319c")",
      R"("o":{"a":[1,2]})",
      "\"o\":{\n\"a\":1}",
      R"("n":-1.5e3)",
      R"("n":0)",
      R"("n":0.25)",
      R"("n":12345678901234567890.5)",
      R"("n":1.)",
      R"("n":"1")",
      R"("o":{})",
      R"("o":[{"x":"\"}]"}])",
      R"("message":"with \"quotes\" and a longer text behind them")",
      R"("message":"")",
      R"("message":null)",
      R"("level":"unheard of")",
      R"("level":"\u0069nfo")",
      R"("ts":"yesterday")",
      R"("ts":"2026-01-02T03:04:05.1234567891Z")",
      R"("trace_id":"0AF7651916CD43DD8448EB211C80319C")",
      R"("trace_id":"none")",
      R"("b":true)",
      R"("b":false)",
      R"("b":null)",
      R"("b":nul)",
      R"("bad":01)",
      R"("sp": 1)",
      R"("severity_number":99)",
      R"("body":"b")",
      R"("_src":"json")",
      R"("_seq":9)"};

  bool chance(unsigned percent) { return random_() % 100 < percent; }
  template <std::size_t kCount>
  std::string_view any_of(const std::string_view (&choices)[kCount]) {
    return choices[random_() % kCount];
  }

  std::mt19937_64 random_;
  std::vector<std::string_view> members_;
  std::string_view separator_;
};

// Makes this thread expect none of the keys of ShapedRecords.
void forget_keys() {
  std::string others = "{";
  for (std::size_t i = 0; i < RecordShape::kPlaces; ++i) {
    others += (i == 0 ? "" : ",") + ("\"other" + std::to_string(i)) + "\":0";
  }
  line_of(others + "}");
}

// What a thread expects of a record because of those before must never show.
TEST(JsonRecordTest, ReadsEachOfManyRecordsAsItReadsItAlone) {
  constexpr std::uint64_t kSeed = 20261125;
  constexpr std::size_t kRecords = 50'000;
  std::cout << "seed " << kSeed << "\n";
  ShapedRecords records(kSeed);
  arena::Arena arena;
  JsonRecordParser parser(arena, {.now_ns = kNow});
  std::vector<std::string> sent;
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < kRecords; ++i) {
    sent.push_back(records.next());
    lines.push_back(line_of(sent.back(), parser));
  }
  for (std::size_t i = 0; i < kRecords; ++i) {
    forget_keys();
    ASSERT_EQ(lines[i], line_of(sent[i])) << sent[i];
  }
}

TEST(JsonRecordTest, ValuesThatAreReadOtherwiseThanBeforeShow) {
  // Most have the same keys; the first is sent several times, so that it is what is expected.
  const std::string_view pairs[][2] = {
      {R"({"log":{"level":"debug"},"message":"m"})", R"({"log":"text","message":"m"})"},
      {R"({"log":"text","message":"m"})", R"({"log":{"level":"debug"},"message":"m"})"},
      {R"({"ts":"never","level":"info"})", R"({"ts":"2026-01-02T03:04:05Z","level":"info"})"},
      {R"({"ts":"2026-01-02T03:04:05Z","level":"info"})", R"({"ts":"never","level":"info"})"},
      {R"({"level":"info","msg":"m"})", R"({"level":30,"msg":"m"})"},
      {R"({"level":30,"msg":"m"})", R"({"level":"info","msg":"m"})"},
      {R"({"msg":"a","message":null})", R"({"msg":"a","message":"b"})"},
      {R"({"severity_number":99,"_seq":1})", R"({"severity_number":9,"_seq":1})"},
      {R"({"severity_number":9,"_seq":1})", R"({"severity_number":99,"_seq":1})"},
      {R"({"logger":"l","k":1})", R"({"logger":1,"k":1})"},
      {R"({"host":"h","service":"s","k":1})", R"({"host":"h","service":"","k":1})"},
      {R"({"message":"m","o":{"a":1}})", "{\"message\":\"m\",\"o\":{\n\"a\":1}}"},
      {R"({"attributes":5,"_seq":1})", R"({"attributes":{"a":1},"_seq":1})"},
      {R"({"logboom.k":1,"k":2})", R"({"level":"info","k":4})"},
      {R"({"k":1,"message":"m"})", R"({"k":1}"message":"m"})"},
      {R"({"k":1,"j":2})", R"({"k":1,"j":2,"i":3})"},
  };
  for (const auto& [usual, other] : pairs) {
    forget_keys();
    const std::string expected = line_of(other);
    forget_keys();
    const std::string expected_usual = line_of(usual);
    for (const int times : {1, 3, 10}) {
      forget_keys();
      // So many that the shape is tried again, however often it was of no use before.
      for (int i = 0; i < 70; ++i) EXPECT_EQ(line_of(other), expected) << other;
      for (int i = 0; i < times; ++i) EXPECT_EQ(line_of(usual), expected_usual) << usual;
      EXPECT_EQ(line_of(other), expected) << times << " times " << usual << " then " << other;
    }
  }
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
