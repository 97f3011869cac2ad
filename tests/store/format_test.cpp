#include "store/format.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace logboom::store {
namespace {

// The bytes of the example in docs/store-format.md: lines of an offset, two times eight bytes in
// hex and a remark.
std::string bytes_on_the_page() {
  std::ifstream page(LOGBOOM_FORMAT_PAGE);
  EXPECT_TRUE(page.is_open()) << LOGBOOM_FORMAT_PAGE;
  std::string bytes;
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("000010")) continue;
    for (std::size_t at = 10; at + 2 <= std::min<std::size_t>(line.size(), 58); at += 3) {
      if (line[at] == ' ') ++at;
      if (std::isxdigit(static_cast<unsigned char>(line[at])) == 0) break;
      bytes += static_cast<char>(std::strtoul(line.substr(at, 2).c_str(), nullptr, 16));
    }
  }
  return bytes;
}

TEST(FormatTest, TheExampleOnThePageIsRightToTheByte) {
  const std::string text = ",\"body\":\"a\"}";
  constexpr std::int64_t kArrival = 1'795'342'500'123'456'789;
  const RecordHead head{static_cast<std::uint32_t>(text.size()),
                        static_cast<std::uint32_t>(text.size() - 1),
                        {.observed_ns = kArrival}};
  const std::string payload = std::string(reinterpret_cast<const char*>(&head), sizeof head) + text;
  FrameHeader header;
  header.payload_bytes = payload.size();
  header.segment_id = 0xdeadbeefcafebabe;
  header.offset = kCommitAlignment;
  header.first_seq = 1;
  header.record_count = 1;
  header.arrival_ns = header.time_min_ns = header.time_max_ns = kArrival;
  header.durable_end = kCommitAlignment;
  header.payload_checksum = XXH3_64bits(payload.data(), payload.size());
  seal_header(header);
  const std::string frame =
      std::string(reinterpret_cast<const char*>(&header), sizeof header) + payload;
  EXPECT_EQ(bytes_on_the_page(), frame);
}

}  // namespace
}  // namespace logboom::store
