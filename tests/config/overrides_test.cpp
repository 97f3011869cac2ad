#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/keys.hpp"
#include "config/load.hpp"

namespace logboom::config {
namespace {

using testing::ElementsAre;

Loaded with(std::vector<std::string> overrides) {
  return load_text("", "", overrides);
}

TEST(OverrideTest, SetsAKeyOverTheFile) {
  std::vector<std::string> overrides{"store.durability=write"};
  Loaded loaded = load_text("store: {durability: memory, dir: x}\n", "f.yaml", overrides);
  ASSERT_THAT(loaded.errors, ElementsAre());
  EXPECT_EQ(loaded.settings.store.durability, store::Durability::write);
  EXPECT_EQ(loaded.settings.store.dir, "x");
}

TEST(OverrideTest, TakesTheLastOfSeveral) {
  EXPECT_EQ(with({"server.threads=2", "server.threads=3"}).settings.server.threads, 3U);
}

TEST(OverrideTest, ReplacesTheListOfListeners) {
  Loaded loaded = with({"server.listen=127.0.0.1:0,[::1]:9000"});
  ASSERT_THAT(loaded.errors, ElementsAre());
  EXPECT_THAT(loaded.settings.server.listen,
              ElementsAre(Listen{"127.0.0.1", 0}, Listen{"::1", 9000}));
}

TEST(OverrideTest, KeepsEqualsSignsInTheValue) {
  EXPECT_EQ(with({"store.dir=/a=b"}).settings.store.dir, "/a=b");
}

TEST(OverrideTest, CanSetEveryKeyToItsOwnDefault) {
  for (const Key& key : keys()) {
    if (key.codec.shape == Codec::Shape::listeners) continue;
    EXPECT_THAT(with({std::string{key.path} + "=" + std::string{key.fallback}}).errors,
                ElementsAre());
  }
}

TEST(OverrideTest, NamesTheKeyInErrors) {
  const std::pair<std::string, std::string> cases[] = {
      {"store.durabilty=write",
       "--set store.durabilty: unknown key, did you mean store.durability?"},
      {"stroe.durability=write",
       "--set stroe.durability: unknown key, did you mean store.durability?"},
      {"durability=write", "--set durability: unknown key, did you mean store.durability?"},
      {"nothing.like.it=1", "--set nothing.like.it: unknown key"},
      {"store=x", "--set store: is a section; set one of its keys, such as store.dir"},
      {"store.dir", "--set store.dir: expected key=value, such as store.durability=write"},
      {"", "--set : expected key=value, such as store.durability=write"},
      {"server.threads=5000", "--set server.threads: 5000 is out of range: 0 to 1024"},
      {"server.listen=127.0.0.1:1,x",
       "--set server.listen: expected ADDRESS:PORT, such as 127.0.0.1:8080 or [::1]:8080, not `x`"},
      {"store.dir=$X", "--set store.dir: a dollar is written $$, a variable ${NAME}"},
      {"store.mask=[password]",
       "--set store.mask: is not supported by this version; leave it out or at its default []"},
      {"auth.tokens=[a]",
       "--set auth.tokens: is not supported by this version; leave it out or at its default []"},
  };
  for (const auto& [override, error] : cases) {
    EXPECT_THAT(with({override}).errors, ElementsAre(error)) << override;
  }
}

}  // namespace
}  // namespace logboom::config
