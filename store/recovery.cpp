#include "store/recovery.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "store/format.hpp"
#include "store/quarantine.hpp"
#include "store/segment_scan.hpp"
#include "store/stored_files.hpp"

namespace logboom::store {

namespace {

// The mark that closes the segment, if it was closed and cut to its length.
Result<FrameHeader> read_end(File& file) {
  FrameHeader none;
  none.kind = FrameKind::data;
  const auto size = file.size();
  if (!size) return size.error();
  if (*size < kCommitAlignment + sizeof(FrameHeader)) return none;
  std::array<char, sizeof(FrameHeader)> bytes{};
  const auto got = file.read_at(bytes.data(), bytes.size(), *size - bytes.size());
  if (!got && means_unreadable(got.error())) return none;
  if (!got) return got.error();
  const auto header = load_header<FrameHeader>(bytes.data());
  const bool at_its_place = *got == bytes.size() && header.offset == *size - bytes.size();
  return is_intact(header) && at_its_place && header.kind == FrameKind::end ? header : none;
}

// Without syncs a segment may be closed in the page cache only.
bool is_durable(const FrameHeader& end) noexcept {
  return end.durable_end == end.offset;
}

// On stable storage when it returns, if all before it is.
Status write_end_to(File& file, FrameHeader& end) {
  seal_header(end);
  const std::string_view bytes(reinterpret_cast<const char*>(&end), sizeof end);
  if (Status written = file.write_at(bytes, end.offset); !written) return written;
  return file.sync();
}

// Names have milliseconds.
constexpr std::int64_t kCutFromNamesNs = 999'999;

// Recovers one segment that was not closed durably.
class SegmentRecovery {
 public:
  SegmentRecovery(FileSystem& files, const DataPaths& paths, const Health& health, std::string name,
                  std::unique_ptr<File> file)
      : files_(files),
        paths_(paths),
        health_(health),
        name_(std::move(name)),
        scan_(std::move(file)) {}

  [[nodiscard]] Status run(Recovered& recovered) {
    const Status walked = walk(recovered.counts);
    // Also those of a segment that stays open: what comes later is greater.
    recovered.next_seq = std::max(recovered.next_seq, next_seq_);
    recovered.last_arrival_ns = std::max(recovered.last_arrival_ns, last_arrival_ns_);
    if (!walked) return walked;
    ++recovered.counts.segments;
    return scan_.last_frame() == 0 ? remove() : close();
  }
  [[nodiscard]] bool holds_records() const noexcept { return scan_.last_frame() != 0; }

 private:
  [[nodiscard]] Status walk(RecoveryCounts& counts) {
    if (Status read = scan_.read_header(); !read) return read;
    if (!scan_.has_header()) {
      ++counts.damaged_regions;
      note_copy(quarantine({0, kCommitAlignment}, counts));
      health_.report(
          Severity::error,
          fmt::format("the header of segment {} is damaged: the disk has changed what was written; "
                      "what can be read of it is kept (docs/troubleshooting.md)",
                      name_));
    }
    for (;;) {
      switch (scan_.next(SegmentScan::Rest::searched)) {
        case SegmentScan::Step::frame: take_frame(counts); break;
        case SegmentScan::Step::damage: note_copy(take_damage(counts)); break;
        case SegmentScan::Step::pause: note_copy(take_tail(counts)); return copied_;
        case SegmentScan::Step::end: return copied_;
        case SegmentScan::Step::error: return scan_.error();
      }
    }
  }

  // Without its copies the segment stays as it is, but the walk goes on.
  void note_copy(const Status& copied) {
    if (copied_) copied_ = copied;
  }

  void take_frame(RecoveryCounts& counts) {
    const FrameHeader& header = scan_.header();
    counts.records += header.record_count;
    next_seq_ = header.first_seq + header.record_count;
    last_arrival_ns_ = header.arrival_ns;
  }

  [[nodiscard]] Status take_damage(RecoveryCounts& counts) {
    const ByteRange region = scan_.region();
    ++counts.damaged_regions;
    health_.report(Severity::error,
                   fmt::format("segment {} is damaged: {} bytes at {} had been durable and are "
                               "unreadable; they are copied to quarantine/",
                               name_, region.bytes(), region.from));
    return quarantine(region, counts);
  }

  [[nodiscard]] Status take_tail(RecoveryCounts& counts) {
    const ByteRange region = scan_.region();
    if (region.bytes() == 0) return {};
    ++counts.torn_tails;
    health_.report(Severity::warning,
                   fmt::format("segment {} had a torn tail of {} bytes at {}, never acknowledged "
                               "in sync mode; it is moved to quarantine/",
                               name_, region.bytes(), region.from));
    return quarantine(region, counts);
  }

