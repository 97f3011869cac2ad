#include "config/load.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/keys.hpp"
#include "config/units.hpp"

namespace logboom::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

std::vector<std::string> errors_of(const std::string& yaml) {
  return load_text(yaml, "f.yaml", {}).errors;
}

struct Wrong {
  std::string_view name;
  std::string_view yaml;
  std::string_view error;
};

std::ostream& operator<<(std::ostream& out, const Wrong& wrong) {
  return out << wrong.name;
}

class WrongFileTest : public testing::TestWithParam<Wrong> {};

TEST_P(WrongFileTest, IsReportedWithItsExactPosition) {
  EXPECT_THAT(errors_of(std::string{GetParam().yaml}), ElementsAre(GetParam().error));
}

constexpr std::string_view kDuration =
    "expected a duration with a unit (us, ms, s, m, h, d), such as 2s, not `";
constexpr Wrong kWrongFiles[] = {
    {"UnknownKey", "store:\n  durabilty: sync\n",
     "f.yaml:2:3: store.durabilty: unknown key, did you mean store.durability?"},
    {"UnknownSection", "\nstroe:\n  dir: x\n",
     "f.yaml:2:1: stroe: unknown key, did you mean store?"},
    {"KeyOfAnotherSection", "threads: 2\n",
     "f.yaml:1:1: threads: unknown key, did you mean server.threads?"},
    {"UnknownKeyLikeNothing", "log:\n  zzzzzzzzzzzz: 1\n",
     "f.yaml:2:3: log.zzzzzzzzzzzz: unknown key"},
    {"DottedKey", "server.threads: 2\n",
     "f.yaml:1:1: server.threads: is the form for --set; in a file the key stands inside its "
     "section"},
    {"DuplicateKey", "store:\n  dir: a\n  dir: b\n",
     "f.yaml:3:3: store.dir: duplicate key, already in line 2"},
    {"DuplicateSection", "log: {level: info}\nstore: {}\nlog: {format: text}\n",
     "f.yaml:3:1: log: duplicate key, already in line 1"},
    {"DurationWithoutUnit", "server:\n  overload_wait: 2\n",
     "f.yaml:2:18: server.overload_wait: expected a duration with a unit (us, ms, s, m, h, d), "
     "such "
     "as 2s, not `2`"},
    {"SizeWithoutUnit", "limits: {body: 100}\n",
     "f.yaml:1:16: limits.body: expected a size with a unit (B, KiB, MiB, GiB, TiB), such as "
     "64MiB, "
     "not `100`"},
    {"DurationOutOfRange", "server:\n  timeouts:\n    idle: 8d\n",
     "f.yaml:3:11: server.timeouts.idle: 8d is out of range: 10ms to 1d"},
    {"SizeOutOfRange", "limits:\n  header: 1GiB\n",
     "f.yaml:2:11: limits.header: 1GiB is out of range: 256B to 1MiB"},
    {"CountOutOfRange", "server:\n  threads: 5000\n",
     "f.yaml:2:12: server.threads: 5000 is out of range: 0 to 1024"},
    {"CountIsAWord", "server:\n  threads: many\n",
     "f.yaml:2:12: server.threads: expected a whole number, such as 4, not `many`"},
    {"UnknownChoice", "store:\n  durability: fsync\n",
     "f.yaml:2:15: store.durability: expected one of sync, write, memory, not `fsync`"},
    {"FlagIsYes", "arena:\n  wipe: yes\n",
     "f.yaml:2:9: arena.wipe: expected one of false, true, not `yes`"},
    {"WindowIsAWord", "store:\n  commit_window: never\n",
     "f.yaml:2:18: store.commit_window: expected a duration with a unit (us, ms, s, m, h, d), such "
     "as 2s, not `never`"},
    {"EmptyPath", "store:\n  dir: \"\"\n",
     "f.yaml:2:8: store.dir: expected a path, such as /var/lib/logboom, not nothing"},
    {"ScalarIsAList", "store:\n  durability: [sync]\n",
     "f.yaml:2:15: store.durability: expected a single value (sync | write | memory), such as "
     "sync, "
     "not a list"},
    {"ScalarIsAbsent", "log:\n  level:\n",
     "f.yaml:2:3: log.level: expected a single value (trace | debug | info | warn | error | off), "
     "such as info, not nothing"},
    {"SectionIsAScalar", "store: ./data\n",
     "f.yaml:1:8: store: expected a map of keys, such as dir: ..., not a single value"},
    {"FileIsAList", "- a\n- b\n", "f.yaml:1:1: expected sections, such as `store:`, not a list"},
    {"KeyIsAList", "? [a]\n: b\n", "f.yaml:1:3: expected a key, which is a plain word"},
    {"NotYaml", "store:\n  dir: [a\nlog:\n", "f.yaml:3:4: end of sequence flow not found"},
    {"TwoDocuments", "store: {}\n---\nstore: {}\n",
     "f.yaml:3:1: expected one YAML document, not 2"},
    {"UnsetVariable", "store:\n  dir: /var/${LOGBOOM_TEST_UNSET}\n",
     "f.yaml:2:8: store.dir: the environment variable LOGBOOM_TEST_UNSET is not set; "
     "${LOGBOOM_TEST_UNSET:-default} gives a default"},
    {"ListenIsAScalar", "server:\n  listen: 127.0.0.1:80\n",
     "f.yaml:2:11: server.listen: expected a list, such as [{address: \"127.0.0.1:8080\"}], not a "
     "single value"},
    {"ListenIsEmpty", "server:\n  listen: []\n",
     "f.yaml:2:11: server.listen: expected a list, such as [{address: \"127.0.0.1:8080\"}], not an "
     "empty one"},
    {"ListenerIsAScalar", "server:\n  listen: [\"127.0.0.1:80\"]\n",
     "f.yaml:2:12: server.listen[0]: expected a map, such as {address: \"127.0.0.1:8080\"}, not a "
     "single value"},
    {"ListenerWithoutAddress", "server:\n  listen: [{ack: store}]\n",
     "f.yaml:2:12: server.listen[0]: has no address, such as address: \"127.0.0.1:8080\""},
    {"ListenerWithWrongAddress", "server:\n  listen:\n    - address: \"127.0.0.1\"\n",
     "f.yaml:3:16: server.listen[0].address: expected ADDRESS:PORT, such as 127.0.0.1:8080 or "
     "[::1]:8080, not `127.0.0.1`"},
    {"ListenerWithUnknownKey", "server:\n  listen: [{adress: x, address: \"127.0.0.1:80\"}]\n",
     "f.yaml:2:13: server.listen[0].adress: unknown key, did you mean address?"},
    {"ListenerWithTls", "server:\n  listen:\n    - {address: \"127.0.0.1:80\", tls: {cert: x}}\n",
     "f.yaml:3:38: server.listen[0].tls: is not supported by this version; leave it out or at its "
     "default null"},
    {"ListenerWithLessAllowed",
     "server:\n  listen:\n    - {address: \"127.0.0.1:80\", allow: [ingest]}\n",
     "f.yaml:3:40: server.listen[0].allow: is not supported by this version; leave it out or at "
     "its "
     "default [ingest, read, admin]"},
    {"ListenerWithUnknownRole",
     "server:\n  listen:\n    - {address: \"127.0.0.1:80\", allow: [write]}\n",
     "f.yaml:3:41: server.listen[0].allow: expected some of [ingest, read, admin]"},
    {"ListenerWithAck", "server:\n  listen:\n    - {address: \"127.0.0.1:80\", ack: sinks}\n",
     "f.yaml:3:38: server.listen[0].ack: is not supported by this version; leave it out or at its "
     "default store"},
    {"ListenerTwice",
     "server:\n  listen: [{address: \"127.0.0.1:80\"}, {address: \"localhost:80\"}]\n",
     "f.yaml:2:49: server.listen[1].address: 127.0.0.1:80 is named twice"},
    {"WindowAboveTheTimeout", "store:\n  commit_timeout: 10ms\n  commit_window: 10ms\n",
     "f.yaml:3:18: store.commit_window: 10ms is not below store.commit_timeout, 10ms: requests "
     "would give up while their commit waits for company"},
    {"WallBelowASegment", "store:\n  max_bytes: 1MiB\n",
     "f.yaml:2:14: store.max_bytes: 1MiB is below store.segment.max_bytes, 64MiB: the store would "
     "be full before its first segment"},
    {"RetentionAboveTheWall", "store: {max_bytes: 1GiB, retention: {bytes: 2GiB}}\n",
     "f.yaml:1:45: store.retention.bytes: 2GiB is above store.max_bytes, 1GiB: the store would be "
     "full before anything is deleted"},
    {"RetentionWithoutUnit", "store:\n  retention:\n    age: 30\n",
     "f.yaml:3:10: store.retention.age: expected a duration with a unit (us, ms, s, m, h, d), such "
     "as 2s, not `30`"},
    {"Mask", "store:\n  mask: [password]\n",
     "f.yaml:2:9: store.mask: is not supported by this version; leave it out or at its default []"},
    {"Tokens", "auth:\n  tokens: [{name: a}]\n",
     "f.yaml:2:11: auth.tokens: is not supported by this version; leave it out or at its default "
     "[]"},
    {"TokensAreAMap", "auth:\n  tokens: {a: b}\n",
     "f.yaml:2:11: auth.tokens: expected a list, such as [], not a map"},
    {"Sinks", "sinks:\n  kafka: {type: kafka}\n",
     "f.yaml:2:3: sinks: is not supported by this version; leave it out or at its default {}"},
};

