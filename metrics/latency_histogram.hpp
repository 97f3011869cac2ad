#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "metrics/counter.hpp"

namespace logboom::metrics {

// How often each latency occurred, in buckets whose width is an eighth of their power of two, so
// that a quantile is off by at most 12.5 %. Covers 0 ns to about 73 minutes; longer counts as that.
// Written by one thread, read by any; the idea is that of HdrHistogram (http://hdrhistogram.org).
class LatencyHistogram {
 public:
  static constexpr std::size_t kStepBits = 3;
  static constexpr std::size_t kSteps = 1U << kStepBits;
  static constexpr std::size_t kPowers = 40;
  static constexpr std::size_t kBuckets = kPowers * kSteps;

  // Bucket counts added up over several histograms, at one moment each.
  struct Snapshot {
    std::array<std::uint64_t, kBuckets> buckets{};
    std::uint64_t count = 0;
    std::uint64_t sum_ns = 0;

    void add(const LatencyHistogram& histogram) noexcept;
    void add(const Snapshot& other) noexcept;
    // The upper edge of the bucket that holds the q-th part (0 to 1) of all values; 0 when empty.
    [[nodiscard]] std::chrono::nanoseconds quantile(double q) const noexcept;
    // How many values lay at or below `edge`, to the precision of a bucket.
    [[nodiscard]] std::uint64_t count_up_to(std::chrono::nanoseconds edge) const noexcept;
  };

  // Owner thread only.
  void record(std::chrono::nanoseconds latency) noexcept {
    const auto ns = static_cast<std::uint64_t>(latency.count() < 0 ? 0 : latency.count());
    buckets_[bucket_of(ns)].add();
    sum_ns_.add(ns);
  }

  [[nodiscard]] static constexpr std::size_t bucket_of(std::uint64_t ns) noexcept {
    if (ns < kSteps) return ns;
    const auto power = static_cast<std::size_t>(std::bit_width(ns)) - 1;
    const std::size_t step = (ns >> (power - kStepBits)) & (kSteps - 1);
    const std::size_t bucket = (power - kStepBits + 1) * kSteps + step;
    return bucket < kBuckets ? bucket : kBuckets - 1;
  }
  // The largest value that falls into the bucket.
  [[nodiscard]] static constexpr std::uint64_t upper_edge_ns(std::size_t bucket) noexcept {
    if (bucket < kSteps) return bucket;
    const std::size_t shift = bucket / kSteps - 1;
    return ((kSteps + bucket % kSteps + 1) << shift) - 1;
  }

 private:
  std::array<Counter, kBuckets> buckets_;
  Counter sum_ns_;
};

}  // namespace logboom::metrics
