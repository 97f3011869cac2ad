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
       "store.segment.max_bytes=1MiB", "store.segment.max_age=2m", "store.rejected_max=3MiB"}));
  EXPECT_EQ(options.dir, "/d");
  EXPECT_EQ(options.durability, store::Durability::memory);
  EXPECT_EQ(options.commit_window, 300us);
  EXPECT_EQ(options.segment_bytes_max, 1U << 20);
  EXPECT_EQ(options.segment_age_max, 2min);
  EXPECT_EQ(options.rejected_bytes_max, 3U << 20);
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

}  // namespace
}  // namespace logboom::config
