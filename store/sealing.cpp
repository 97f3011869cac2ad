#include "store/sealing.hpp"

#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "store/line_splicer.hpp"
#include "store/quarantine.hpp"
#include "store/sealed_scan.hpp"
#include "store/sealed_writer.hpp"
#include "store/segment_scan.hpp"

namespace logboom::store {

namespace {

std::string in_root(const DataPaths& paths, const StoredFile& file) {
  return paths.root + "/" + file.path;
}

std::string folder_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

Status remove_segment(FileSystem& files, const DataPaths& paths, const StoredFile& segment) {
  if (Status removed = files.remove(in_root(paths, segment)); !removed) return removed;
  return files.sync_directory(paths.segments());
}

// Seals one segment.
class Sealing {
 public:
  Sealing(const SealingParts& parts, const StoredFile& segment)
      : parts_(parts), segment_(segment), paths_(parts.dir.paths) {}

  [[nodiscard]] Result<std::optional<SizedFile>> run(std::vector<char>& buffer) {
    auto file = parts_.files.open(in_root(paths_, segment_), OpenMode::read);
    if (!file) return file.error();
    SegmentScan scan(std::move(*file), std::move(buffer));
    auto sealed = write(scan);
    buffer = scan.take_buffer();
    if (!sealed && !beside_.empty()) static_cast<void>(parts_.files.remove(beside_));
    if (!sealed) return sealed;
    if (Status removed = remove_segment(parts_.files, paths_, segment_); !removed) {
      return removed.error();
    }
    return sealed;
  }

 private:
  [[nodiscard]] Result<std::optional<SizedFile>> write(SegmentScan& scan) {
    if (Status read = scan.read_header(); !read) return read.error();
    if (!scan.has_header()) {
      if (Status kept = keep_damage(scan, {0, kCommitAlignment}); !kept) return kept.error();
    }
    if (Status walked = walk(scan); !walked) return walked.error();
    if (writer_ == nullptr) return std::optional<SizedFile>{};
    return publish(scan.segment_id());
  }

  [[nodiscard]] Status walk(SegmentScan& scan) {
    for (;;) {
      if (parts_.stopping.load(std::memory_order_relaxed)) return os_error(ECANCELED);
      switch (scan.next(SegmentScan::Rest::searched)) {
        case SegmentScan::Step::frame:
          if (Status added = add_frame(scan.header(), scan.payload()); !added) return added;
          break;
        case SegmentScan::Step::damage:
          if (Status kept = keep_damage(scan, scan.region()); !kept) return kept;
          break;
        case SegmentScan::Step::pause:  // the end is damaged
          return scan.region().bytes() == 0 ? Status{} : keep_damage(scan, scan.region());
        case SegmentScan::Step::end: return {};
        case SegmentScan::Step::error: return scan.error();
      }
    }
  }

  [[nodiscard]] Status add_frame(const FrameHeader& header, std::string_view payload) {
    if (writer_ == nullptr) {
      if (Status begun = begin(header.arrival_ns); !begun) return begun;
    }
    SealedWriter::Facts facts{header.first_seq, header.arrival_ns, header.time_min_ns,
                              header.time_max_ns};
    for (StoredRecord record; take_record(header.version, payload, record); ++facts.seq) {
      const std::string_view line = splicer_.splice(record, facts.seq);
      if (Status added = writer_->add(line, facts); !added) return added;
    }
    return {};
  }

  [[nodiscard]] Status begin(std::int64_t first_arrival_ns) {
    day_ = day_name(first_arrival_ns);
    if (Status made = parts_.files.make_directory(day_path()); !made) return made;
    if (Status synced = parts_.files.sync_directory(paths_.sealed()); !synced) return synced;
    beside_ = fmt::format("{}/{}{}", day_path(), kSealingPrefix, segment_.first_seq);
    static_cast<void>(parts_.files.remove(beside_));  // of an attempt whose removal failed
    auto file = parts_.files.open(beside_, OpenMode::create);
    if (!file) return file.error();
    writer_ = std::make_unique<SealedWriter>(std::move(*file), parts_.level);
    return {};
  }

  [[nodiscard]] Result<std::optional<SizedFile>> publish(std::uint64_t segment_id) {
    SealedFooter footer;
    footer.segment_id = segment_id;
    std::memcpy(footer.store_id, parts_.dir.store_id.data(), sizeof footer.store_id);
    if (Status finished = writer_->finish(footer); !finished) return finished.error();
    const ChunkInfo& first = writer_->chunks().front();
    const ChunkInfo& last = writer_->chunks().back();
    StoredFile sealed;
    // The segment's own, even if its first records are damaged: it names the pair.
    sealed.first_seq = segment_.first_seq;
    sealed.last_seq = last.last_seq();
    sealed.first_arrival_ns = first.arrival_min_ns;
    sealed.last_arrival_ns = last.arrival_max_ns;
    const std::string name = sealed_name(sealed);
    if (Status named = parts_.files.rename(beside_, day_path() + "/" + name); !named) {
      return named.error();
    }
    beside_ = day_path() + "/" + name;  // not durable yet: an error undoes it
    if (Status synced = parts_.files.sync_directory(day_path()); !synced) return synced.error();
    beside_.clear();
    return std::optional<SizedFile>{{*sealed_of(day_, name), writer_->bytes()}};
  }

