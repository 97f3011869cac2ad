#include "store/stored_files.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace logboom::store {

namespace {

constexpr std::string_view kSegments = "segments";
constexpr std::string_view kSealed = "sealed";
constexpr std::size_t kSeqDigits = 20;
// What nanoseconds since 1970 reach.
constexpr int kYearMin = 1970;
constexpr int kYearEnd = 2262;
constexpr std::size_t kArrivalChars = std::string_view("20261122T101500.123Z").size();

std::tm utc_of(std::int64_t arrival_ns) {
  const std::time_t seconds = arrival_ns / 1'000'000'000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return utc;
}

std::string arrival_text(std::int64_t arrival_ns) {
  const std::tm utc = utc_of(arrival_ns);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}.{:03}Z", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                     arrival_ns / 1'000'000 % 1000);
}

// Takes the parts of a name from its front. After the first that is not there, ok() is false.
class NameReader {
 public:
  explicit NameReader(std::string_view name) : rest_(name) {}

  std::int64_t arrival() {
    if (rest_.size() < kArrivalChars) return fail();
    std::tm utc{};
    utc.tm_year = static_cast<int>(digits(0, 4)) - 1900;
    utc.tm_mon = static_cast<int>(digits(4, 2)) - 1;
    utc.tm_mday = static_cast<int>(digits(6, 2));
    utc.tm_hour = static_cast<int>(digits(9, 2));
    utc.tm_min = static_cast<int>(digits(11, 2));
    utc.tm_sec = static_cast<int>(digits(13, 2));
    const auto milliseconds = static_cast<std::int64_t>(digits(16, 3));
    ok_ = ok_ && rest_[8] == 'T' && rest_[15] == '.' && rest_[19] == 'Z';
    ok_ = ok_ && utc.tm_year + 1900 >= kYearMin && utc.tm_year + 1900 < kYearEnd;
    rest_.remove_prefix(kArrivalChars);
    if (!ok_) return 0;
    return ::timegm(&utc) * 1'000'000'000 + milliseconds * 1'000'000;
  }
  std::uint64_t seq() {
    if (rest_.size() < kSeqDigits) return static_cast<std::uint64_t>(fail());
    const std::uint64_t value = digits(0, kSeqDigits);
    rest_.remove_prefix(kSeqDigits);
    return value;
  }
  void skip(std::string_view text) {
    ok_ = ok_ && rest_.starts_with(text);
    rest_.remove_prefix(std::min(rest_.size(), text.size()));
  }
  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] bool at_end() const noexcept { return ok_ && rest_.empty(); }

 private:
  int fail() {
    ok_ = false;
    return 0;
  }
  std::uint64_t digits(std::size_t from, std::size_t count) {
    std::uint64_t value = 0;
    const char* const end = rest_.data() + from + count;
    const auto parsed = std::from_chars(rest_.data() + from, end, value);
    ok_ = ok_ && parsed.ec == std::errc{} && parsed.ptr == end;
    return value;
  }

  std::string_view rest_;
  bool ok_ = true;
};

Status append_segments(FileSystem& files, const DataPaths& paths, std::vector<StoredFile>& found) {
  const auto names = files.list(paths.segments());
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (auto file = segment_of(name)) found.push_back(std::move(*file));
  }
  return {};
}

Status append_day(FileSystem& files, const DataPaths& paths, const std::string& day,
                  std::vector<StoredFile>& found) {
  const auto names = files.list(paths.sealed() + "/" + day);
  // A file among the days, or a day that has just become empty.
  if (!names && (names.error() == os_error(ENOTDIR) || names.error() == os_error(ENOENT))) {
    return {};
  }
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (auto file = sealed_of(day, name)) found.push_back(std::move(*file));
  }
  return {};
}

}  // namespace

std::string_view StoredFile::name() const noexcept {
  return std::string_view(path).substr(path.rfind('/') + 1);
}

std::string segment_name(std::int64_t arrival_ns, std::uint64_t first_seq) {
  return fmt::format("{}-{:020}{}", arrival_text(arrival_ns), first_seq, kSegmentSuffix);
}

std::optional<StoredFile> segment_of(std::string_view name) {
  StoredFile file;
  NameReader reader(name);
  file.first_arrival_ns = reader.arrival();
  reader.skip("-");
  file.first_seq = reader.seq();
  reader.skip(kSegmentSuffix);
  if (!reader.at_end() || file.first_seq == 0) return std::nullopt;
  file.path = fmt::format("{}/{}", kSegments, name);
  return file;
}

std::string day_name(std::int64_t arrival_ns) {
  const std::tm utc = utc_of(arrival_ns);
  return fmt::format("{:04}-{:02}-{:02}", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday);
}

std::string sealed_name(const StoredFile& file) {
  return fmt::format("{}-{}-{:020}-{:020}{}", arrival_text(file.first_arrival_ns),
                     arrival_text(file.last_arrival_ns), file.first_seq, file.last_seq,
                     kSealedSuffix);
}

std::optional<StoredFile> sealed_of(std::string_view day, std::string_view name) {
  StoredFile file;
  NameReader reader(name);
  file.sealed = true;
  file.first_arrival_ns = reader.arrival();
  reader.skip("-");
  file.last_arrival_ns = reader.arrival();
  reader.skip("-");
  file.first_seq = reader.seq();
  reader.skip("-");
  file.last_seq = reader.seq();
  reader.skip(kSealedSuffix);
  if (!reader.at_end() || file.first_seq == 0 || file.last_seq < file.first_seq) {
    return std::nullopt;
  }
  file.path = fmt::format("{}/{}/{}", kSealed, day, name);
  return file;
}

// Segments come first: one that is sealed between the two looks is then found among the sealed.
Result<std::vector<StoredFile>> list_stored_files(FileSystem& files, const DataPaths& paths) {
  std::vector<StoredFile> found;
  if (Status listed = append_segments(files, paths, found); !listed) return listed.error();
  const auto days = files.list(paths.sealed());
  if (!days && days.error() != os_error(ENOENT)) return days.error();
  if (days) {
    for (const std::string& day : *days) {
      if (Status listed = append_day(files, paths, day, found); !listed) return listed.error();
    }
  }
  std::sort(found.begin(), found.end(), [](const StoredFile& a, const StoredFile& b) {
    return std::tuple(a.first_seq, !a.sealed) < std::tuple(b.first_seq, !b.sealed);
  });
  return found;
}

}  // namespace logboom::store
