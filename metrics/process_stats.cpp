#include "metrics/process_stats.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>

namespace logboom::metrics {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

void read_memory(ProcessStats& stats) {
  std::uint64_t pages = 0;
  std::uint64_t resident_pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident_pages;
  const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  stats.virtual_bytes = pages * page_bytes;
  stats.resident_bytes = resident_pages * page_bytes;
}

// Since Linux 6.2 the size of the folder is how many there are.
std::uint64_t count_descriptors() {
  struct stat folder {};
  if (::stat("/proc/self/fd", &folder) == 0 && folder.st_size > 0) {
    return static_cast<std::uint64_t>(folder.st_size);
  }
  std::error_code error;
  std::uint64_t listed = 0;
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end;
       at.increment(error)) {
    ++listed;
  }
  return listed > 0 ? listed - 1 : 0;  // not the one that lists them
}

// What follows the command's name in /proc/self/stat, which may have blanks and brackets itself.
std::istringstream own_stat() {
  std::ifstream file("/proc/self/stat");
  const std::string line(std::istreambuf_iterator<char>(file), {});
  const std::size_t name_end = line.rfind(')');
  return std::istringstream(name_end == line.npos ? std::string() : line.substr(name_end + 1));
}

}  // namespace

ProcessStats ProcessStats::read() {
  ProcessStats stats;
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) {
    stats.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }
  read_memory(stats);
  stats.descriptors = count_descriptors();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) stats.descriptors_max = limit.rlim_cur;
  return stats;
}

double process_start_seconds() {
  constexpr int kFieldsBetween = 19;  // from the name to starttime, see proc(5)
  std::istringstream stat = own_stat();
  std::string skipped;
  for (int i = 0; i < kFieldsBetween; ++i) stat >> skipped;
  std::uint64_t ticks = 0;
  timespec since_boot{};
  if (!(stat >> ticks) || ::clock_gettime(CLOCK_BOOTTIME, &since_boot) != 0) return 0;
  const double started = static_cast<double>(ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  const double up =
      static_cast<double>(since_boot.tv_sec) + static_cast<double>(since_boot.tv_nsec) / 1e9;
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  return now.count() - (up - started);
}

}  // namespace logboom::metrics
