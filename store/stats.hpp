#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace logboom::store {

enum class State : std::uint8_t {
  accepting,
  full,    // no room for a new segment; goes on by itself when there is
  failed,  // a write or sync failed: a restart is needed
};

[[nodiscard]] constexpr std::string_view to_string(State state) noexcept {
  switch (state) {
    case State::accepting: return "accepting";
    case State::full: return "full";
    case State::failed: return "failed";
  }
  return "unknown";
}

// Counts by powers of two: bucket 0 holds the value 0, bucket i the values in [2^(i-1), 2^i).
struct HistogramCounts {
  static constexpr std::size_t kBuckets = 40;

  std::array<std::uint64_t, kBuckets> counts{};
  std::uint64_t sum = 0;

  [[nodiscard]] std::uint64_t total() const noexcept {
    std::uint64_t all = 0;
    for (const std::uint64_t count : counts) all += count;
    return all;
  }
  // The greatest whole number of the bucket that holds the q-th part (0 to 1) of all; 0 if empty.
  [[nodiscard]] std::uint64_t quantile(double q) const noexcept {
    const double rank = q * static_cast<double>(total());
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      seen += counts[i];
      if (seen != 0 && static_cast<double>(seen) >= rank) return upper_bound(i) - 1;
    }
    return 0;
  }
  // The exclusive upper bound of a bucket.
  [[nodiscard]] static std::uint64_t upper_bound(std::size_t bucket) noexcept {
    return std::uint64_t{1} << bucket;
  }
};

// Written by one thread, read by any. All accesses are relaxed: each count stands for itself.
class Histogram {
 public:
  void add(std::uint64_t value) noexcept {
    const auto width = static_cast<std::size_t>(std::bit_width(value));
    auto& count = counts_[width < counts_.size() ? width : counts_.size() - 1];
    count.fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
  }
  [[nodiscard]] HistogramCounts snapshot() const noexcept {
    HistogramCounts counts;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      counts.counts[i] = counts_[i].load(std::memory_order_relaxed);
    }
    counts.sum = sum_.load(std::memory_order_relaxed);
    return counts;
  }

 private:
  std::array<std::atomic<std::uint64_t>, HistogramCounts::kBuckets> counts_{};
  std::atomic<std::uint64_t> sum_{0};
};

// What recovery found and did when the store was opened.
struct RecoveryCounts {
  std::uint64_t segments = 0;           // that had not been closed
  std::uint64_t records = 0;            // in them
  std::uint64_t torn_tails = 0;         // cut off; never acknowledged in `sync`
  std::uint64_t damaged_regions = 0;    // within what had been durable
  std::uint64_t quarantined_bytes = 0;  // of either, kept in quarantine/
};

// A snapshot for /stats and /metrics. Counts are since the store was opened.
struct Stats {
  State state = State::accepting;
  std::string state_reason;  // why it is not accepting, else empty
  std::uint64_t commits = 0;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;                  // written as frames
  std::uint64_t files = 0;                  // of records
  std::uint64_t sealed_files = 0;           // of them
  std::uint64_t file_bytes = 0;             // what they take, with those that wait to be filled
  std::uint64_t limit_bytes = 0;            // what they may take: store.max_bytes
  std::uint64_t min_free_bytes = 0;         // what they are to leave free: store.min_free
  std::uint64_t filesystem_free_bytes = 0;  // 0, as the limit, if it cannot be told
  std::int64_t oldest_arrival_ns = 0;
  std::uint64_t last_seq = 0;       // of the last record that reached its durability
  std::uint64_t rejected_kept = 0;  // refused records written to rejected/
  std::uint64_t rejected_lost = 0;  // and those that could not be
  std::uint64_t sealed = 0;         // segments rewritten as sealed files
  std::uint64_t seal_failures = 0;  // and those left as they were
  std::uint64_t expired = 0;        // sealed files that retention has deleted
  std::uint64_t dropped = 0;        // and those deleted because the store was full
  std::uint64_t lost_records = 0;   // in either, that a cursor had not passed; summed over cursors
  HistogramCounts sync_us;          // one fdatasync, in microseconds
  HistogramCounts commit_us;        // from taking the chains to storing them, in microseconds
  HistogramCounts requests_per_commit;
  RecoveryCounts recovery;
};

}  // namespace logboom::store
