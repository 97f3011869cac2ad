#include "config/reload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/keys.hpp"
#include "config/load.hpp"

namespace logboom::config {
namespace {

using testing::ElementsAre;

Settings settings_with(std::vector<std::string> overrides) {
  Loaded loaded = load_text("", "", overrides);
  EXPECT_THAT(loaded.errors, ElementsAre());
  return loaded.settings;
}

TEST(ReloadTest, TakesWhatCanChangeAndNamesWhatCannot) {
  const Settings running = settings_with({"limits.body=1MiB", "store.dir=/a"});
  const Settings wanted = settings_with(
      {"limits.body=2MiB", "store.dir=/b", "log.format=json", "store.commit_window=0"});
  const Reload result = reload(running, wanted);
  EXPECT_THAT(result.changed, ElementsAre("limits.body: 1MiB -> 2MiB", "log.format: text -> json"));
  EXPECT_THAT(result.need_restart,
              ElementsAre("store.dir: \"/a\" -> \"/b\"", "store.commit_window: auto -> 0s"));
  EXPECT_EQ(result.settings.limits.body, 2U << 20);
  EXPECT_EQ(result.settings.log.format, LogFormat::json);
  EXPECT_EQ(result.settings.store.dir, "/a");
  EXPECT_FALSE(result.settings.store.commit_window);
}

TEST(ReloadTest, OfTheSameSettingsIsNothing) {
  const Reload result = reload(defaults(), defaults());
  EXPECT_THAT(result.changed, ElementsAre());
  EXPECT_THAT(result.need_restart, ElementsAre());
}

// A key's copy that changed another key, or nothing, would leave the log and the server apart.
TEST(ReloadTest, CopiesEveryKeyAndNoOther) {
  const Settings other = settings_with({"server.listen=127.0.0.1:1",
                                        "server.threads=3",
                                        "server.inflight_max=1MiB",
                                        "server.overload_wait=3s",
                                        "server.drain_delay=3s",
                                        "server.drain_timeout=3s",
                                        "server.connections_max=3",
                                        "server.timeouts.idle=3s",
                                        "server.timeouts.header=3s",
                                        "server.timeouts.body=3s",
                                        "server.timeouts.reply=3s",
                                        "limits.body=3MiB",
                                        "limits.body_decoded=3MiB",
                                        "limits.record=3MiB",
                                        "limits.header=3KiB",
                                        "limits.header_count=3",
                                        "limits.json_depth=3",
                                        "limits.attributes=3",
                                        "limits.on_oversize=reject",
                                        "arena.allocator=heap",
                                        "arena.chunk=8KiB",
                                        "arena.retained=8KiB",
                                        "arena.large_blocks=3MiB",
                                        "arena.wipe=true",
                                        "store.dir=/c",
                                        "store.lock_wait=3s",
                                        "store.durability=write",
                                        "store.commit_window=3ms",
                                        "store.commit_timeout=3s",
                                        "store.segment.max_bytes=3MiB",
                                        "store.segment.max_age=3s",
                                        "store.segment.compression=4",
                                        "store.retention.age=3s",
                                        "store.retention.bytes=3MiB",
                                        "store.max_bytes=3GiB",
                                        "store.min_free=3MiB",
                                        "store.on_full=drop_oldest",
                                        "store.rejected_max=3MiB",
                                        "store.on_io_error=reject",
                                        "log.level=warn",
                                        "log.format=json"});
  for (const Key& key : keys()) {
    if (key.inert()) continue;
    EXPECT_NE(key.codec.print(other), key.codec.print(defaults())) << key.path;
    Settings copied = defaults();
    key.codec.copy(other, copied);
    for (const Key& each : keys()) {
      const Settings& expected = each.path == key.path ? other : defaults();
      EXPECT_EQ(each.codec.print(copied), each.codec.print(expected)) << key.path;
    }
  }
}

}  // namespace
}  // namespace logboom::config