INSTANTIATE_TEST_SUITE_P(Load, WrongFileTest, testing::ValuesIn(kWrongFiles),
                         [](const auto& wrong) { return std::string{wrong.param.name}; });

TEST(LoadTest, ReportsAllErrorsInTheOrderOfTheFile) {
  EXPECT_THAT(errors_of("log:\n  level: loud\nnope: 1\nserver:\n  drain_delay: 5\n"),
              ElementsAre(testing::StartsWith("f.yaml:2:10: log.level: expected one of"),
                          "f.yaml:3:1: nope: unknown key",
                          "f.yaml:5:16: server.drain_delay: " + std::string{kDuration} + "5`"));
}

TEST(LoadTest, SaysWhereAKeyOfTheCommandLineContradictsAnother) {
  const std::vector<std::string> set{"store.max_bytes=1MiB"};
  EXPECT_THAT(load_text("", "f.yaml", set).errors,
              ElementsAre(testing::StartsWith(
                  "--set store.max_bytes: 1MiB is below store.segment.max_bytes, 64MiB")));
}

TEST(LoadTest, SaysNothingOfAContradictionToAWrongValue) {
  EXPECT_THAT(errors_of("store:\n  max_bytes: 1MiB\n  segment: {max_bytes: 1}\n"),
              ElementsAre(testing::StartsWith("f.yaml:3:24: store.segment.max_bytes: expected")));
}

