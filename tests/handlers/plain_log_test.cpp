#include "handlers/plain_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/handlers/collecting_sink.hpp"

namespace logboom::handlers {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Strings = std::vector<std::string>;

Strings lines_of(std::string_view body, std::string_view query = {}) {
  Strings lines;
  for (const std::string& line : handle(body, {.query = query}).lines) {
    lines.push_back(shortened(line));
  }
  return lines;
}

struct Case {
  std::string_view body;
  Strings lines;
};

void expect_lines(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    EXPECT_EQ(lines_of(c.body), c.lines) << c.body;
    EXPECT_THAT(handle(c.body).rejections, IsEmpty()) << c.body;
  }
}

const std::string kA = R"("attributes":{"a":1},"_src":"json"})";
const std::string kB = R"("attributes":{"b":2},"_src":"json"})";

TEST(PlainLogTest, ReadsAStreamOfJsonValues) {
  expect_lines({
      {R"({"a":1})", {kA}},
      {"{\"a\":1}\n{\"b\":2}\n", {kA, kB}},
      {"{\"a\":1}\r\n\r\n{\"b\":2}\r\n", {kA, kB}},
      {R"({"a":1}{"b":2})", {kA, kB}},
      {"\n  {\n \"a\" :\n 1\n}\n\n {\"b\":\t2}  ", {kA, kB}},
      {"\xef\xbb\xbf{\"a\":1}", {kA}},
      {"{\"a\":1}\n\"text\"\n42\ntrue\n[1, 2]\n",
       {kA, R"("body":"text","_src":"json"})", R"("body":42,"_src":"json"})",
        R"("body":true,"_src":"json"})", R"("body":[1, 2],"_src":"json"})"}},
  });
}

TEST(PlainLogTest, ReadsArrays) {
  expect_lines({
      {"[]", {}},
      {" [ ] \n", {}},
      {R"([{"a":1},{"b":2}])", {kA, kB}},
      {"[\n  {\"a\":1},\n  {\"b\":2}\n]\n", {kA, kB}},
      {R"(["x",1.50,null,[1]])",
       {R"("body":"x","_src":"json"})", R"("body":1.50,"_src":"json"})",
        R"("body":null,"_src":"json"})", R"("body":[1],"_src":"json"})"}},
      {R"([{"a":1}][{"b":2}])", {kA, kB}},
      {"[1]\n[2]\n", {R"("body":1,"_src":"json"})", R"("body":2,"_src":"json"})"}},
  });
}

TEST(PlainLogTest, UnwrapsObjectsThatHoldOnlyAList) {
  expect_lines({
      {R"({"logs":[{"a":1},{"b":2}]})", {kA, kB}},
      {R"({ "records" : [ {"a":1} ] } {"events":[{"b":2}]})", {kA, kB}},
      {R"({"batch":[]})", {}},
      {R"({"logs":[1],"a":1})", {R"("attributes":{"logs":[1],"a":1},"_src":"json"})"}},
      {R"({"logs":{"a":1}})", {R"("attributes":{"logs":{"a":1}},"_src":"json"})"}},
      {R"({"items":[1]})", {R"("attributes":{"items":[1]},"_src":"json"})"}},
  });
  EXPECT_THAT(handle(R"({"logs":[{"a":01},{"b":2}]})").rejections,
              ElementsAre(R"(0/1 bad_json: invalid number at byte 7 | {"a":01})"));
}

TEST(PlainLogTest, TakesEverythingElseForText) {
  const auto text = [](std::string_view body) {
    return R"("body":")" + std::string(body) + R"(","_src":"text"})";
  };
  expect_lines({
      {"hello", {text("hello")}},
      {"one\ntwo\r\n\n \nthree", {text("one"), text("two"), text("three")}},
      {"  indented\n\tat x.y", {text("  indented"), text("\\tat x.y")}},
      {"[INFO] started", {text("[INFO] started")}},
      {"[12] started\n[13] stopped", {text("[12] started"), text("[13] stopped")}},
      {"[2026-01-02 03:04:05] GET /", {text("[2026-01-02 03:04:05] GET /")}},
      {"[", {text("[")}},
      {"[x]", {text("[x]")}},
      {"[] empty", {text("[] empty")}},
      {"42 apples", {text("42 apples")}},
      {"a\n{\"a\":1}\n {\"b\":2} \n{not json}", {text("a"), kA, kB, text("{not json}")}},
      {"key=value&b=1", {text("key=value&b=1")}},
      {std::string_view("nul \0 byte", 10), {text("nul \\u0000 byte")}},
  });
}