  // What recovery has found already was reported then.
  [[nodiscard]] Status keep_damage(SegmentScan& scan, ByteRange region) {
    const Unreadable bytes{scan.file(), segment_.name(), region};
    if (!is_quarantined(parts_.files, paths_, bytes)) {
      parts_.health.report(
          Severity::error,
          fmt::format("segment {} is damaged: {} bytes at {} had been durable and are "
                      "unreadable; they are copied to quarantine/",
                      segment_.name(), region.bytes(), region.from));
    }
    return quarantine(parts_.files, paths_, bytes);
  }

  [[nodiscard]] std::string day_path() const { return paths_.sealed() + "/" + day_; }

  const SealingParts& parts_;
  const StoredFile& segment_;
  const DataPaths& paths_;
  LineSplicer splicer_;
  std::string day_;
  std::string beside_;  // the file being written, until it is durable under its name
  std::unique_ptr<SealedWriter> writer_;
};

Status undo_sealing(FileSystem& files, const DataPaths& paths, const Health& health,
                    const StoredFile& sealed) {
  const std::string path = in_root(paths, sealed);
  auto file = files.open(path, OpenMode::read);
  if (!file) return file.error();
  const auto size = (*file)->size();
  if (!size) return size.error();
  health.report(Severity::error,
                fmt::format("{} is damaged and its segment is still there: it is copied to "
                            "quarantine/ and made anew",
                            sealed.path));
  if (Status kept = quarantine(files, paths, {**file, sealed.name(), {0, *size}}); !kept) {
    return kept;
  }
  if (Status removed = files.remove(path); !removed) return removed;
  return files.sync_directory(folder_of(path));
}

struct SealedPair {
  const StoredFile& sealed;
  const StoredFile& segment;
};

Status settle(FileSystem& files, const DataPaths& paths, const Health& health, SealedPair pair) {
  auto file = files.open(in_root(paths, pair.sealed), OpenMode::read);
  if (!file) return file.error();
  SealedScan sealed(std::move(*file));
  if (Status opened = sealed.open(); !opened) return opened;
  bool right = true;
  if (Status checked = sealed.check_all([&](ByteRange) { right = false; }); !checked)
    return checked;
  if (!right) return undo_sealing(files, paths, health, pair.sealed);
  // Whoever gave the sealed file its name may have been killed before the name was durable.
  const std::string path = in_root(paths, pair.sealed);
  if (Status synced = files.sync_directory(folder_of(path)); !synced) return synced;
  return remove_segment(files, paths, pair.segment);
}

Status remove_beginnings(FileSystem& files, const DataPaths& paths) {
  const auto days = files.list(paths.sealed());
  if (!days) return days.error();
  for (const std::string& day : *days) {
    const std::string folder = paths.sealed() + "/" + day;
    const auto names = files.list(folder);
    if (!names) continue;  // no folder, or none of ours
    for (const std::string& name : *names) {
      if (!name.starts_with(kSealingPrefix)) continue;
      const std::string path = fmt::format("{}/{}", folder, name);
      if (Status removed = files.remove(path); !removed) return removed;
    }
  }
  return {};
}

}  // namespace

Result<std::optional<SizedFile>> seal_segment(const SealingParts& parts, const StoredFile& segment,
                                              std::vector<char>& buffer) {
  return Sealing(parts, segment).run(buffer);
}

Status settle_sealings(FileSystem& files, const DataPaths& paths, const Health& health) {
  if (Status removed = remove_beginnings(files, paths); !removed) return removed;
  const auto stored = list_stored_files(files, paths);
  if (!stored) return stored.error();
  for (std::size_t i = 0; i + 1 < stored->size(); ++i) {
    const StoredFile& sealed = (*stored)[i];
    const StoredFile& segment = (*stored)[i + 1];
    if (!sealed.sealed || segment.sealed || sealed.first_seq != segment.first_seq) continue;
    const Status settled = settle(files, paths, health, {sealed, segment});
    if (settled) continue;
    health.report(
        Severity::error,
        fmt::format(
            "cannot finish the sealing of {}: {}; both files stay and the next start tries again",
            segment.path, settled.error().message()));
  }
  return {};
}

}  // namespace logboom::store
