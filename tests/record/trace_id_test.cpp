#include "record/trace_id.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace logboom::record {
namespace {

struct Case {
  std::string_view text;
  IdForm form;
  std::string_view expected;
};

constexpr auto kHex = IdForm::hexadecimal;
constexpr auto kDecimal = IdForm::decimal;

TEST(TraceIdTest, NormalisesTraceIds) {
  const Case cases[] = {
      {"0af7651916cd43dd8448eb211c80319c", kHex, "0af7651916cd43dd8448eb211c80319c"},
      {"0AF7651916CD43DD8448EB211C80319C", kHex, "0af7651916cd43dd8448eb211c80319c"},
      {"0af76519-16cd-43dd-8448-eb211c80319C", kHex, "0af7651916cd43dd8448eb211c80319c"},
      {"B7AD6B7169203331", kHex, "0000000000000000b7ad6b7169203331"},
      {"13235353014750950193", kDecimal, "0000000000000000b7ad6b7169203331"},
      {"0af7651916cd43dd8448eb211c80319c", kDecimal, "0af7651916cd43dd8448eb211c80319c"},
      {"255", kDecimal, "000000000000000000000000000000ff"},
  };
  for (const Case& c : cases) {
    char room[kTraceIdDigits];
    EXPECT_EQ(normalise_trace_id(c.text, c.form, room), c.expected) << c.text;
  }
}

TEST(TraceIdTest, NormalisesSpanIds) {
  const Case cases[] = {
      {"b7ad6b7169203331", kHex, "b7ad6b7169203331"},
      {"B7AD6B7169203331", kHex, "b7ad6b7169203331"},
      {"13235353014750950193", kDecimal, "b7ad6b7169203331"},
      {"18446744073709551615", kDecimal, "ffffffffffffffff"},
  };
  for (const Case& c : cases) {
    char room[kSpanIdDigits];
    EXPECT_EQ(normalise_span_id(c.text, c.form, room), c.expected) << c.text;
  }
}

TEST(TraceIdTest, RefusesWhatIsNoId) {
  const Case cases[] = {
      {"", kHex, ""},
      {"00000000000000000000000000000000", kHex, ""},
      {"0000000000000000", kHex, ""},
      {"0af7651916cd43dd8448eb211c80319", kHex, ""},
      {"0af7651916cd43dd8448eb211c80319g", kHex, ""},
      {"0af76519016cd-43dd-8448-eb211c80319c", kHex, ""},
      {"0", kDecimal, ""},
      {"18446744073709551616", kDecimal, ""},
      {"12x", kDecimal, ""},
      {"", kDecimal, ""},
  };
  for (const Case& c : cases) {
    char room[kTraceIdDigits];
    EXPECT_EQ(normalise_trace_id(c.text, c.form, room), "") << c.text;
    EXPECT_EQ(normalise_span_id(c.text, c.form, room), "") << c.text;
  }
}

TEST(TraceIdTest, ReturnsNormalTextItself) {
  const std::string_view text = "0af7651916cd43dd8448eb211c80319c";
  char room[kTraceIdDigits];
  EXPECT_EQ(normalise_trace_id(text, kHex, room).data(), text.data());
}

}  // namespace
}  // namespace logboom::record
