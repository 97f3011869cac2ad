#include "config/expand.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace logboom::config {
namespace {

class ExpandTest : public testing::Test {
 protected:
  void SetUp() override {
    setenv("LOGBOOM_TEST_NAME", "river", 1);
    setenv("LOGBOOM_TEST_EMPTY", "", 1);
    unsetenv("LOGBOOM_TEST_UNSET");
  }
};

TEST_F(ExpandTest, ReplacesReferences) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", ""},
      {"plain", "plain"},
      {"${LOGBOOM_TEST_NAME}", "river"},
      {"a-${LOGBOOM_TEST_NAME}-${LOGBOOM_TEST_NAME}-b", "a-river-river-b"},
      {"${LOGBOOM_TEST_EMPTY}", ""},
      {"${LOGBOOM_TEST_EMPTY:-x}", "x"},
      {"${LOGBOOM_TEST_UNSET:-d:-e}", "d:-e"},
      {"${LOGBOOM_TEST_UNSET:-}", ""},
      {"${LOGBOOM_TEST_NAME:-d}", "river"},
      {"$$", "$"},
      {"$${LOGBOOM_TEST_NAME}", "${LOGBOOM_TEST_NAME}"},
      {"$$$$x", "$$x"}};
  for (auto [text, value] : cases) {
    Expanded expanded = expand(text);
    EXPECT_EQ(expanded.error, "") << text;
    EXPECT_EQ(expanded.text, value) << text;
  }
}

TEST_F(ExpandTest, SaysWhatCannotBeReplaced) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"${LOGBOOM_TEST_UNSET}", "LOGBOOM_TEST_UNSET is not set"},
      {"${LOGBOOM_TEST_NAME", "without its }"},
      {"$NAME", "a dollar is written $$"},
      {"x$", "a dollar is written $$"},
      {"${}", "expected ${NAME}"},
      {"${1A}", "expected ${NAME}"},
      {"${a b}", "expected ${NAME}"},
      {"${file:/nonexistent/secret}", "cannot read /nonexistent/secret: No such file"},
      {"${file:/}", "cannot read /: Is a directory"}};
  for (auto [text, message] : cases) {
    EXPECT_THAT(expand(text).error, testing::HasSubstr(message)) << text;
  }
}

TEST_F(ExpandTest, ReadsAFileWithoutItsLastLineBreaks) {
  std::string path = testing::TempDir() + "logboom_expand_secret";
  std::ofstream(path) << "two\nlines $x\r\n\n";
  EXPECT_EQ(expand("<${file:" + path + "}>").text, "<two\nlines $x>");
  std::ofstream(path) << std::string(65 * 1024, 'x');
  EXPECT_THAT(expand("${file:" + path + "}").error, testing::HasSubstr("larger than 64KiB"));
  std::filesystem::remove(path);
}

TEST_F(ExpandTest, EscapedDollarsComeBack) {
  for (std::string_view text : {"", "$", "a$b${c}", "$$"}) {
    EXPECT_EQ(expand(escape_dollars(text)).text, text);
  }
}

}  // namespace
}  // namespace logboom::config
