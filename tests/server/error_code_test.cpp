#include "server/error_code.hpp"

#include <set>

#include <gtest/gtest.h>

namespace logboom::server {
namespace {

TEST(ErrorCodeTest, EachHasANameOfItsOwnAndThereAreNoMore) {
  std::set<std::string_view> names;
  for (std::size_t code = 0; code < kErrorCodes; ++code) {
    names.insert(to_string(static_cast<ErrorCode>(code)));
  }
  EXPECT_EQ(names.size(), kErrorCodes);
  EXPECT_EQ(names.count("unknown"), 0U);
  EXPECT_EQ(to_string(static_cast<ErrorCode>(kErrorCodes)), "unknown");
}

}  // namespace
}  // namespace logboom::server
