#include "server/elastic_banner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace logboom::server {
namespace {

TEST(ElasticBannerTest, HasTheVersionThatTheClientExpects) {
  const struct {
    std::string_view user_agent;
    std::string_view version;
  } cases[] = {
      {"", "8.15.0"},
      {"Vector/0.43.0", "8.15.0"},
      {"Elastic-filebeat/8.17.1 (linux; amd64)", "8.17.1"},
      {"elasticsearch-js/9.0.0 (linux)", "9.0.0"},
      {"elasticsearch-py/7.17.0", "7.17.0"},
      {"Elastic-filebeat", "8.15.0"},
      {"Elastic-filebeat/", "8.15.0"},
      {"Elastic-filebeat/8..1", "8.15.0"},
      {"Elastic-filebeat/8.1", "8.15.0"},
      {"Elastic-filebeat/\"8.1.1", "8.15.0"},
      {"Elastic-filebeat/8.1.11111111111111111", "8.15.0"},
  };
  arena::Arena arena;
  for (const auto& c : cases) {
    EXPECT_THAT(std::string(elastic_banner(c.user_agent, arena).body),
                testing::HasSubstr("\"number\":\"" + std::string(c.version) + '"'))
        << c.user_agent;
  }
}

}  // namespace
}  // namespace logboom::server