TEST(PlainLogTest, KeepsInvalidUtf8InTextAndSaysSo) {
  EXPECT_THAT(lines_of("good\nb\xff"
                       "d\n{\"a\":\"\xff\"}\n"),
              ElementsAre(R"("body":"good","_src":"text"})",
                          "\"body\":\"b\xef\xbf\xbd"
                          "d\",\"attributes\":{\"logboom.invalid_utf8\":true},\"_src\":\"text\"}",
                          "\"body\":\"{\\\"a\\\":\\\"\xef\xbf\xbd\\\"}\",\"attributes\":{\"logboom."
                          "invalid_utf8\":true},\"_src\":\"text\"}"));
}

TEST(PlainLogTest, RefusesInvalidUtf8InJson) {
  const Handled handled = handle("{\"a\":1}\n{\"x\":\"\xff\"}\n{\"b\":2}\n");
  EXPECT_EQ(handled.accepted, 2U);
  EXPECT_THAT(handled.rejections,
              ElementsAre("1/2 bad_utf8: invalid UTF-8 at byte 7 | {\"x\":\"\xff\"}"));
}

TEST(PlainLogTest, TheQueryOverridesTheContent) {
  EXPECT_THAT(lines_of("{\"a\":1}\nx", "format=text"),
              ElementsAre(R"("body":"{\"a\":1}","_src":"text"})", R"("body":"x","_src":"text"})"));
  EXPECT_THAT(lines_of("{\"a\":1}\nx\n", "a=b&split=none"),
              ElementsAre(R"("body":"{\"a\":1}\nx","_src":"text"})"));
  EXPECT_THAT(lines_of("[{\"a\":1}]", "format=json"), ElementsAre(kA));
  const Handled refused = handle("[INFO] x", {.query = "format=array"});
  EXPECT_EQ(refused.accepted, 0U);
  EXPECT_EQ(refused.rejected, 2U) << "the element, and the rest behind its bracket";
  EXPECT_EQ(handle("hello", {.query = "format=ndjson"}).rejected, 1U);
  EXPECT_THAT(lines_of("hello", "format=&formats=json"),
              ElementsAre(R"("body":"hello","_src":"text"})"));
}

TEST(PlainLogTest, AnUnknownFormatOrSplitIsAnErrorOfTheRequest) {
  struct BadQuery {
    std::string_view query;
    std::string_view error;
  };
  const std::string_view format = "format must be json, ndjson, array or text";
  const BadQuery cases[] = {{"format=xml", format},
                            {"a=b&format=JSON", format},
                            {"split=none&format=j%73on", format},
                            {"split=lines", "split must be none"},
                            {"format=text&split=0", "split must be none"}};
  for (const BadQuery& c : cases) {
    for (const std::string_view body : {"{\"a\":1}\nx\n", "", "{"}) {
      const Handled handled = handle(body, {.query = c.query, .cuts = {body.size() / 2}});
      EXPECT_EQ(handled.request_error, c.error) << c.query;
      EXPECT_EQ(handled.accepted + handled.rejected, 0U);
      EXPECT_THAT(handled.lines, IsEmpty());
      EXPECT_THAT(handled.rejections, IsEmpty());
      EXPECT_FALSE(handled.empty_body);
    }
  }
  for (const std::string_view query : {"", "format=", "split=", "split", "formats=xml&pretty=x"}) {
    EXPECT_EQ(handle("{}", {.query = query}).request_error, "") << query;
  }
}

TEST(PlainLogTest, GoesOnAtTheNextLineBehindABadOne) {
  struct BadCase {
    std::string_view body;
    std::uint64_t accepted;
    Strings rejections;
  };
  const BadCase cases[] = {
      {"{\"a\":1}\n{bad}\n{\"b\":2}\n",
       2,
       {"1/2 bad_json: expected a key in quotes at byte 2 | {bad}"}},
      {"{\"a\":1}\nplain\n{\"b\":2}", 2, {"1/2 bad_json: expected a value at byte 1 | plain"}},
      {"{\"a\":1} oops\n{\"b\":2}", 2, {"1/1 bad_json: expected a value at byte 1 | oops"}},
      {"{\"a\":1}\n42 apples\n{\"b\":2}",
       2,
       {"1/2 bad_json: unexpected bytes after the value at byte 4 | 42 apples"}},
      {"{\"a\":\"open\n{\"b\":2}\n",
       1,
       {"0/1 bad_json: raw control character in a string at byte 11 | {\"a\":\"open"}},
      {"{\"a\":1\n{\"b\":2}\n",
       1,
       {"0/1 bad_json: expected a comma or a closing bracket at byte 8 | {\"a\":1"}},
      {"{\"a\":[1,\n{\"b\":2}\n{\"c\":3}\n",
       2,
       {"0/1 bad_json: expected a comma or a closing bracket at byte 18 | {\"a\":[1,"}},
      {"{\n  \"a\": 1,\n  \"b\" 2\n}\n{\"c\":3}",
       1,
       {"0/1 bad_json: expected a colon at byte 19 | {\n  \"a\": 1,\n  \"b\" 2\n}"}},
      {"{\"a\":1}\n{\"b\":", 1, {"1/2 bad_json: unexpected end of the value at byte 6 | {\"b\":"}},
      {"{\"a\":1},\n{\"b\":2}", 2, {"1/1 bad_json: expected a value at byte 1 | ,"}},
      {"{", 0, {"0/1 bad_json: unexpected end of the value at byte 2 | {"}},
  };
  for (const BadCase& c : cases) {
    const Handled handled = handle(c.body);
    EXPECT_EQ(handled.accepted, c.accepted) << c.body;
    EXPECT_EQ(handled.rejections, c.rejections) << c.body;
    EXPECT_EQ(handled.lines.size(), c.accepted);
  }
}

TEST(PlainLogTest, GoesOnAtTheNextElementBehindABadOne) {
  struct BadCase {
    std::string_view body;
    std::uint64_t accepted;
    Strings rejections;
  };
  const BadCase cases[] = {
      {R"([{"a":1},{"x":01},{"b":2}])",
       2,
       {R"(1/1 bad_json: invalid number at byte 7 | {"x":01})"}},
      {R"([{"a":1},{"x":"]\"},{" y},{"b":2}])",
       2,
       {R"(1/1 bad_json: expected a comma or a closing bracket at byte 15 | {"x":"]\"},{" y})"}},
      {R"([{"a":1},,{"b":2}])", 2, {"1/1 bad_json: expected a value at byte 1 | "}},
      {R"([{"a":1},])", 1, {"1/1 bad_json: expected a value at byte 1 | "}},
      {R"([{"a":1} {"b":2},3])",
       1,
       {R"(0/1 bad_json: expected a comma or a closing bracket at byte 9 | {"a":1} {"b":2})"}},
      {"[{\"a\":1},\n5x,\n{\"b\":2}]",
       2,
       {"1/2 bad_json: expected a comma or a closing bracket at byte 2 | 5x"}},
      {R"([1, true!, "s"x, null ])",
       2,
       {R"(1/1 bad_json: expected a comma or a closing bracket at byte 5 | true!)",
        R"(2/1 bad_json: expected a comma or a closing bracket at byte 4 | "s"x)"}},
      {"[1, 2", 1, {"1/1 bad_json: unexpected end of the value at byte 2 | 2"}},
      {R"([1, "two")", 2, {"2/1 bad_json: the array is not closed | "}},
      {"[1, tru", 1, {"1/1 bad_json: unexpected end of the value at byte 4 | tru"}},
      {"[\n{\"a\":1},\n{\"x\":\"open},\n{\"b\":2}\n]",
       2,
       {"1/3 bad_json: raw control character in a string at byte 13 | {\"x\":\"open},"}},
      {"[\n{\"a\":1},\n{\"x\":[1},\n{\"b\":2}\n]",
       2,
       {"1/3 bad_json: expected a comma or a closing bracket at byte 8 | {\"x\":[1},"}},
      {R"([{"a":1},{"x":[1},{"b":2}])",
       1,
       {R"(1/1 bad_json: expected a comma or a closing bracket at byte 8 | {"x":[1},{"b":2}])"}},
      {R"([{"a":1},{"b":)", 1, {R"(1/1 bad_json: unexpected end of the value at byte 6 | {"b":)"}},
      {"[{\"a\":1}\n", 1, {"1/2 bad_json: the array is not closed | "}},
      {"[{\"a\":1}] x\n[{\"b\":2}]", 2, {"1/1 bad_json: expected a value at byte 1 | x"}},
  };
  for (const BadCase& c : cases) {
    const Handled handled = handle(c.body);
    EXPECT_EQ(handled.accepted, c.accepted) << c.body;
    EXPECT_EQ(handled.rejections, c.rejections) << c.body;
  }
}

