#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/handlers/collecting_sink.hpp"

namespace logboom::handlers {
namespace {

using testing::ElementsAre;

TEST(RecordLimitsTest, ShortensARecordOverTheLimitOrRefusesIt) {
  RecordLimits limits;
  limits.record_bytes_max = 100;
  const std::string body(150, 'x');
  const Handled text = handle(body, {.limits = limits});
  EXPECT_THAT(text.lines,
              ElementsAre(testing::HasSubstr("\"body\":\"" + std::string(100, 'x') +
                                             R"(","attributes":{"logboom.truncated_bytes":50})")));
  const std::string json = R"({"a":1,"message":")" + body + "\"}";
  const Handled object = handle(json, {.limits = limits});
  EXPECT_THAT(object.lines, ElementsAre(testing::HasSubstr(R"("logboom.truncated_bytes":70)")));
  EXPECT_EQ(handle(R"({"a":")" + body + "\"}", {.limits = limits}).rejected, 1U);
  limits.on_oversize = RecordLimits::OnOversize::reject;
  EXPECT_THAT(handle(body, {.limits = limits}).rejections,
              ElementsAre(testing::StartsWith("0/1 too_large: the record has 150 bytes")));
}

TEST(RecordLimitsTest, HoldsEveryOneOfManyAlikeToTheLimits) {
  const std::string small = R"({"a":1,"b":2,"message":"m"})";
  const std::string large = R"({"a":1,"b":2,"message":")" + std::string(100, 'x') + "\"}";
  RecordLimits limits;
  limits.record_bytes_max = 100;
  const std::string cut = testing::PrintToString(large.size() - 100);
  const auto is_whole = testing::HasSubstr(R"("body":"m","attributes":{"a":1,"b":2},)");
  const auto is_cut =
      testing::HasSubstr(R"("attributes":{"a":1,"b":2,"logboom.truncated_bytes":)" + cut + "},");
  const std::string body = small + "\n" + small + "\n" + large + "\n" + large + "\n" + small;
  EXPECT_THAT(handle(body, {.limits = limits}).lines,
              ElementsAre(is_whole, is_whole, is_cut, is_cut, is_whole));
  limits.attributes_max = 1;
  EXPECT_EQ(handle(body, {.limits = limits}).rejected, 5U);
}

TEST(RecordLimitsTest, RefusesTooManyAttributesAndTooDeepValues) {
  RecordLimits limits;
  limits.attributes_max = 2;
  limits.json_depth_max = 3;
  const Handled handled =
      handle("{\"a\":1,\"b\":2}\n{\"a\":1,\"b\":2,\"c\":3}\n{\"a\":[[1]]}\n{\"a\":[[[1]]]}\n",
             {.limits = limits});
  EXPECT_EQ(handled.accepted, 2U);
  EXPECT_THAT(
      handled.rejections,
      ElementsAre("1/2 too_many_attributes: more than 2 attributes | {\"a\":1,\"b\":2,\"c\":3}",
                  "3/4 bad_json: nested too deeply at byte 8 | {\"a\":[[[1]]]}"));
}

}  // namespace
}  // namespace logboom::handlers
