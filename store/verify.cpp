#include "store/verify.hpp"

#include <cerrno>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "store/data_dir.hpp"
#include "store/format.hpp"
#include "store/segment_scan.hpp"

namespace logboom::store {

namespace {

// Checks one segment after the other into one set of counts.
class Verifier {
 public:
  Verifier(FileSystem& files, const DataPaths& paths, const Finding& finding)
      : files_(files), paths_(paths), finding_(finding) {}

  void check(const std::string& name) {
    auto file = files_.open(paths_.segments() + "/" + name, OpenMode::read);
    if (!file && file.error() == os_error(ENOENT)) return;  // deleted since it was listed
    ++counts_.segments;
    if (!file) return unreadable(name, file.error());
    SegmentScan scan(std::move(*file));
    if (Status read = scan.read_header(); !read) return unreadable(name, read.error());
    if (!scan.has_header()) damage(name, {0, kCommitAlignment});
    walk(name, scan);
  }
  [[nodiscard]] const VerifyCounts& counts() const noexcept { return counts_; }

 private:
  void walk(const std::string& name, SegmentScan& scan) {
    for (;;) {
      switch (scan.next(SegmentScan::Rest::searched)) {
        case SegmentScan::Step::frame: count_frame(name, scan); break;
        case SegmentScan::Step::damage: damage(name, scan.region()); break;
        case SegmentScan::Step::pause: return torn_tail(name, scan.region());
        case SegmentScan::Step::end: return;
        case SegmentScan::Step::error: return unreadable(name, scan.error());
      }
    }
  }

  void count_frame(const std::string& name, const SegmentScan& scan) {
    ++counts_.frames;
    std::string_view payload = scan.payload();
    std::uint64_t records = 0;
    for (StoredRecord record; take_record(payload, record); ++records) {
      counts_.bytes += record.line.size();
    }
    counts_.records += records;
    const FrameHeader& header = scan.header();
    if (payload.empty() && records == header.record_count) return;
    damage(name, {header.offset, header.end()});
  }

  void damage(const std::string& name, ByteRange region) {
    ++counts_.damaged_regions;
    counts_.damaged_bytes += region.bytes();
    tell(fmt::format("{}: damage of {} bytes at {}", name, region.bytes(), region.from));
  }

  void torn_tail(const std::string& name, ByteRange region) {
    if (region.bytes() == 0) return;
    ++counts_.torn_tails;
    tell(fmt::format("{}: torn tail of {} bytes at {}", name, region.bytes(), region.from));
  }

  void unreadable(const std::string& name, const boost::system::error_code& error) {
    ++counts_.damaged_regions;
    tell(fmt::format("{}: damage: it cannot be read: {}", name, error.message()));
  }

  void tell(const std::string& sentence) const {
    if (finding_) finding_(sentence);
  }

  FileSystem& files_;
  const DataPaths& paths_;
  const Finding& finding_;
  VerifyCounts counts_;
};

}  // namespace

boost::system::result<VerifyCounts, std::string> verify(const std::string& dir,
                                                        const Finding& finding, FileSystem* files) {
  FileSystem& used = files == nullptr ? os_files() : *files;
  const DataPaths paths{dir};
  if (auto known = check_format(used, paths); !known) {
    return {boost::system::in_place_error, known.error()};
  }
  const auto names = list_segments(used, paths);
  if (!names) {
    return {boost::system::in_place_error,
            fmt::format("cannot list {}: {}", paths.segments(), names.error().message())};
  }
  Verifier verifier(used, paths, finding);
  for (const std::string& name : *names) verifier.check(name);
  return verifier.counts();
}

}  // namespace logboom::store