TEST(PlainLogTest, RepliesWithCountsAndTheFirstErrors) {
  EXPECT_EQ(handle("{}\n{}\n").reply, R"({"accepted":2,"rejected":0})");
  EXPECT_EQ(handle("[]").reply, R"({"accepted":0,"rejected":0})");
  EXPECT_EQ(
      handle("{}\n{]\n{}\n").reply,
      R"({"accepted":2,"rejected":1,"errors":[{"record":1,"line":2,"error":"expected a key in quotes at byte 2"}]})");
  std::string body;
  for (int i = 0; i < 100; ++i) body += "{]\n";
  const Handled handled = handle(body);
  EXPECT_EQ(handled.rejections.size(), 100U);
  EXPECT_THAT(handled.reply, testing::StartsWith(R"({"accepted":0,"rejected":100,"errors":[)"));
  EXPECT_THAT(handled.reply, testing::HasSubstr(R"("record":15,"line":16,)"));
  EXPECT_THAT(handled.reply, testing::Not(testing::HasSubstr(R"("record":16,)")));
}

TEST(PlainLogTest, AnEmptyBodyIsMarkedAndAnEmptyListIsNot) {
  for (const std::string_view body : {"", " ", "\r\n\t\n", "\xef\xbb\xbf", "\xef\xbb\xbf\n"}) {
    const Handled handled = handle(body);
    EXPECT_TRUE(handled.empty_body);
    EXPECT_EQ(handled.accepted + handled.rejected, 0U);
  }
  EXPECT_FALSE(handle("[]").empty_body);
  EXPECT_FALSE(handle("{}").empty_body);
}

