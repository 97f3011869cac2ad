#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/keys.hpp"
#include "config/load.hpp"
#include "config/print.hpp"
#include "config/reference.hpp"
#include "config/schema.hpp"

namespace logboom::config {
namespace {

using testing::ElementsAre;

std::string contents(const char* path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(ExampleFileTest, IsWhatTheTableOfKeysSays) {
  EXPECT_EQ(contents(LOGBOOM_EXAMPLE_FILE), example_yaml()) << "write it again: ./dev generate";
}

TEST(SchemaTest, IsWhatTheTableOfKeysSays) {
  EXPECT_EQ(contents(LOGBOOM_SCHEMA_FILE), json_schema()) << "write it again: ./dev generate";
}

TEST(ReferencePageTest, IsWhatTheTableOfKeysSays) {
  EXPECT_EQ(contents(LOGBOOM_REFERENCE_FILE), reference_page()) << "write it again: ./dev generate";
}

TEST(ExampleFileTest, LoadsToTheDefaults) {
  Loaded loaded = load(LOGBOOM_EXAMPLE_FILE, {});
  ASSERT_THAT(loaded.errors, ElementsAre());
  EXPECT_EQ(print_settings(loaded.settings), print_settings(defaults()));
}

TEST(ExampleFileTest, StaysWithinAHundredColumns) {
  std::istringstream lines(example_yaml());
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
}

TEST(PrintTest, ReadsBackToTheSameSettings) {
  std::vector<std::string> overrides{"server.listen=0.0.0.0:80,[::1]:9000",
                                     "server.overload_wait=1500ms",
                                     "limits.record=12345B",
                                     "limits.on_oversize=reject",
                                     "arena.wipe=true",
                                     "store.dir=/a \"$$b\\\n'#: c",
                                     "store.commit_window=0",
                                     "store.durability=memory",
                                     "log.level=off"};
  Loaded first = load_text("", "", overrides);
  ASSERT_THAT(first.errors, ElementsAre());
  Loaded second = load_text(print_settings(first.settings), "printed.yaml", {});
  ASSERT_THAT(second.errors, ElementsAre());
  EXPECT_EQ(second.settings.store.dir, "/a \"$b\\\n'#: c");
  EXPECT_EQ(second.settings.server.listen, first.settings.server.listen);
  EXPECT_EQ(second.settings.limits.record, 12345U);
  EXPECT_EQ(print_settings(second.settings), print_settings(first.settings));
}

TEST(PrintTest, ShowsEveryKeyOnce) {
  std::string printed = print_settings(defaults());
  EXPECT_EQ(std::ranges::count(printed, '#'), std::ranges::count(keys(), true, &Key::inert));
  for (const Key& key : keys()) {
    std::string name{key.path.substr(key.path.rfind('.') + 1)};
    EXPECT_THAT(printed, testing::HasSubstr(name + ": ")) << key.path;
  }
}

}  // namespace
}  // namespace logboom::config
