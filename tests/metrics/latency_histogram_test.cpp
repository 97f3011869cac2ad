#include "metrics/latency_histogram.hpp"

#include <gtest/gtest.h>

namespace logboom::metrics {
namespace {

using std::chrono::nanoseconds;

TEST(LatencyHistogramTest, EveryValueLiesInTheBucketWhoseEdgesHoldIt) {
  for (std::uint64_t ns = 0; ns < 1'000'000; ns += 1 + ns / 50) {
    const std::size_t bucket = LatencyHistogram::bucket_of(ns);
    EXPECT_LE(ns, LatencyHistogram::upper_edge_ns(bucket)) << ns;
    if (bucket > 0) {
      EXPECT_GT(ns, LatencyHistogram::upper_edge_ns(bucket - 1)) << ns;
    }
  }
}

TEST(LatencyHistogramTest, QuantileIsAtMostAnEighthAboveTheTrueValue) {
  LatencyHistogram histogram;
  for (int i = 1; i <= 1000; ++i) histogram.record(nanoseconds(i * 1000));
  LatencyHistogram::Snapshot snapshot;
  snapshot.add(histogram);
  EXPECT_EQ(snapshot.count, 1000U);
  EXPECT_GE(snapshot.quantile(0.5).count(), 500'000);
  EXPECT_LE(snapshot.quantile(0.5).count(), 562'500);
  EXPECT_GE(snapshot.quantile(1.0).count(), 1'000'000);
}

TEST(LatencyHistogramTest, SnapshotsOfSeveralThreadsAddUp) {
  LatencyHistogram first;
  LatencyHistogram second;
  first.record(nanoseconds(10));
  second.record(nanoseconds(3'000'000));
  LatencyHistogram::Snapshot snapshot;
  snapshot.add(first);
  snapshot.add(second);
  EXPECT_EQ(snapshot.count, 2U);
  EXPECT_EQ(snapshot.sum_ns, 3'000'010U);
  EXPECT_EQ(snapshot.count_up_to(nanoseconds(1000)), 1U);
}

TEST(LatencyHistogramTest, AnEmptyHistogramHasQuantileZeroAndAHugeValueTheLastBucket) {
  LatencyHistogram histogram;
  LatencyHistogram::Snapshot snapshot;
  EXPECT_EQ(snapshot.quantile(0.99).count(), 0);
  histogram.record(std::chrono::hours(100));
  snapshot.add(histogram);
  EXPECT_EQ(
      snapshot.quantile(0.99).count(),
      static_cast<std::int64_t>(LatencyHistogram::upper_edge_ns(LatencyHistogram::kBuckets - 1)));
}

}  // namespace
}  // namespace logboom::metrics
