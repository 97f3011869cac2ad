#include "config/module_options.hpp"

#include <gtest/gtest.h>

#include "config/load.hpp"

namespace logboom::config {
namespace {

using namespace std::chrono_literals;

Settings with(std::vector<std::string> overrides) {
  Loaded loaded = load("", overrides);
  EXPECT_TRUE(loaded.ok());
  return loaded.settings;
}

TEST(StoreOptionsTest, TakesEveryStoreSetting) {
  store::Options options = store_options(with(
      {"store.dir=/d", "store.durability=memory", "store.commit_window=300us",
       "store.segment.max_bytes=1MiB", "store.segment.max_age=2m", "store.segment.compression=7",
       "store.rejected_max=3MiB", "store.max_bytes=5GiB", "store.min_free=2MiB",
       "store.on_full=drop_oldest", "store.retention.age=3h", "store.retention.bytes=4GiB"}));
  EXPECT_EQ(options.dir, "/d");
  EXPECT_EQ(options.durability, store::Durability::memory);
  EXPECT_EQ(options.commit_window, 300us);
  EXPECT_EQ(options.segment_bytes_max, 1U << 20);
  EXPECT_EQ(options.segment_age_max, 2min);
  EXPECT_EQ(options.rejected_bytes_max, 3U << 20);
  EXPECT_EQ(options.compression, 7);
  EXPECT_EQ(options.limits.wall.bytes_max, std::uint64_t{5} << 30);
  EXPECT_EQ(options.limits.wall.percent_max, 0U);
  EXPECT_EQ(options.limits.wall.free_bytes_min, 2U << 20);
  EXPECT_EQ(options.limits.on_full, store::OnFull::drop_oldest);
  EXPECT_EQ(options.limits.retention.age, 3h);
  EXPECT_EQ(options.limits.retention.bytes_max, std::uint64_t{4} << 30);
}

TEST(StoreOptionsTest, WaitsForTheLockIfItTakesOverOrIsToldTo) {
  EXPECT_EQ(store_options(defaults()).lock_wait, 0ms);
  EXPECT_EQ(store_options(with({"store.lock_wait=3s"})).lock_wait, 3s);
  const Settings drains = with({"server.drain_delay=2s", "server.drain_timeout=20s"});
  EXPECT_EQ(store_options(drains, true).lock_wait, 32s);
  EXPECT_EQ(store_options(with({"store.lock_wait=0"}), true).lock_wait, 0ms);
}

TEST(StoreOptionsTest, TellsAutoFromNever) {
  EXPECT_LT(store_options(with({"store.commit_window=auto"})).commit_window, 0us);
  EXPECT_EQ(store_options(with({"store.commit_window=0"})).commit_window, 0us);
}

TEST(StoreOptionsTest, RoundsTimesUp) {
  store::Options options =
      store_options(with({"store.commit_window=1500ns", "store.segment.max_age=1500ms"}));
  EXPECT_EQ(options.commit_window, 2us);
  EXPECT_EQ(options.segment_age_max, 2s);
}

// Each module's own defaults and the configuration's are the same.
TEST(StoreOptionsTest, DefaultsAreTheStoresOwn) {
  store::Options ours = store_options(defaults());
  store::Options own;
  EXPECT_EQ(ours.dir, own.dir);
  EXPECT_EQ(ours.durability, own.durability);
  EXPECT_EQ(ours.commit_window, own.commit_window);
  EXPECT_EQ(ours.segment_bytes_max, own.segment_bytes_max);
  EXPECT_EQ(ours.segment_age_max, own.segment_age_max);
  EXPECT_EQ(ours.rejected_bytes_max, own.rejected_bytes_max);
  EXPECT_EQ(ours.compression, own.compression);
  EXPECT_EQ(ours.limits.wall.bytes_max, own.limits.wall.bytes_max);
  EXPECT_EQ(ours.limits.wall.percent_max, own.limits.wall.percent_max);
  EXPECT_EQ(ours.limits.wall.free_bytes_min, own.limits.wall.free_bytes_min);
  EXPECT_EQ(ours.limits.on_full, own.limits.on_full);
  EXPECT_EQ(ours.limits.retention.age, own.limits.retention.age);
  EXPECT_EQ(ours.limits.retention.bytes_max, own.limits.retention.bytes_max);
}

TEST(RecordLimitsTest, TakesEveryLimitOfARecord) {
  handlers::RecordLimits limits =
      record_limits(with({"limits.record=1000B", "limits.json_depth=7", "limits.attributes=8",
                          "limits.on_oversize=reject"}));
  EXPECT_EQ(limits.record_bytes_max, 1000U);
  EXPECT_EQ(limits.json_depth_max, 7U);
  EXPECT_EQ(limits.attributes_max, 8U);
  EXPECT_EQ(limits.on_oversize, handlers::RecordLimits::OnOversize::reject);
}

TEST(RecordLimitsTest, DefaultsAreTheHandlersOwn) {
  handlers::RecordLimits ours = record_limits(defaults());
  handlers::RecordLimits own;
  EXPECT_EQ(ours.record_bytes_max, own.record_bytes_max);
  EXPECT_EQ(ours.json_depth_max, own.json_depth_max);
  EXPECT_EQ(ours.attributes_max, own.attributes_max);
  EXPECT_EQ(ours.on_oversize, own.on_oversize);
}

TEST(ServerOptionsTest, TakesEveryServerSetting) {
  const Settings settings =
      with({"server.listen=127.0.0.1:1,[::1]:2", "server.threads=3", "server.inflight_max=5MiB",
            "server.overload_wait=7ms", "server.drain_delay=8ms", "server.drain_timeout=9ms",
            "server.connections_max=10", "server.timeouts.idle=11ms", "server.timeouts.header=12ms",
            "server.timeouts.body=13ms", "server.timeouts.reply=14ms", "store.commit_timeout=15ms",
            "limits.body=2MiB", "limits.header=5KiB", "limits.header_count=16",
            "store.durability=memory", "store.on_io_error=reject"});
  const server::Options options = server_options(settings);
  const server::Settings ours = server_settings(settings);
  EXPECT_EQ(options.listen, (std::vector<std::string>{"127.0.0.1:1", "[::1]:2"}));
  EXPECT_EQ(options.threads, 3U);
  EXPECT_EQ(ours.inflight_bytes_max, 5U << 20);
  EXPECT_EQ(ours.overload_wait, 7ms);
  EXPECT_EQ(ours.drain_delay, 8ms);
  EXPECT_EQ(ours.drain_timeout, 9ms);
  EXPECT_EQ(ours.connections_max, 10U);
  EXPECT_EQ(ours.timeouts.idle, 11ms);
  EXPECT_EQ(ours.timeouts.header, 12ms);
  EXPECT_EQ(ours.timeouts.body, 13ms);
  EXPECT_EQ(ours.timeouts.reply, 14ms);
  EXPECT_EQ(ours.commit_timeout, 15ms);
  EXPECT_EQ(ours.limits.body_bytes_max, 2U << 20);
  EXPECT_EQ(ours.limits.head.header_bytes_max, 5U << 10);
  EXPECT_EQ(ours.limits.head.header_count_max, 16U);
  EXPECT_TRUE(options.acknowledge_before_commit);
  EXPECT_FALSE(ours.exit_on_store_failure);
}

TEST(ServerOptionsTest, DefaultsAreTheServersOwn) {
  server::Options ours = server_options(defaults());
  server::Options own;
  server::Settings our_settings = server_settings(defaults());
  server::Settings own_settings;
  EXPECT_EQ(ours.listen, own.listen);
  EXPECT_EQ(ours.threads, own.threads);
  EXPECT_EQ(our_settings.inflight_bytes_max, own_settings.inflight_bytes_max);
  EXPECT_EQ(our_settings.overload_wait, own_settings.overload_wait);
  EXPECT_EQ(our_settings.drain_timeout, own_settings.drain_timeout);
  EXPECT_EQ(our_settings.commit_timeout, own_settings.commit_timeout);
  EXPECT_EQ(our_settings.timeouts.idle, own_settings.timeouts.idle);
  EXPECT_EQ(our_settings.timeouts.header, own_settings.timeouts.header);
  EXPECT_EQ(our_settings.timeouts.body, own_settings.timeouts.body);
  EXPECT_EQ(our_settings.timeouts.reply, own_settings.timeouts.reply);
  EXPECT_EQ(our_settings.limits.body_bytes_max, own_settings.limits.body_bytes_max);
  EXPECT_EQ(our_settings.limits.head.header_bytes_max, own_settings.limits.head.header_bytes_max);
  EXPECT_EQ(ours.acknowledge_before_commit, own.acknowledge_before_commit);
  EXPECT_EQ(our_settings.exit_on_store_failure, own_settings.exit_on_store_failure);
}

TEST(PoolOptionsTest, HasAnArenaForEachChunkOfTheBudgetAndForEachThread) {
  const arena::ArenaPoolOptions options = pool_options(
      with({"server.inflight_max=64MiB", "arena.chunk=64KiB", "arena.allocator=heap"}), 2);
  EXPECT_EQ(options.capacity, 1024U + 2U);
  EXPECT_EQ(options.arena.chunk_bytes, 64U << 10);
  EXPECT_EQ(options.arena.mode, arena::ArenaMode::heap);
  EXPECT_EQ(pool_options(with({"server.inflight_max=64KiB"}), 2).capacity, 18U);
}

TEST(PoolOptionsTest, RetainsTenChunksOfAnySizeUnlessTold) {
  EXPECT_EQ(pool_options(with({"arena.chunk=1MiB"}), 2).arena.retained_bytes, std::nullopt);
  EXPECT_EQ(pool_options(with({"arena.retained=2MiB"}), 2).arena.retained_bytes, 2U << 20);
  EXPECT_EQ(pool_options(with({"arena.retained=0"}), 2).arena.retained_bytes, 0U);
}

}  // namespace
}  // namespace logboom::config
