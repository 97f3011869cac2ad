#include "server/elastic_banner.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace logboom::server {
namespace {

constexpr std::string_view kDefaultVersion = "8.15.0";
constexpr std::size_t kVersionBytesMax = 16;

// Three numbers with points between.
bool is_version(std::string_view text) {
  return text.size() <= kVersionBytesMax && std::count(text.begin(), text.end(), '.') == 2 &&
         !text.starts_with('.') && !text.ends_with('.') && text.find("..") == text.npos;
}

// `Elastic-filebeat/8.17.1 (...)` and `elasticsearch-js/9.0.0 (...)` have 8.17.1 and 9.0.0.
std::string_view version_for(std::string_view user_agent) {
  if (!user_agent.starts_with("Elastic-") && !user_agent.starts_with("elasticsearch-")) {
    return kDefaultVersion;
  }
  user_agent.remove_prefix(std::min(user_agent.find('/') + 1, user_agent.size()));
  const std::string_view version =
      user_agent.substr(0, user_agent.find_first_not_of("0123456789."));
  return is_version(version) ? version : kDefaultVersion;
}

}  // namespace

Reply elastic_banner(std::string_view user_agent, arena::Arena& arena) {
  Reply reply;
  reply.extra_headers = "X-Elastic-Product: Elasticsearch\r\n";
  reply.body = arena.copy(fmt::format(
      R"({{"name":"logboom","cluster_name":"logboom","cluster_uuid":"AAAAAAAAAAAAAAAAAAAAAA",)"
      R"("version":{{"number":"{}","build_flavor":"default","build_type":"tar",)"
      R"("build_hash":"0000000","build_date":"2024-08-01T00:00:00Z","build_snapshot":false,)"
      R"("lucene_version":"9.11.1","minimum_wire_compatibility_version":"7.17.0",)"
      R"("minimum_index_compatibility_version":"7.0.0"}},"tagline":"You Know, for Search"}})"
      "\n",
      version_for(user_agent)));
  return reply;
}

}  // namespace logboom::server
