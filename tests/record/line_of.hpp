#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "record/json_record.hpp"
#include "tests/record/written_line.hpp"

namespace logboom::record {

inline constexpr std::int64_t kNow = 1'767'323'045'000'000'000;  // 2026-01-02T03:04:05Z

// Memory of exactly the size that the parser asks for. What stands behind the text could go on.
class Padded {
 public:
  explicit Padded(std::string_view text) : bytes_(text.begin(), text.end()) {
    constexpr std::string_view kBehind =
        R"(","k":1,"level":"info","b":true,"d":12.5,"message":"outside it"})";
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
inline std::string line_of(std::string_view json, JsonRecordParser& parser) {
  const Padded padded(json);
  LogRecord record;
  const JsonVerdict verdict = parser.parse(padded.text(), record);
  if (!verdict.valid()) return std::string(describe(verdict.fault));
  EXPECT_EQ(json[verdict.position - 1], '}') << "where the object ends in " << json;
  if (record.observed_timestamp_ns == kNoTime) record.observed_timestamp_ns = kNow;
  record.source = "json";
  return written_line(record);
}

inline std::string line_of(std::string_view json, JsonRecordOptions options = {.now_ns = kNow}) {
  arena::Arena arena;
  JsonRecordParser parser(arena, options);
  return line_of(json, parser);
}

}  // namespace logboom::record