  [[nodiscard]] Status quarantine(ByteRange region, RecoveryCounts& counts) {
    counts.quarantined_bytes += region.bytes();
    return store::quarantine(files_, paths_, {scan_.file(), name_, region});
  }

  [[nodiscard]] Status remove() {
    if (Status removed = files_.remove(paths_.segments() + "/" + name_); !removed) return removed;
    return files_.sync_directory(paths_.segments());
  }

  // What was valid but perhaps only in the page cache (after a failed sync the kernel may take it
  // for written) is written again, so that what readers are shown from now on is durable.
  [[nodiscard]] Status close() {
    const ByteRange unsure{std::max(scan_.durable_end(), kCommitAlignment), scan_.valid_end()};
    if (unsure.from < unsure.to) {
      if (Status copied = copy_range(scan_.file(), unsure, scan_.file(), unsure.from); !copied) {
        return copied;
      }
    }
    return write_end();
  }

  // Durable before there is an end: with one behind them torn bytes would pass for damage.
  [[nodiscard]] Status clear_until(std::uint64_t offset) {
    const std::string zeros(static_cast<std::size_t>(offset - scan_.valid_end()), '\0');
    if (zeros.empty()) return {};
    if (Status written = scan_.file().write_at(zeros, scan_.valid_end()); !written) return written;
    return scan_.file().sync();
  }

  // Goes over a mark in one write, and the rest is cut behind it: at any moment the file holds one
  // of the two, because without their word damage in front of them would pass for a torn tail.
  [[nodiscard]] Status write_end() {
    const std::uint64_t offset = align_up(scan_.valid_end(), kCommitAlignment);
    FrameHeader header;
    header.kind = FrameKind::end;
    header.segment_id = scan_.segment_id();
    header.offset = header.durable_end = offset;
    header.previous_offset = scan_.last_frame();
    header.first_seq = next_seq_;
    header.arrival_ns = last_arrival_ns_;
    header.payload_checksum = XXH3_64bits(nullptr, 0);
    File& file = scan_.file();
    if (Status cleared = clear_until(offset); !cleared) return cleared;
    if (Status written = write_end_to(file, header); !written) return written;
    if (Status cut = file.truncate(header.end()); !cut) return cut;
    return file.sync();
  }

  FileSystem& files_;
  const DataPaths& paths_;
  const Health& health_;
  std::string name_;
  SegmentScan scan_;
  std::uint64_t next_seq_ = 1;
  std::int64_t last_arrival_ns_ = 0;
  Status copied_;  // the first failure
};

// One segment: closed already and durably, or now. The error concerns this segment only.
Status visit(FileSystem& files, const DataPaths& paths, const Health& health,
             const StoredFile& segment, Recovered& recovered) {
  auto file = files.open(paths.root + "/" + segment.path, OpenMode::read_write);
  if (!file) return file.error();
  const auto end = read_end(**file);
  if (!end) return end.error();
  if (end->kind == FrameKind::end && is_durable(*end)) {
    recovered.next_seq = std::max(recovered.next_seq, end->first_seq);
    recovered.last_arrival_ns = std::max(recovered.last_arrival_ns, end->arrival_ns);
    recovered.closed.push_back(segment);
    return {};
  }
  SegmentRecovery recovery(files, paths, health, std::string(segment.name()), std::move(*file));
  const Status closed = recovery.run(recovered);
  if (closed && recovery.holds_records()) recovered.closed.push_back(segment);
  return closed;
}

}  // namespace

Status make_durable(FileSystem& files, const std::string& path) {
  auto file = files.open(path, OpenMode::read_write);
  if (!file) return file.error();
  if (Status synced = (*file)->sync(); !synced) return synced;
  auto end = read_end(**file);
  if (!end) return end.error();
  if (end->kind != FrameKind::end || is_durable(*end)) return {};
  end->durable_end = end->offset;
  return write_end_to(**file, *end);
}

Result<Recovered> recover_segments(FileSystem& files, const DataPaths& paths,
                                   const Health& health) {
  const auto stored = list_stored_files(files, paths);
  if (!stored) return stored.error();
  Recovered recovered;
  for (const StoredFile& file : *stored) {
    recovered.next_seq = std::max({recovered.next_seq, file.first_seq, file.last_seq + 1});
    const std::int64_t named_ns = std::max(file.first_arrival_ns, file.last_arrival_ns);
    recovered.last_arrival_ns = std::max(recovered.last_arrival_ns, named_ns + kCutFromNamesNs);
    if (file.sealed) ++recovered.sealed;
    if (file.sealed) continue;
    const Status visited = visit(files, paths, health, file, recovered);
    if (visited) continue;
    health.report(Severity::error,
                  fmt::format("cannot recover segment {}: {}; its records are not read until a "
                              "start that can; see to the disk and restart",
                              file.name(), visited.error().message()));
  }
  return recovered;
}

}  // namespace logboom::store
