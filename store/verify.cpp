#include "store/verify.hpp"

#include <cerrno>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "store/data_dir.hpp"
#include "store/format.hpp"
#include "store/sealed_scan.hpp"
#include "store/segment_scan.hpp"
#include "store/slot_pair.hpp"
#include "store/stored_files.hpp"

namespace logboom::store {

namespace {

constexpr int kNumbersAttempts = 3;

// Checks one segment after the other into one set of counts.
class Verifier {
 public:
  Verifier(FileSystem& files, const DataPaths& paths, const Finding& finding)
      : files_(files), paths_(paths), finding_(finding) {}

  // False if the file is not there: sealed or deleted since it was listed.
  [[nodiscard]] bool check(const StoredFile& stored) {
    auto file = files_.open(paths_.root + "/" + stored.path, OpenMode::read);
    if (!file && file.error() == os_error(ENOENT)) return false;
    ++counts_.files;
    if (!file) {
      unreadable(stored.path, file.error());
    } else if (stored.sealed) {
      check_sealed(stored.path, std::move(*file));
    } else {
      check_segment(stored.path, std::move(*file));
    }
    return true;
  }
  // The file of numbers in use; a server writes it while this reads, so only what stays is damage.
  void check_numbers() {
    auto file = files_.open(paths_.numbers(), OpenMode::read);
    if (!file) return;  // numbering goes on above what is stored
    for (int attempt = 0; attempt < kNumbersAttempts; ++attempt) {
      const auto slots = SlotPair<NumbersSlot>::read(**file);
      if (!slots) return unreadable("numbers", slots.error());
      if (!slots->is_damaged()) return;
    }
    damage("numbers", {0, kCommitAlignment + sizeof(NumbersSlot)});
  }

  // What the files of records say that they are of.
  void check_store_id() {
    const auto id = read_small_file(files_, paths_.store_id());
    if (!id) return unreadable("store_id", id.error());
    if (!store_id_.empty() && !id->starts_with(store_id_)) damage("store_id", {0, id->size()});
  }

  void count_quarantine() {
    if (const auto names = files_.list(paths_.quarantine())) counts_.quarantined = names->size();
  }

  [[nodiscard]] const VerifyCounts& counts() const noexcept { return counts_; }

 private:
  void check_sealed(const std::string& name, std::unique_ptr<File> file) {
    ++counts_.sealed;
    SealedScan scan(std::move(file));
    if (Status opened = scan.open(); !opened) return unreadable(name, opened.error());
    for (const ChunkInfo& chunk : scan.chunks()) {
      ++counts_.frames;
      counts_.records += chunk.record_count;
      counts_.bytes += chunk.text_bytes - chunk.record_count;
    }
    const Status checked = scan.check_all([&](ByteRange region) { damage(name, region); });
    if (!checked) return unreadable(name, checked.error());
    if (scan.is_whole()) store_id_.assign(scan.footer().store_id, sizeof scan.footer().store_id);
  }

  void check_segment(const std::string& name, std::unique_ptr<File> file) {
    SegmentScan scan(std::move(file));
    if (Status read = scan.read_header(); !read) return unreadable(name, read.error());
    if (scan.has_header()) {
      store_id_.assign(scan.segment().store_id, sizeof scan.segment().store_id);
    } else {
      damage(name, {0, kCommitAlignment});
    }
    walk(name, scan);
  }

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
    const FrameHeader& header = scan.header();
    for (StoredRecord record; take_record(header.version, payload, record); ++records) {
      counts_.bytes += record.text.size();
    }
    counts_.records += records;
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
  std::string store_id_;  // of the last file of records that was right
};

}  // namespace

boost::system::result<VerifyCounts, std::string> verify(const std::string& dir,
                                                        const Finding& finding, FileSystem* files) {
  FileSystem& used = files == nullptr ? os_files() : *files;
  const DataPaths paths{dir};
  if (auto known = known_format(used, paths); !known) {
    return {boost::system::in_place_error, known.error()};
  }
  Verifier verifier(used, paths, finding);
  // Files are gone because a server seals and deletes meanwhile: the next list has what is left.
  std::uint64_t checked_seq = 0;
  for (bool all_there = false; !all_there;) {
    const auto stored = list_stored_files(used, paths);
    if (!stored) {
      return {boost::system::in_place_error,
              fmt::format("cannot list the files of {}: {}", dir, stored.error().message())};
    }
    all_there = true;
    for (const StoredFile& file : *stored) {
      if (file.first_seq <= checked_seq) continue;
      all_there = verifier.check(file);
      if (!all_there) break;
      checked_seq = file.first_seq;
    }
  }
  verifier.check_numbers();
  verifier.check_store_id();
  verifier.count_quarantine();
  return verifier.counts();
}

}  // namespace logboom::store
