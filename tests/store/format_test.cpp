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
  const std::string payload("\x0c\0\0\0\x0b\0\0\0{\"body\":\"a\"}", 20);
  FrameHeader header;
  header.payload_bytes = payload.size();
  header.segment_id = 0xdeadbeefcafebabe;
  header.offset = kCommitAlignment;
  header.first_seq = 1;
  header.record_count = 1;
  header.arrival_ns = header.time_min_ns = header.time_max_ns = 1'795'342'500'123'456'789;
  header.durable_end = kCommitAlignment;
  header.payload_checksum = XXH3_64bits(payload.data(), payload.size());
  seal_header(header);
  const std::string frame =
      std::string(reinterpret_cast<const char*>(&header), sizeof header) + payload;
  EXPECT_EQ(bytes_on_the_page(), frame);
}

}  // namespace
}  // namespace logboom::store
