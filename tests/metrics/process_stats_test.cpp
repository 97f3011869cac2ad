#include "metrics/process_stats.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

namespace logboom::metrics {
namespace {

TEST(ProcessStatsTest, EachDescriptorOpenedIsCounted) {
  const std::uint64_t before = ProcessStats::read().descriptors;
  std::vector<int> opened(10);
  std::generate(opened.begin(), opened.end(), [] { return ::open("/dev/null", O_RDONLY); });
  EXPECT_EQ(ProcessStats::read().descriptors, before + opened.size());
  for (const int descriptor : opened) ::close(descriptor);
  EXPECT_EQ(ProcessStats::read().descriptors, before);
}

TEST(ProcessStatsTest, WorkShowsInTheCpuTime) {
  const double before = ProcessStats::read().cpu_seconds;
  while (ProcessStats::read().cpu_seconds < before + 0.02) {
  }
}

TEST(ProcessStatsTest, MemoryThatIsWrittenIsResident) {
  const ProcessStats before = ProcessStats::read();
  // Not from the heap: a compiler may leave out an allocation that nobody reads.
  constexpr std::size_t kBytes = std::size_t{64} << 20;
  void* const block =
      ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(block, MAP_FAILED);
  std::memset(block, 'x', kBytes);
  const ProcessStats after = ProcessStats::read();
  ::munmap(block, kBytes);
  EXPECT_GE(after.resident_bytes, before.resident_bytes + kBytes / 2);
  EXPECT_GE(after.virtual_bytes, after.resident_bytes);
}

TEST(ProcessStatsTest, TheLimitOfDescriptorsIsTheSoftOne) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(ProcessStats::read().descriptors_max, limit.rlim_cur);
}

TEST(ProcessStatsTest, TheProcessStartedBeforeNowAndAfterTheEpoch) {
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  EXPECT_LE(process_start_seconds(), now.count());
  EXPECT_GT(process_start_seconds(), now.count() - 3600);
}

}  // namespace
}  // namespace logboom::metrics
