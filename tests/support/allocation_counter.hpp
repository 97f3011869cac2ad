#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace logboom::support {

// The kinds of allocation that are told apart. zero_allocation_test.py knows the same order.
enum class AllocationKind : std::uint32_t { malloc, calloc, realloc, aligned, operator_new, mmap };

inline constexpr std::size_t kAllocationKinds = 6;
inline constexpr std::size_t kTracesMax = 16;
inline constexpr std::size_t kFramesMax = 24;

// Where one of the first counted allocations came from. Addresses are those of the process.
struct AllocationTrace {
  std::uint64_t kind;
  std::uint64_t bytes;
  std::uint64_t frame_count;
  std::uint64_t frames[kFramesMax];
};

// The file named by LOGBOOM_ALLOC_COUNTER, mapped by the counted process and by the test alike.
// The test zeroes all but `armed`, then sets `armed` to 1; only then is anything
// counted, by any thread of the process. Native byte order.
struct AllocationCounts {
  std::atomic<std::uint64_t> armed;
  std::atomic<std::uint64_t> reads;  // calls of recv() and read() and their like while armed
  std::atomic<std::uint64_t> traces_taken;
  std::atomic<std::uint64_t> counts[kAllocationKinds];
  std::atomic<std::uint64_t> bytes;  // asked for by all that is counted
  AllocationTrace traces[kTracesMax];
};

}  // namespace logboom::support
