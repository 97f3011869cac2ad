#include "config/units.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace logboom::config {
namespace {

using namespace std::chrono_literals;

TEST(DurationTest, ReadsEveryUnit) {
  const std::pair<std::string_view, std::chrono::nanoseconds> cases[] = {
      {"0", 0s},    {"0s", 0s},     {"7ns", 7ns}, {"500us", 500us}, {"2ms", 2ms},
      {"75s", 75s}, {"10m", 10min}, {"12h", 12h}, {"7d", 168h}};
  for (auto [text, value] : cases) EXPECT_EQ(*parse_duration(text), value) << text;
}

TEST(DurationTest, RefusesWhatHasNoUnitOrNoNumber) {
  for (std::string_view text : {"2", "", "s", "2 s", "-1s", "1.5s", "2S", "1h30m", "2s "}) {
    auto parsed = parse_duration(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error(), testing::HasSubstr("such as 2s")) << text;
  }
}

TEST(DurationTest, SaturatesInsteadOfOverflowing) {
  EXPECT_EQ(*parse_duration("99999999999999999999d"), std::chrono::nanoseconds::max());
  EXPECT_EQ(*parse_duration("200000d"), std::chrono::nanoseconds::max());
}

TEST(DurationTest, IsWrittenSoThatItReadsBack) {
  for (auto value :
       std::initializer_list<std::chrono::nanoseconds>{0s, 1ns, 1500us, 75s, 90min, 72h}) {
    EXPECT_EQ(*parse_duration(format_duration(value)), value) << format_duration(value);
  }
  EXPECT_EQ(format_duration(168h), "7d");
}

TEST(SizeTest, ReadsBinaryAndDecimalUnits) {
  const std::pair<std::string_view, std::uint64_t> cases[] = {{"0", 0},
                                                              {"1B", 1},
                                                              {"64KiB", 65536},
                                                              {"64MiB", 67108864},
                                                              {"1GiB", 1ULL << 30},
                                                              {"2TiB", 2ULL << 40},
                                                              {"1kB", 1000},
                                                              {"5MB", 5000000},
                                                              {"3GB", 3000000000}};
  for (auto [text, value] : cases) EXPECT_EQ(*parse_size(text), value) << text;
}

TEST(SizeTest, RefusesWhatHasNoUnitOrNoNumber) {
  for (std::string_view text : {"64", "", "MiB", "64 MiB", "64mib", "-1B", "0.5GiB", "80%"}) {
    auto parsed = parse_size(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error(), testing::HasSubstr("such as 64MiB")) << text;
  }
}

TEST(SizeTest, SaturatesInsteadOfOverflowing) {
  EXPECT_EQ(*parse_size("99999999TiB"), std::uint64_t{1} * INT64_MAX);
}

TEST(SizeOrPercentTest, ReadsBothAndRefusesOtherShares) {
  EXPECT_EQ(*parse_size_or_percent("80%"), (SizeOrPercent{.bytes = 0, .percent = 80}));
  EXPECT_EQ(*parse_size_or_percent("1KiB"), (SizeOrPercent{.bytes = 1024, .percent = 0}));
  for (std::string_view text : {"0%", "101%", "80", "%", "80 %"}) {
    EXPECT_FALSE(parse_size_or_percent(text)) << text;
  }
}

TEST(AddressTest, ReadsNumericHostsOfBothFamilies) {
  EXPECT_EQ(*parse_address("127.0.0.1:8080"), (Listen{"127.0.0.1", 8080}));
  EXPECT_EQ(*parse_address("[::1]:0"), (Listen{"::1", 0}));
  EXPECT_EQ(*parse_address("localhost:80"), (Listen{"127.0.0.1", 80}));
}

TEST(AddressTest, RefusesNamesAndMissingParts) {
  for (std::string_view text : {"", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "::1:80",
                                "example.org:80", "127.0.0.1:http", "[127.0.0.1]:80", "1.2.3:80"}) {
    auto parsed = parse_address(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error(), testing::HasSubstr("such as 127.0.0.1:8080")) << text;
  }
  EXPECT_EQ(parse_address("127.0.0.1:65536").error(), "port 65536 is out of range: 0 to 65535");
}

TEST(AddressTest, IsWrittenSoThatItReadsBack) {
  for (std::string_view text : {"127.0.0.1:8080", "[::1]:9000"}) {
    EXPECT_EQ(format_address(*parse_address(text)), text);
  }
}

}  // namespace
}  // namespace logboom::config