TEST(PlainLogTest, KeepsOnlyTheFirstMebibyteOfALongRefusedPiece) {
  const auto kept = [](std::size_t bytes) {
    const std::string piece = "{" + std::string(bytes - 1, 'x');
    const Handled handled = handle(piece);
    EXPECT_EQ(handled.rejections.size(), 1U);
    const std::string& rejection = handled.rejections.at(0);
    return rejection.size() - rejection.find('{');
  };
  EXPECT_EQ(kept(1024 * 1024), 1024U * 1024);
  EXPECT_EQ(kept(2 * 1024 * 1024), 1024U * 1024);
}

// What is stored of a body under tight limits, posted again, and again.
void expect_comes_back(std::string_view body, const RecordLimits& limits) {
  const Handled first = handle(body, {.limits = limits});
  ASSERT_THAT(first.lines, testing::SizeIs(1)) << body.substr(0, 100);
  const Handled again = handle(first.lines[0], {.limits = limits});
  ASSERT_THAT(again.rejections, IsEmpty()) << body.substr(0, 100);
  ASSERT_THAT(again.lines, testing::SizeIs(1));
  const std::size_t source = first.lines[0].rfind(",\"_src\"");
  EXPECT_EQ(again.lines[0].substr(0, source), first.lines[0].substr(0, source));
  EXPECT_EQ(handle("[" + first.lines[0] + "]", {.limits = limits}).lines, again.lines);
  EXPECT_EQ(handle("text\n" + first.lines[0], {.limits = limits}).lines.at(1), again.lines[0]);
}