TEST(LoadTest, LetsRetentionBeAboveAWallThatDropsTheOldest) {
  EXPECT_THAT(
      errors_of("store: {max_bytes: 1GiB, retention: {bytes: 2GiB}, on_full: drop_oldest}\n"),
      ElementsAre());
}

TEST(LoadTest, GivesEveryKeyItsDefaultWithoutAFile) {
  Loaded loaded = load("", {});
  ASSERT_THAT(loaded.errors, ElementsAre());
  const Settings& s = loaded.settings;
  EXPECT_THAT(s.server.listen, ElementsAre(Listen{"127.0.0.1", 8080}));
  EXPECT_EQ(s.server.threads, 0U);
  EXPECT_EQ(s.server.inflight_max, 256U << 20);
  EXPECT_EQ(s.server.overload_wait, 2s);
  EXPECT_EQ(s.server.drain_delay, 0s);
  EXPECT_EQ(s.server.drain_timeout, 30s);
  EXPECT_EQ(s.server.connections_max, 0U);
  EXPECT_EQ(s.server.timeouts.idle, 75s);
  EXPECT_EQ(s.server.timeouts.header, 10s);
  EXPECT_EQ(s.server.timeouts.body, 60s);
  EXPECT_EQ(s.server.timeouts.reply, 30s);
  EXPECT_EQ(s.limits.body, 100U << 20);
  EXPECT_EQ(s.limits.body_decoded, 100U << 20);
  EXPECT_EQ(s.limits.record, 1U << 20);
  EXPECT_EQ(s.limits.header, 64U << 10);
  EXPECT_EQ(s.limits.header_count, 100U);
  EXPECT_EQ(s.limits.json_depth, 64U);
  EXPECT_EQ(s.limits.attributes, 1000U);
  EXPECT_EQ(s.limits.on_oversize, handlers::RecordLimits::OnOversize::truncate);
  EXPECT_EQ(s.arena.allocator, Allocator::arena);
  EXPECT_EQ(s.arena.chunk, 64U << 10);
  EXPECT_EQ(s.arena.retained, std::nullopt);
  EXPECT_EQ(s.arena.large_blocks, 64U << 20);
  EXPECT_FALSE(s.arena.wipe);
}

