#include "store/reader.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "store/options.hpp"

namespace logboom::store {

namespace {

constexpr std::string_view kSeqKey = ",\"_seq\":";
constexpr std::size_t kSeqDigitsMax = 20;
constexpr std::chrono::milliseconds kDurablePoll{1};

}  // namespace

boost::system::result<Reader, std::string> Reader::open(const std::string& dir,
                                                        ReaderOptions options) {
  FileSystem& files = options.files == nullptr ? os_files() : *options.files;
  DataPaths paths{dir};
  if (auto known = check_format(files, paths); !known) {
    return {boost::system::in_place_error, known.error()};
  }
  if (const auto names = list_segments(files, paths); !names) {
    return {boost::system::in_place_error,
            fmt::format("cannot list {}: {}", paths.segments(), names.error().message())};
  }
  return Reader(files, std::move(paths), options);
}

Reader::Reader(FileSystem& files, DataPaths paths, ReaderOptions options)
    : files_(&files), paths_(std::move(paths)), options_(options), last_seq_(options.after_seq) {}

std::optional<RecordView> Reader::next() {
  error_ = {};
  for (;;) {
    if (auto record = take_record_from_frame()) return record;
    if (!load_frame()) return std::nullopt;
  }
}

std::optional<RecordView> Reader::take_record_from_frame() {
  StoredRecord stored;
  while (take_record(payload_, stored)) {
    const std::uint64_t seq = next_seq_++;
    if (seq <= last_seq_) continue;
    last_seq_ = seq;
    const FrameHeader& header = scan_->header();
    return RecordView{seq, splice(stored, seq), header.arrival_ns, header.time_min_ns,
                      header.time_max_ns};
  }
  return std::nullopt;
}

bool Reader::load_frame() {
  payload_ = {};
  for (;;) {
    if (!scan_ && !open_next_segment()) return false;
    switch (next_frame()) {
      case Found::frame: return true;
      case Found::nothing: return false;
      case Found::unwanted: break;
      case Found::segment_done: scan_.reset(); break;
    }
  }
}

Reader::Found Reader::next_frame() {
  for (;;) {
    const auto rest = segment_over_ ? SegmentScan::Rest::searched : SegmentScan::Rest::assumed_zero;
    switch (scan_->next(rest)) {
      case SegmentScan::Step::frame:
        if (const Found found = take_frame(); found != Found::unwanted) return found;
        break;
      case SegmentScan::Step::damage: count_damage(scan_->region().bytes()); break;
      case SegmentScan::Step::end: return Found::segment_done;
      case SegmentScan::Step::error: error_ = scan_->error(); return Found::nothing;
      case SegmentScan::Step::pause:
        if (segment_over_) return Found::segment_done;
        // A segment that has a successor, or nobody who writes it, gets one thorough last look.
        segment_over_ = following_segment().has_value() || !files_->is_locked(paths_.lock());
        if (!segment_over_) return Found::nothing;
        shows_all_ = true;
    }
  }
}

Reader::Found Reader::take_frame() {
  const FrameHeader header = scan_->header();
  if (!is_shown(header)) {
    if (scan_->error()) error_ = scan_->error();
    scan_->unread();
    return Found::nothing;
  }
  if (!is_wanted(header)) return Found::unwanted;
  if (scan_->payload().empty()) {
    // Looking ahead has dropped the payload: read the frame again.
    scan_->unread();
    if (scan_->next(SegmentScan::Rest::assumed_zero) != SegmentScan::Step::frame) {
      error_ = scan_->error();
      return Found::nothing;
    }
  }
  payload_ = scan_->payload();
  next_seq_ = header.first_seq;
  return Found::frame;
}

// Slow path but for frames that are known to be durable.
bool Reader::is_shown(const FrameHeader& header) {
  if (shows_all_ || scan_->durable_end() >= header.end()) return true;
  shows_all_ = !waits_for_sync();
  if (shows_all_) return true;
  const auto deadline = std::chrono::steady_clock::now() + options_.durable_wait;
  while (!scan_->learns_durable(header.end())) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(kDurablePoll);
  }
  return true;
}

// Once it says no it is no for good: a segment that has a successor was synced before, and one that
// no server writes will never be written again.
bool Reader::waits_for_sync() {
  const bool sync = scan_->segment().durability == static_cast<std::uint32_t>(Durability::sync);
  return sync && files_->is_locked(paths_.lock()) && !following_segment();
}

bool Reader::is_wanted(const FrameHeader& header) const noexcept {
  return header.first_seq + header.record_count > last_seq_ + 1 &&
         header.time_max_ns >= options_.time_min_ns && header.time_min_ns <= options_.time_max_ns;
}

bool Reader::open_next_segment() {
  while (const auto name = following_segment()) {
    const Status opened = open_segment(*name);
    // Gone since it was listed: what it held is not to be had any more. Any other error may pass.
    if (!opened && opened.error() != os_error(ENOENT)) {
      error_ = opened.error();
      return false;
    }
    segment_name_ = *name;
    if (opened) return true;
  }
  return false;
}

Status Reader::open_segment(const std::string& name) {
  auto file = files_->open(paths_.segments() + "/" + name, OpenMode::read);
  if (!file) return file.error();
  SegmentScan scan(std::move(*file));
  if (Status read = scan.read_header(); !read) return read;
  segment_over_ = shows_all_ = false;
  if (!scan.has_header()) count_damage(kCommitAlignment);
  scan_.emplace(std::move(scan));
  return {};
}

// The segment to read after the current one: at the beginning, the last that may hold the number
// after last_seq_.
std::optional<std::string> Reader::following_segment() {
  const auto names = list_segments(*files_, paths_);
  if (!names) {
    error_ = names.error();
    return std::nullopt;
  }
  auto at = std::upper_bound(names->begin(), names->end(), segment_name_, is_older_segment);
  if (segment_name_.empty()) {
    while (at != names->end() && at + 1 != names->end() &&
           first_seq_in_name(*(at + 1)) <= last_seq_ + 1) {
      ++at;
    }
  }
  if (at == names->end()) return std::nullopt;
  return *at;
}

std::string_view Reader::splice(const StoredRecord& record, std::uint64_t seq) {
  line_.resize(record.line.size() + kSeqKey.size() + kSeqDigitsMax);
  char* out = line_.data();
  const auto put = [&out](std::string_view bytes) {
    std::memcpy(out, bytes.data(), bytes.size());
    out += bytes.size();
  };
  put(record.line.substr(0, record.splice_offset));
  put(kSeqKey);
  out = std::to_chars(out, out + kSeqDigitsMax, seq).ptr;
  put(record.line.substr(record.splice_offset));
  return {line_.data(), static_cast<std::size_t>(out - line_.data())};
}

void Reader::count_damage(std::uint64_t bytes) noexcept {
  ++damaged_regions_;
  damaged_bytes_ += bytes;
}

}  // namespace logboom::store
