#include "record/record_shape.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "record/json_record.hpp"
#include "tests/record/line_of.hpp"

namespace logboom::record {
namespace {

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
      R"("n":1.e5)",
      R"("n":1e5)",
      R"("n":1E+5)",
      R"("n":1e)",
      R"("n":-0)",
      R"("n":-01)",
      R"("n":-12.75)",
      R"("n":-)",
      R"("n":-x)",
      R"("n":12x)",
      R"("n":1 )",
      R"("n":123456789012345)",
      R"("n":1234567890123456)",
      R"("n":12345678901234567)",
      R"("n":1234567890123.4)",
      R"("n":1234567890123.45)",
      R"("n":1234567890123.456)",
      R"("n":123456789012345.)",
      R"("n":1234567890123456.)",
      R"("n":"1")",
      R"("o":{})",
      R"("o":[{"x":"\"}]"}])",
      R"("message":"with \"quotes\" and a longer text behind them")",
      R"("message":"")",
      R"("message":"fourteen bytes")",
      R"("message":"fifteen bytes !")",
      R"("message":"sixteen bytes !!")",
      R"("message":"seventeen bytes !")",
      R"("message":"an escape in byte sixteen\n")",
      "\"message\":\"a break\nin it\"",
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
TEST(RecordShapeTest, ReadsEachOfManyRecordsAsItReadsItAlone) {
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

// Whatever is in the memory behind it, such as the rest of that record.
TEST(RecordShapeTest, ATextThatEndsInTheMiddleOfARecordIsIncomplete) {
  const Padded padded(
      R"({"level":"info","message":"of more than sixteen bytes", "k":1,"d": -12.5,"o":{"a":[1]},)"
      R"("n":1234567890123456789,"b":true,"service":"s"})");
  const std::string_view whole = padded.text();
  arena::Arena arena;
  JsonRecordParser parser(arena, {.now_ns = kNow});
  LogRecord record;
  for (std::size_t bytes = 1; bytes < whole.size(); ++bytes) {
    ASSERT_TRUE(parser.parse(whole, record).valid());
    ASSERT_TRUE(parser.parse(whole, record).valid());
    const JsonVerdict verdict = parser.parse(whole.substr(0, bytes), record);
    EXPECT_EQ(verdict.fault, JsonFault::incomplete) << bytes << " bytes of " << whole;
  }
}

TEST(RecordShapeTest, ValuesThatAreReadOtherwiseThanBeforeShow) {
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

}  // namespace
}  // namespace logboom::record