TEST(PlainLogTest, StoredLinesComeBackEqualAtTheLimits) {
  RecordLimits limits;
  limits.json_depth_max = 3;
  limits.attributes_max = 2;
  limits.record_bytes_max = 300;
  expect_comes_back(R"({"a":[[1]]})", limits);
  expect_comes_back(R"({"body":[[1]]})", limits);
  expect_comes_back(R"([[[[1]]]])", limits);
  expect_comes_back(std::string(300, '\x01'), limits);
  expect_comes_back(std::string(500, '\x01'), limits);
  expect_comes_back(std::string(300, '\xff'), limits);
  expect_comes_back(std::string(100'000, '\xff'), limits);
  expect_comes_back(R"({"a":1,"b":2,"message":")" + std::string(400, 'x') + "\"}", limits);
  expect_comes_back(R"({"a":1,"logger":")" + std::string(280, 'x') + "\"}", limits);
  limits.on_oversize = RecordLimits::OnOversize::reject;
  expect_comes_back(std::string(300, '\x01'), limits);
}

TEST(PlainLogTest, ALineOfOursBeyondItsSlackIsHeldToIt) {
  RecordLimits limits;
  limits.record_bytes_max = 100;
  limits.attributes_max = 2;
  const auto line = [](std::size_t body_bytes) {
    return R"({"body":")" + std::string(body_bytes, 'x') +
           R"(","attributes":{"logboom.truncated_bytes":7},"_src":"text"})";
  };
  const std::size_t slack = 6 * 100 + 64 * 1024;
  const std::size_t around = line(0).size();
  EXPECT_THAT(handle(line(slack - around), {.limits = limits}).lines,
              ElementsAre(testing::HasSubstr(R"("logboom.truncated_bytes":7})")));
  EXPECT_THAT(handle(line(slack - around + 5), {.limits = limits}).lines,
              ElementsAre(testing::HasSubstr(R"("attributes":{"logboom.truncated_bytes":12})")));
  EXPECT_THAT(handle(R"({"resource":{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":0,)"
                     R"("k":1},"_seq":1})",
                     {.limits = limits})
                  .rejections,
              ElementsAre(testing::StartsWith("0/1 too_many_attributes: more than 10 attributes")));
}

TEST(PlainLogTest, AnOrdinaryRecordHasNoSlack) {
  RecordLimits limits;
  limits.record_bytes_max = 100;
  limits.attributes_max = 2;
  const std::string body(200, 'x');
  EXPECT_THAT(handle(R"({"body":")" + body + R"(","n":1,"_src":"json"})", {.limits = limits}).lines,
              ElementsAre(testing::HasSubstr("logboom.truncated_bytes")));
  EXPECT_EQ(handle(R"({"a":1,"b":2,"c":3,"_seq":1})", {.limits = limits}).rejected, 1U);
}

const std::string_view kBodies[] = {
    "\xef\xbb\xbf{\"a\":1}\n{\"b\":\"\xc3\xbc\xf0\x9f\x8e\x89\"}\r\n{bad}\n{\"c\":[1,\n2]}",
    "{\"a\":1\n{\"b\":2}\n{\"c\":\"open\n{\"d\":{\n\"e\":1.5e+3}}\n  \n{\"f\":",
    "{\n  \"a\": 1,\n  \"b\" 2\n}\n{\"c\":3}\n",
    "{\"a\":1}\n42\n4.5\n42 apples\ntrue\nfalse x\nnull\n\"s\"\n-1e5",
    "[{\"a\":1},{\"x\":01},12, 34,\"s\",,{\"b\":[1}, {\"c\":3}]\n",
    "[\n{\"a\":1},\n{\"x\":\"open},\n{\"b\":2}\n]\n[1,2]\nx\n",
    "[{\"a\":1},{\"x\":[1},{\"b\":2}]",
    "[1, 2",
    "[12] text\nmore\n\n{\"a\":1}\n{\"b\"\r\n",
    "[INFO] text\r\n \r\nmore \xff\xc3 bytes\n",
    "[123",
    "[]\n",
    "[] x",
    R"({"logs":[{"a":1},{"b":2}]}
{"logs":[1],"x":2}
{"events":[{]},3]} y
{"batch":[1,2)",
    "{ \"logs\" : [ ] }{\"records\":[\"\xff\",1]}",
    "plain text without an end",
    " \n\t",
    "\xef\xbb",
    "{\"x\":\"\xff\"}\n{\"a\":1}",
    "{\"body\":\"b\",\"observed_timestamp\":\"2026-01-02T03:04:05.000000001Z\",\"_seq\":3}\n",
};