TEST(LoadTest, GivesEveryStoreAndLogKeyItsDefault) {
  Settings s = defaults();
  EXPECT_EQ(s.store.dir, "./data");
  EXPECT_EQ(s.store.durability, store::Durability::sync);
  EXPECT_EQ(s.store.commit_window, std::nullopt);
  EXPECT_EQ(s.store.commit_timeout, 5s);
  EXPECT_EQ(s.store.segment.max_bytes, 64U << 20);
  EXPECT_EQ(s.store.segment.max_age, 10min);
  EXPECT_EQ(s.store.segment.compression, 3U);
  EXPECT_EQ(s.store.retention.age, 168h);
  EXPECT_EQ(s.store.retention.bytes, 0U);
  EXPECT_EQ(s.store.max_bytes, (SizeOrPercent{.bytes = 0, .percent = 80}));
  EXPECT_EQ(s.store.min_free, 1U << 30);
  EXPECT_EQ(s.store.on_full, store::OnFull::reject);
  EXPECT_EQ(s.store.rejected_max, 64U << 20);
  EXPECT_EQ(s.store.on_io_error, OnIoError::exit);
  EXPECT_EQ(s.log.level, LogLevel::info);
  EXPECT_EQ(s.log.format, LogFormat::text);
}

TEST(LoadTest, AcceptsItsOwnDefaults) {
  for (const Key& key : keys()) {
    Settings settings;
    EXPECT_EQ(
        key.codec.shape == Codec::Shape::listeners ? "" : key.codec.parse(settings, key.fallback),
        "")
        << key.path;
  }
}

TEST(LoadTest, ReadsNestedKeysInBlockAndFlowStyle) {
  Loaded loaded = load_text(
      "server:\n"
      "  listen:\n"
      "    - address: \"[::]:9000\"\n"
      "    - {address: 0.0.0.0:80, tls: null, allow: [admin, read, ingest], ack: store}\n"
      "  timeouts: {idle: 1s, header: 200ms}\n"
      "store:\n"
      "  commit_window: 300us\n"
      "  segment: {max_bytes: 1MiB}\n",
      "f.yaml", {});
  ASSERT_THAT(loaded.errors, ElementsAre());
  EXPECT_THAT(loaded.settings.server.listen,
              ElementsAre(Listen{"::", 9000}, Listen{"0.0.0.0", 80}));
  EXPECT_EQ(loaded.settings.server.timeouts.idle, 1s);
  EXPECT_EQ(loaded.settings.server.timeouts.header, 200ms);
  EXPECT_EQ(loaded.settings.server.timeouts.body, 60s);
  EXPECT_EQ(loaded.settings.store.commit_window, 300us);
  EXPECT_EQ(loaded.settings.store.segment.max_bytes, 1U << 20);
}

TEST(LoadTest, TakesEmptySectionsAndCommentsAsDefaults) {
  for (const char* yaml : {"", "# nothing\n", "---\n", "server:\nstore:\n  # dir: x\nsinks:\n"}) {
    EXPECT_THAT(errors_of(yaml), ElementsAre()) << yaml;
  }
}

TEST(LoadTest, ExpandsReferencesInValues) {
  setenv("LOGBOOM_TEST_PORT", "7000", 1);
  Loaded loaded = load_text(
      "server:\n  listen: [{address: \"127.0.0.1:${LOGBOOM_TEST_PORT}\"}]\n"
      "store:\n  dir: ${LOGBOOM_TEST_UNSET:-/srv}/a$$b\n",
      "f.yaml", {});
  ASSERT_THAT(loaded.errors, ElementsAre());
  EXPECT_EQ(loaded.settings.server.listen.front().port, 7000);
  EXPECT_EQ(loaded.settings.store.dir, "/srv/a$b");
}

TEST(LoadTest, KeepsTheDefaultOfAKeyWithAnError) {
  Loaded loaded = load_text("server:\n  threads: 5000\n", "f.yaml", {});
  EXPECT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.settings.server.threads, 0U);
}

TEST(LoadTest, SaysWhyAFileCannotBeRead) {
  EXPECT_THAT(load("/nonexistent/f.yaml", {}).errors,
              ElementsAre("/nonexistent/f.yaml: cannot read: No such file or directory"));
  EXPECT_THAT(load("/", {}).errors, ElementsAre("/: cannot read: Is a directory"));
}

TEST(LoadTest, ReadsAFile) {
  std::string path = testing::TempDir() + "logboom_load.yaml";
  std::ofstream(path) << "log: {level: debug}\n";
  Loaded loaded = load(path, {});
  std::filesystem::remove(path);
  ASSERT_THAT(loaded.errors, ElementsAre());
  EXPECT_EQ(loaded.settings.log.level, LogLevel::debug);
}

}  // namespace
}  // namespace logboom::config
