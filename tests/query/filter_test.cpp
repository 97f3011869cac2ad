#include "query/filter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace logboom::query {
namespace {

constexpr std::string_view kRecord =
    R"({"timestamp":"2026-01-02T03:04:05.678000000Z",)"
    R"("observed_timestamp":"2026-01-02T04:00:00.000000000Z","severity_number":13,)"
    R"("severity_text":"Warning","body":"say \"hi\"\nagain","attributes":{"user":{"id":42},)"
    R"("http.status":200,"http":{"path":"/a","status":500},"big":123456789012345678901234,)"
    R"("ok":true,"nothing":null,"list":[1, "x"],"name":"attribute","emoji":"\u00e9",)"
    R"("dotted.a":{"b.c":"deep"},"lone":"\ud800","service":"own"},)"
    R"("resource":{"service.name":"checkout","name":"resource","host.name":"h1"},)"
    R"("trace_id":"0af7651916cd43dd8448eb211c80319c","_seq":7,"_src":"log"})";

Filter make(const FilterOptions& options) {
  auto filter = Filter::make(options);
  EXPECT_TRUE(filter) << filter.error();
  return *std::move(filter);
}

bool where(const std::string& condition, std::string_view line = kRecord) {
  FilterOptions options;
  options.where = {condition};
  return make(options).matches(line);
}

bool grep(const std::string& expression, std::string_view line = kRecord) {
  FilterOptions options;
  options.grep = expression;
  return make(options).matches(line);
}

bool between(std::string_view since, std::string_view until, std::string_view line = kRecord) {
  FilterOptions options;
  options.since_ns = parse_timestamp(since);
  options.until_ns = parse_timestamp(until);
  return make(options).matches(line);
}

TEST(FilterTest, LetsEverythingPassWithoutOptions) {
  EXPECT_TRUE(make({}).matches(kRecord));
  EXPECT_TRUE(make({}).matches("not JSON"));
}

TEST(FilterTest, FindsFieldsByPath) {
  for (const char* condition : {"severity_number=13",
                                "_seq=7",
                                "_src=log",
                                "attributes.user.id=42",
                                "user.id=42",
                                "http.status=200",
                                "http.path=/a",
                                "big=123456789012345678901234",
                                "ok=true",
                                "nothing=null",
                                "user={\"id\":42}",
                                "list=[1, \"x\"]",
                                "emoji=é",
                                "dotted.a.b.c=deep",
                                "lone=\"\\ud800\"",
                                "resource.service.name=checkout",
                                "service.name=checkout",
                                "host.name=h1",
                                "trace_id=0af7*",
                                "name=attribute",
                                "resource.name=resource"}) {
    EXPECT_TRUE(where(condition)) << condition;
  }
}

TEST(FilterTest, DoesNotFindWhatIsNotThere) {
  for (const char* condition :
       {"user.id=43", "user.id=4", "user.id.x=42", "absent=", "absent=null", "absent=*", "user=42",
        "name=resource", "http.status=500", "ok=True", "attributes.absent.id=42", "trace_id=0af7",
        "attributes.service.name=checkout", "_seq=07"}) {
    EXPECT_FALSE(where(condition)) << condition;
  }
}

TEST(FilterTest, TurnsAConditionRound) {
  EXPECT_FALSE(where("user.id!=42"));
  EXPECT_TRUE(where("user.id!=43"));
  EXPECT_TRUE(where("absent!=x"));
  EXPECT_FALSE(where("trace_id!=0af7*"));
}

TEST(FilterTest, KnowsTheCommonShortNames) {
  EXPECT_TRUE(where("level=warning"));
  EXPECT_TRUE(where("severity=WARN*"));
  EXPECT_FALSE(where("level=error"));
  EXPECT_TRUE(where("message=say*"));
  EXPECT_TRUE(where("host=h1"));
}

TEST(FilterTest, PrefersAFieldOfThatNameToTheShortName) {
  EXPECT_TRUE(where("service=own"));
  EXPECT_FALSE(where("service=checkout"));
}

TEST(FilterTest, TakesTheLevelFromTheNumberWithoutAText) {
  constexpr std::string_view kLine = R"({"observed_timestamp":"x","severity_number":18})";
  EXPECT_TRUE(where("level=error", kLine));
  EXPECT_FALSE(where("level=warn", kLine));
  EXPECT_FALSE(where("level=", R"({"body":"x"})"));
}

TEST(FilterTest, ComparesTheContentOfStrings) {
  EXPECT_TRUE(where("body=say \"hi\"\nagain"));
  EXPECT_FALSE(where("body=SAY*"));
}

TEST(FilterTest, JoinsConditionsWithAnd) {
  FilterOptions options;
  options.where = {"user.id=42", "level=warning"};
  EXPECT_TRUE(make(options).matches(kRecord));
  options.where = {"user.id=42", "level=error"};
  EXPECT_FALSE(make(options).matches(kRecord));
}

TEST(FilterTest, FindsNothingInWhatIsNotAnObject) {
  for (std::string_view line : {"", "x", "[1]", "\"body\"", "{", "{\"body\":"}) {
    EXPECT_FALSE(where("body=x", line)) << line;
  }
  EXPECT_FALSE(where("body!=x", "x"));
}

TEST(FilterTest, ComparesTheEventsTime) {
  EXPECT_TRUE(between("2026-01-02T03:04:05.678Z", "2026-01-02T03:04:06Z"));
  EXPECT_FALSE(between("2026-01-02T03:04:05.679Z", "2026-01-02T05:00:00Z"));
  EXPECT_FALSE(between("2026-01-02T03:00:00Z", "2026-01-02T03:04:05.678Z"));
}

TEST(FilterTest, ComparesTheObservedTimeOfARecordWithoutItsOwn) {
  constexpr std::string_view kLine =
      R"({"observed_timestamp":"2026-01-02T04:00:00.000000000Z","body":"x"})";
  EXPECT_TRUE(between("2026-01-02T04:00:00Z", "2026-01-02T04:00:01Z", kLine));
  EXPECT_FALSE(between("2026-01-02T03:00:00Z", "2026-01-02T04:00:00Z", kLine));
}

TEST(FilterTest, FindsTheTimeWhereverItStands) {
  constexpr std::string_view kLine =
      R"({"body":"x", "timestamp" : "2026-01-02T04:00:00Z","observed_timestamp":"2020-01-01"})";
  EXPECT_TRUE(between("2026-01-02T04:00:00Z", "2026-01-02T04:00:01Z", kLine));
  EXPECT_EQ(line_time(kLine), parse_timestamp("2026-01-02T04:00:00Z"));
  EXPECT_EQ(line_time("{}"), std::nullopt);
  EXPECT_FALSE(between("1970-01-01", "2200-01-01", R"({"body":"x"})"));
}

TEST(FilterTest, SearchesTheLineAndTheBodysText) {
  EXPECT_TRUE(grep("hi"));
  EXPECT_TRUE(grep("^say \"hi\"$|(?s)^say.*again$"));
  EXPECT_TRUE(grep(R"("user":\{"id":42)"));
  EXPECT_TRUE(grep("(?i)WARNING"));
  EXPECT_FALSE(grep("goodbye"));
  EXPECT_TRUE(grep("plain", "a plain line"));
}

TEST(FilterTest, MatchesTheSameLineTheSameWayAgain) {
  FilterOptions options;
  options.where = {"emoji=é", "body=say*"};
  options.grep = "^say";
  Filter filter = make(options);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(filter.matches(kRecord));
    EXPECT_FALSE(filter.matches("{}"));
  }
}

TEST(FilterTest, SaysWhichOptionIsWrong) {
  FilterOptions options;
  options.where = {"level"};
  EXPECT_THAT(Filter::make(options).error(), testing::StartsWith("--where: expected path=value"));
  options = {};
  options.grep = "a(b";
  EXPECT_EQ(Filter::make(options).error(), "--grep: missing ): a(b");
  options = {};
  options.since_ns = 2;
  options.until_ns = 2;
  EXPECT_EQ(Filter::make(options).error(), "--since is not before --until");
}

}  // namespace
}  // namespace logboom::query