TEST(PlainLogTest, HowABodyIsCutIntoFeedsDoesNotMatter) {
  for (const std::string_view body : kBodies) {
    const Handled whole = handle(body);
    for (std::size_t first = 0; first <= body.size(); ++first) {
      EXPECT_EQ(handle(body, {.cuts = {first}}), whole) << body << "\ncut at " << first;
    }
    std::vector<std::size_t> every_byte(body.size());
    for (std::size_t i = 0; i < body.size(); ++i) every_byte[i] = i;
    EXPECT_EQ(handle(body, {.cuts = every_byte}), whole) << body << "\ncut at every byte";
  }
}

// Bodies of random pieces that JSON and text are made of.
std::string random_body(std::mt19937& random) {
  static constexpr std::string_view kPieces[] = {"{",
                                                 "}",
                                                 "[",
                                                 "]",
                                                 ",",
                                                 ":",
                                                 "\"",
                                                 "\\",
                                                 "\n",
                                                 " ",
                                                 "{\"a\":1}",
                                                 "\"k\":",
                                                 "\"v\"",
                                                 "12",
                                                 "-1.5e3",
                                                 "true",
                                                 "null",
                                                 "\\u00e9",
                                                 "\xc3\xbc",
                                                 "\xff",
                                                 "\r\n",
                                                 "{\"logs\":[",
                                                 "x",
                                                 "[INFO]",
                                                 "{\"message\":\"m\",\"level\":\"warn\"}\n",
                                                 "\"ts\":1767323045",
                                                 "{\"log\":{\"level\":\"i\"}}"};
  std::string body;
  for (auto count = random() % 24; count > 0; --count) {
    body += kPieces[random() % std::size(kPieces)];
  }
  return body;
}

TEST(PlainLogTest, RandomBodiesGiveTheSameInAnyCut) {
  const unsigned seed = 20260102;
  std::mt19937 random(seed);
  for (int round = 0; round < 4000; ++round) {
    const std::string body = random_body(random);
    const Handled whole = handle(body);
    std::vector<std::size_t> cuts;
    for (std::size_t i = 0; i < body.size(); ++i) {
      if (random() % 8 == 0) cuts.push_back(i);
    }
    ASSERT_EQ(handle(body, {.cuts = cuts}), whole)
        << testing::PrintToString(body) << " seed " << seed << " round " << round;
    ASSERT_EQ(whole.accepted, whole.lines.size());
    ASSERT_EQ(whole.rejected, whole.rejections.size());
  }
}

TEST(PlainLogTest, StoredLinesComeBackEqual) {
  const unsigned seed = 42;
  const RecordLimits tight = {.record_bytes_max = 24, .json_depth_max = 2, .attributes_max = 1};
  std::mt19937 random(seed);
  std::size_t seen = 0;
  for (int round = 0; round < 4000; ++round) {
    const RecordLimits limits = round % 2 == 0 ? RecordLimits() : tight;
    for (const std::string& line : handle(random_body(random), {.limits = limits}).lines) {
      const Handled again = handle(line, {.limits = limits});
      ASSERT_EQ(again.lines.size(), 1U) << line;
      const std::size_t source = line.rfind(",\"_src\"");
      ASSERT_EQ(again.lines[0].substr(0, source), line.substr(0, source)) << "seed " << seed;
      ++seen;
    }
  }
  EXPECT_GT(seen, 1000U);
}

TEST(PlainLogTest, NoPrefixOfABodyIsLostOrReadBeyond) {
  for (const std::string_view body : kBodies) {
    for (std::size_t size = 0; size <= body.size(); ++size) {
      const Handled handled = handle(body.substr(0, size));
      EXPECT_EQ(handled.accepted, handled.lines.size());
      EXPECT_EQ(handled.rejected, handled.rejections.size());
    }
  }
}

}  // namespace
}  // namespace logboom::handlers
