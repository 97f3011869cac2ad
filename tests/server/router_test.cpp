#include "server/router.hpp"

#include <gtest/gtest.h>

namespace logboom::server {
namespace {

TEST(RouterTest, PathsLoseRepeatedAndTrailingSlashes) {
  arena::Arena arena;
  EXPECT_EQ(normalise_path("/log", arena), "/log");
  EXPECT_EQ(normalise_path("//log//", arena), "/log");
  EXPECT_EQ(normalise_path("/", arena), "/");
  EXPECT_EQ(normalise_path("///", arena), "/");
  EXPECT_EQ(normalise_path("/a//b/", arena), "/a/b");
}

TEST(RouterTest, TheLogPathAndItsAliasesTakePostAndPut) {
  for (const char* path : {"/log", "/logs", "/"}) {
    for (const Method method : {Method::post, Method::put}) {
      const Routing routing = find_route(path, method);
      ASSERT_NE(routing.route, nullptr) << path;
      EXPECT_EQ(routing.route->endpoint, Endpoint::plain_log);
    }
  }
}

TEST(RouterTest, AMethodThatAPathDoesNotAnswerYieldsTheOnesItDoes) {
  EXPECT_EQ(find_route("/log", Method::get).allow, "POST, PUT, OPTIONS");
  EXPECT_EQ(find_route("/", Method::other).allow, "GET, HEAD, POST, PUT, OPTIONS");
  EXPECT_EQ(find_route("/metrics", Method::post).allow, "GET, HEAD, OPTIONS");
  EXPECT_TRUE(find_route("/nowhere", Method::get).allow.empty());
}

TEST(RouterTest, TheAsteriskStandsForAllPathsInOptionsOnly) {
  EXPECT_EQ(find_route("*", Method::options).allow, "GET, HEAD, POST, PUT, OPTIONS");
  EXPECT_TRUE(find_route("*", Method::get).allow.empty());
}

TEST(RouterTest, PagesThatTellOfTheServerAreForLoopbackClients) {
  EXPECT_EQ(find_route("/stats", Method::get).route->access, Access::loopback);
  EXPECT_EQ(find_route("/metrics", Method::head).route->access, Access::loopback);
  EXPECT_EQ(find_route("/readyz", Method::get).route->access, Access::anyone);
}

}  // namespace
}  // namespace logboom::server
