#include "store/reader.hpp"

#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "store/options.hpp"

namespace logboom::store {

namespace {

constexpr std::chrono::milliseconds kDurablePoll{1};

}  // namespace

boost::system::result<Reader, std::string> Reader::open(const std::string& dir,
                                                        ReaderOptions options) {
  FileSystem& files = options.files == nullptr ? os_files() : *options.files;
  DataPaths paths{dir};
  if (auto known = known_format(files, paths); !known) {
    return {boost::system::in_place_error, known.error()};
  }
  if (const auto listed = list_stored_files(files, paths); !listed) {
    return {boost::system::in_place_error,
            fmt::format("cannot list the files of {}: {}", dir, listed.error().message())};
  }
  return Reader(files, std::move(paths), options);
}

Reader::Reader(FileSystem& files, DataPaths paths, ReaderOptions options)
    : files_(&files), paths_(std::move(paths)), options_(options), last_seq_(options.after_seq) {}

std::optional<RecordView> Reader::next() {
  error_ = {};
  for (;;) {
    if (auto record = take_loaded()) return record;
    if (!load()) return std::nullopt;
  }
}

std::optional<RecordView> Reader::take_loaded() {
  return payload_.empty() ? take_line() : take_stored();
}

std::optional<RecordView> Reader::take_stored() {
  StoredRecord stored;
  while (take_record(scan_->header().version, payload_, stored)) {
    const std::uint64_t seq = next_seq_++;
    if (seq <= last_seq_) continue;
    if (seq > end_seq_) break;
    last_seq_ = seq;
    return view_of(seq, splicer_.splice(stored, seq));
  }
  payload_ = {};
  return std::nullopt;
}

std::optional<RecordView> Reader::take_line() {
  while (!lines_.empty()) {
    const std::size_t end = std::min(lines_.find('\n'), lines_.size() - 1);
    const std::string_view line = lines_.substr(0, end);
    lines_.remove_prefix(end + 1);
    const std::uint64_t seq = next_seq_++;
    if (seq <= last_seq_) continue;
    if (seq > end_seq_) break;
    last_seq_ = seq;
    return view_of(seq, line);
  }
  lines_ = {};
  return std::nullopt;
}

RecordView Reader::view_of(std::uint64_t seq, std::string_view line) const noexcept {
  return {seq, line, bounds_.arrival_ns, bounds_.time_min_ns, bounds_.time_max_ns};
}

// Loads the next frame or chunk with records that are wanted.
bool Reader::load() {
  for (;;) {
    if (!scan_ && !sealed_ && !open_next_file()) return false;
    switch (sealed_ ? next_chunk() : next_frame()) {
      case Found::records: return true;
      case Found::nothing: return false;
      case Found::unwanted: break;
      case Found::file_done:
        scan_.reset();
        sealed_.reset();
        break;
    }
  }
}

bool Reader::is_wanted(std::uint64_t last_seq, const Bounds& bounds) const noexcept {
  return last_seq > last_seq_ && bounds.time_max_ns >= options_.time_min_ns &&
         bounds.time_min_ns <= options_.time_max_ns;
}

Reader::Found Reader::next_frame() {
  for (;;) {
    const auto rest = segment_over_ ? SegmentScan::Rest::searched : SegmentScan::Rest::assumed_zero;
    switch (scan_->next(rest)) {
      case SegmentScan::Step::frame:
        if (const Found found = take_frame(); found != Found::unwanted) return found;
        break;
      case SegmentScan::Step::damage: count_damage(scan_->region().bytes()); break;
      case SegmentScan::Step::end: return Found::file_done;
      case SegmentScan::Step::error: error_ = scan_->error(); return Found::nothing;
      case SegmentScan::Step::pause:
        if (segment_over_) return Found::file_done;
        // A segment that has a successor, or nobody who writes it, gets one thorough last look.
        segment_over_ = following_file() != nullptr || !files_->is_locked(paths_.lock());
        if (!segment_over_) return Found::nothing;
        shows_all_ = true;
    }
  }
}

Reader::Found Reader::take_frame() {
  const FrameHeader header = scan_->header();
  if (header.first_seq > end_seq_) {
    scan_->unread();
    return Found::nothing;
  }
  if (!is_shown(header)) {
    if (scan_->error()) error_ = scan_->error();
    scan_->unread();
    return Found::nothing;
  }
  const Bounds bounds{header.arrival_ns, header.time_min_ns, header.time_max_ns};
  if (!is_wanted(header.first_seq + header.record_count - 1, bounds)) return Found::unwanted;
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
  bounds_ = bounds;
  return Found::records;
}

// Slow path but for frames that are known to be durable.
bool Reader::is_shown(const FrameHeader& header) {
  if (options_.tail != nullptr) {
    return header.first_seq + header.record_count <= options_.tail->seq() + 1;
  }
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
  return sync && files_->is_locked(paths_.lock()) && following_file() == nullptr;
}

Reader::Found Reader::next_chunk() {
  const auto chunks = sealed_->chunks();
  if (next_chunk_ == chunks.size()) return Found::file_done;
  const ChunkInfo& chunk = chunks[next_chunk_];
  if (chunk.first_seq > end_seq_) return Found::nothing;
  const Bounds bounds{chunk.arrival_min_ns, chunk.time_min_ns, chunk.time_max_ns};
  if (is_wanted(chunk.last_seq(), bounds)) {
    const auto lines = sealed_->load(chunk);
    if (!lines) {
      error_ = lines.error();
      return Found::nothing;
    }
    if (*lines) {
      lines_ = **lines;
      next_seq_ = chunk.first_seq;
      bounds_ = bounds;
    } else {
      count_damage(chunk.zstd_bytes);
    }
  }
  ++next_chunk_;
  return lines_.empty() ? Found::unwanted : Found::records;
}

void Reader::end_with_present() {
  // What cannot be looked at now is met again by next(), which says so.
  if (const auto last = last_written()) end_seq_ = *last;
}

Result<std::uint64_t> Reader::last_written() {
  for (;;) {
    const auto listed = list_stored_files(*files_, paths_);
    if (!listed) return listed.error();
    if (listed->empty()) return std::uint64_t{0};
    const StoredFile& last = listed->back();
    if (last.sealed) return last.last_seq;
    auto file = files_->open(paths_.root + "/" + last.path, OpenMode::read);
    if (!file && file.error() == os_error(ENOENT)) continue;  // sealed meanwhile
    if (!file) return file.error();
    SegmentScan scan(std::move(*file));
    if (Status read = scan.read_header(); !read) return read.error();
    const std::uint64_t written = scan.last_written();
    if (scan.error()) return scan.error();
    return std::max(last.first_seq - 1, written);
  }
}

bool Reader::open_next_file() {
  while (const StoredFile* const following = following_file()) {
    const StoredFile next = *following;
    const Status opened = open_file(next);
    if (opened) {
      current_ = next;
      return true;
    }
    if (opened.error() != os_error(ENOENT)) {  // which may pass
      error_ = opened.error();
      return false;
    }
    listed_.clear();  // sealed or deleted since: the next list has its place taken or none
  }
  return false;
}

Status Reader::open_file(const StoredFile& stored) {
  auto file = files_->open(paths_.root + "/" + stored.path, OpenMode::read);
  if (!file) return file.error();
  return stored.sealed ? open_sealed(std::move(*file), stored) : open_segment(std::move(*file));
}

Status Reader::open_sealed(std::unique_ptr<File> file, const StoredFile& stored) {
  SealedScan scan(std::move(file));
  if (Status opened = scan.open(); !opened) return opened;
  if (!scan.is_whole()) {
    // A crash may have left the segment too, which has all of it.
    const auto original =
        std::find_if(listed_.begin(), listed_.end(), [&](const StoredFile& other) {
          return !other.sealed && other.first_seq == stored.first_seq;
        });
    if (original != listed_.end()) return open_file(*original);
    count_damage(scan.file_bytes() - (scan.chunks().empty() ? 0 : scan.chunks().back().end()));
  }
  const auto chunks = scan.chunks();
  const auto first =
      std::partition_point(chunks.begin(), chunks.end(),
                           [&](const ChunkInfo& chunk) { return chunk.last_seq() <= last_seq_; });
  next_chunk_ = static_cast<std::size_t>(first - chunks.begin());
  sealed_.emplace(std::move(scan));
  return {};
}

Status Reader::open_segment(std::unique_ptr<File> file) {
  SegmentScan scan(std::move(file));
  if (Status read = scan.read_header(); !read) return read;
  segment_over_ = shows_all_ = false;
  if (!scan.has_header()) count_damage(kCommitAlignment);
  scan_.emplace(std::move(scan));
  return {};
}

// The file to read after the current one; valid until the list is made anew.
const StoredFile* Reader::following_file() {
  if (const StoredFile* const known = find_following()) return known;
  auto listed = list_stored_files(*files_, paths_);
  if (!listed) {
    error_ = listed.error();
    return nullptr;
  }
  listed_ = std::move(*listed);
  return find_following();
}

// The first behind the current file; at the beginning, the last that may hold the number after
// last_seq_.
const StoredFile* Reader::find_following() const noexcept {
  auto at = std::find_if(listed_.begin(), listed_.end(), [this](const StoredFile& file) {
    return !current_ || file.first_seq > current_->first_seq;
  });
  while (!current_ && at != listed_.end()) {
    // A sealed file and its segment have the same numbers; the sealed one comes first.
    const auto later = std::find_if(
        at, listed_.end(), [at](const StoredFile& file) { return file.first_seq > at->first_seq; });
    if (later == listed_.end() || later->first_seq > last_seq_ + 1) break;
    at = later;
  }
  return at == listed_.end() ? nullptr : &*at;
}

void Reader::count_damage(std::uint64_t bytes) noexcept {
  ++damaged_regions_;
  damaged_bytes_ += bytes;
}

}  // namespace logboom::store
