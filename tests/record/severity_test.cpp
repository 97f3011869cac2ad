#include "record/severity.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace logboom::record {
namespace {

struct Case {
  std::string_view word;
  int number;
};

TEST(SeverityTest, ReadsWordsInAnyCase) {
  const Case cases[] = {{"trace", 1},  {"TRC", 1},      {"finest", 1},      {"verbose", 5},
                        {"debug", 5},  {"DBG", 5},      {"fine", 5},        {"d", 5},
                        {"info", 9},   {"INFO", 9},     {"Information", 9}, {"informational", 9},
                        {"inf", 9},    {"I", 9},        {"log", 9},         {"notice", 10},
                        {"warn", 13},  {"Warning", 13}, {"WRN", 13},        {"w", 13},
                        {"error", 17}, {"err", 17},     {"E", 17},          {"severe", 17},
                        {"fail", 17},  {"crit", 18},    {"CRITICAL", 18},   {"alert", 19},
                        {"fatal", 21}, {"panic", 21},   {"emerg", 21},      {"Emergency", 21},
                        {"TRACE3", 3}, {"info2", 10},   {"FATAL4", 24},     {" info ", 9},
                        {"30", 9}};
  for (const Case& c : cases) {
    EXPECT_EQ(severity_from_word(c.word, SeverityScale::logger), c.number) << c.word;
  }
}

TEST(SeverityTest, RefusesOtherWords) {
  for (const std::string_view word : {"", " ", "banana", "warnings", "INFO5", "information-al",
                                      "a very long word indeed", "1x"}) {
    EXPECT_EQ(severity_from_word(word, SeverityScale::logger_syslog), kSeverityAbsent) << word;
  }
}

TEST(SeverityTest, ReadsNumbersOnTheirScale) {
  for (int level = 10; level <= 60; level += 10) {
    const int expected = (level / 10 - 1) * 4 + 1;
    EXPECT_EQ(severity_from_digits(std::to_string(level), SeverityScale::logger), expected);
  }
  const int syslog[] = {21, 19, 18, 17, 13, 10, 9, 5};
  for (int level = 0; level < 8; ++level) {
    const std::string digits = std::to_string(level);
    EXPECT_EQ(severity_from_digits(digits, SeverityScale::logger_syslog), syslog[level]);
    EXPECT_EQ(severity_from_digits(digits, SeverityScale::logger), kSeverityAbsent);
  }
  EXPECT_EQ(severity_from_digits("24", SeverityScale::open_telemetry), 24);
  EXPECT_EQ(severity_from_digits("25", SeverityScale::open_telemetry), kSeverityAbsent);
  for (const std::string_view digits : {"", "70", "15", "8", "-1", "1.0", "100"}) {
    EXPECT_EQ(severity_from_digits(digits, SeverityScale::logger_syslog), kSeverityAbsent);
  }
}

TEST(SeverityTest, NamesAreTheDataModels) {
  EXPECT_EQ(severity_name(1), "TRACE");
  EXPECT_EQ(severity_name(18), "ERROR2");
  EXPECT_EQ(severity_name(24), "FATAL4");
  EXPECT_EQ(severity_name(0), "");
  EXPECT_EQ(severity_name(25), "");
}

}  // namespace
}  // namespace logboom::record
