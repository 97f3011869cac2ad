#include "store/stats.hpp"

#include <gtest/gtest.h>

namespace logboom::store {
namespace {

TEST(HistogramTest, AQuantileIsTheGreatestValueOfTheBucketThatHoldsIt) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 100; ++value) histogram.add(value);
  const HistogramCounts counts = histogram.snapshot();
  EXPECT_EQ(counts.quantile(0.01), 1U);
  EXPECT_EQ(counts.quantile(0.5), 63U);
  EXPECT_EQ(counts.quantile(1.0), 127U);
}

TEST(HistogramTest, AnEmptyOneHasQuantileZeroAndSoHasOneOfZeros) {
  Histogram histogram;
  EXPECT_EQ(histogram.snapshot().quantile(0.99), 0U);
  histogram.add(0);
  EXPECT_EQ(histogram.snapshot().quantile(0.99), 0U);
  EXPECT_EQ(histogram.snapshot().total(), 1U);
}

}  // namespace
}  // namespace logboom::store
