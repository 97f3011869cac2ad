#include "query/text_format.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace logboom::query {
namespace {

std::string format(std::string_view line, bool colour = false) {
  std::string out;
  TextFormatter{colour}.append(line, out);
  return out;
}

TEST(TextFormatTest, ShowsTimeLevelServiceMessageAndAttributes) {
  EXPECT_EQ(
      format(
          R"({"timestamp":"2026-01-02T03:04:05.678901234Z","observed_timestamp":"2026-02-02T)"
          R"(03:04:05.000000000Z","severity_number":13,"severity_text":"WARN","body":"payment )"
          R"(failed","attributes":{"user.id":42,"reason":"card expired"},"resource":{)"
          R"("host.name":"h","service.name":"checkout"},"trace_id":"ab","_seq":1,"_src":"log"})"),
      "2026-01-02T03:04:05.678Z WARN checkout payment failed user.id=42 reason=\"card expired\" "
      "trace_id=ab\n");
}

TEST(TextFormatTest, LeavesOutWhatIsAbsent) {
  EXPECT_EQ(format(R"({"observed_timestamp":"2026-01-02T03:04:05.000000000Z","body":"hello"})"),
            "2026-01-02T03:04:05.000Z hello\n");
}

TEST(TextFormatTest, NamesTheLevelByItsNumber) {
  EXPECT_EQ(format(R"({"observed_timestamp":"t","severity_number":9,"body":"x"})"), "t INFO x\n");
  EXPECT_EQ(format(R"({"observed_timestamp":"t","severity_number":99,"body":"x"})"), "t x\n");
}

TEST(TextFormatTest, ShowsValuesOfEveryKind) {
  EXPECT_EQ(format(R"({"observed_timestamp":"t","body":{"a":[1,"b"]},"attributes":{"n":)"
                   R"(123456789012345678901234,"t":true,"z":null,"o":{"k":"v w"},"e":"",)"
                   R"("q":"a\"b\\c","p":"plain","eq":"a=b"}})"),
            "t {\"a\":[1,\"b\"]} n=123456789012345678901234 t=true z=null o={\"k\":\"v w\"} e=\"\" "
            "q=\"a\\\"b\\\\c\" p=plain eq=\"a=b\"\n");
}

TEST(TextFormatTest, EscapesControlCharacters) {
  EXPECT_EQ(format(R"({"observed_timestamp":"t","body":"a\nb\tc\u001b[31m\u009b\u007f é",)"
                   R"("attributes":{"k\n":"v\r"}})"),
            "t a\\nb\\tc\\x1b[31m\\x9b\\x7f é k\\n=\"v\\r\"\n");
}

TEST(TextFormatTest, ShowsALineThatIsNotJsonAsItIs) {
  EXPECT_EQ(format("half a li\x1b"), "half a li\\x1b\n");
}

TEST(TextFormatTest, ColoursOnlyWhenAsked) {
  constexpr std::string_view kLine =
      R"({"observed_timestamp":"t","severity_number":17,"severity_text":"E","body":"x"})";
  EXPECT_THAT(format(kLine, false), testing::Not(testing::HasSubstr("\x1b")));
  EXPECT_EQ(format(kLine, true), "\x1b[2mt\x1b[0m \x1b[31mE\x1b[0m x\n");
}

TEST(TextFormatTest, ForgetsTheRecordBefore) {
  TextFormatter formatter{false};
  std::string out;
  formatter.append(R"({"timestamp":"t","severity_number":9,"body":"x","attributes":{"a":1}})", out);
  formatter.append(R"({"observed_timestamp":"u","body":"y"})", out);
  EXPECT_EQ(out, "t INFO x a=1\nu y\n");
}

}  // namespace
}  // namespace logboom::query
