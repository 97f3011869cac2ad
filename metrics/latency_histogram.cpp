#include "metrics/latency_histogram.hpp"

#include <cmath>

namespace logboom::metrics {

void LatencyHistogram::Snapshot::add(const LatencyHistogram& histogram) noexcept {
  for (std::size_t i = 0; i < kBuckets; ++i) {
    const std::uint64_t here = histogram.buckets_[i].value();
    buckets[i] += here;
    count += here;
  }
  sum_ns += histogram.sum_ns_.value();
}

void LatencyHistogram::Snapshot::add(const Snapshot& other) noexcept {
  for (std::size_t i = 0; i < kBuckets; ++i) buckets[i] += other.buckets[i];
  count += other.count;
  sum_ns += other.sum_ns;
}

std::chrono::nanoseconds LatencyHistogram::Snapshot::quantile(double q) const noexcept {
  if (count == 0) return std::chrono::nanoseconds{0};
  const auto rank = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(count)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += buckets[i];
    if (seen >= rank && seen > 0) return std::chrono::nanoseconds(upper_edge_ns(i));
  }
  return std::chrono::nanoseconds(upper_edge_ns(kBuckets - 1));
}

std::uint64_t LatencyHistogram::Snapshot::count_up_to(
    std::chrono::nanoseconds edge) const noexcept {
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    if (upper_edge_ns(i) > static_cast<std::uint64_t>(edge.count())) break;
    seen += buckets[i];
  }
  return seen;
}

}  // namespace logboom::metrics
