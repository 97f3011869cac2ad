#include "store/segment_scan.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace logboom::store {

namespace {

// Greater payloads cannot have been written; keeps offsets far from overflow.
constexpr std::uint64_t kPayloadBytesMax = std::uint64_t{1} << 40;

bool all_zero(std::string_view bytes) noexcept {
  return bytes.empty() || (bytes.front() == '\0' &&
                           std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

// The index of the first frame magic on an aligned place, or npos.
std::size_t find_magic(std::string_view bytes) noexcept {
  for (std::size_t i = 0; i + sizeof(FrameHeader) <= bytes.size(); i += kFrameAlignment) {
    std::uint32_t magic = 0;
    std::memcpy(&magic, bytes.data() + i, sizeof magic);
    if (magic == FrameHeader::kMagic) return i;
  }
  return std::string_view::npos;
}

bool is_known_version(std::uint16_t version) noexcept {
  return version >= FrameHeader::kVersionTimesInText && version <= FrameHeader::kVersion;
}

bool is_known_kind(FrameKind kind) noexcept {
  return kind == FrameKind::data || kind == FrameKind::mark || kind == FrameKind::end;
}

}  // namespace

SegmentScan::SegmentScan(std::unique_ptr<File> file, std::vector<char> buffer)
    : file_(std::move(file)), buffer_(std::move(buffer)) {}

Status SegmentScan::read_header() {
  const std::string_view block = view(0, kCommitAlignment);
  if (error_) return error_;
  if (block.size() < sizeof segment_) return {};
  const auto header = load_header<SegmentHeader>(block.data());
  if (!is_intact(header)) return {};
  if (header.version > kFormatVersion) return newer_version();
  segment_ = header;
  segment_id_ = header.segment_id;
  has_header_ = block.size() == kCommitAlignment && all_zero(block.substr(sizeof header));
  return {};
}

SegmentScan::Step SegmentScan::next(Rest rest) {
  error_ = {};
  auto step = try_frame();
  if (!step && !error_) {
    forget_buffer();
    step = try_frame();
  }
  if (!step && !error_) step = classify(rest);
  return error_ ? Step::error : *step;
}

std::optional<SegmentScan::Step> SegmentScan::try_frame() {
  const auto header = header_behind(position_);
  if (!header || header->previous_offset != last_frame_) return std::nullopt;
  if (header->kind == FrameKind::mark) {
    durable_end_ = std::max(durable_end_, header->durable_end);
    return std::nullopt;  // classify() looks at what follows a mark: normally nothing
  }
  if (!load_payload(*header)) return std::nullopt;
  return accept(*header);
}

bool SegmentScan::load_payload(const FrameHeader& header) {
  const auto bytes = static_cast<std::size_t>(header.payload_bytes);
  // A length beyond the file is refused before a buffer is made for it.
  if (header.end() > buffer_offset_ + buffered_ && header.end() > file_size()) return false;
  const std::string_view frame = view(header.offset, sizeof header + bytes);
  if (frame.size() != sizeof header + bytes) return false;
  payload_ = frame.substr(sizeof header);
  return XXH3_64bits(payload_.data(), payload_.size()) == header.payload_checksum;
}

SegmentScan::Step SegmentScan::accept(const FrameHeader& header) {
  header_ = header;
  if (segment_id_ == 0) segment_id_ = header.segment_id;
  durable_end_ = std::max(durable_end_, header.durable_end);
  previous_position_ = position_;
  previous_frame_ = last_frame_;
  if (header.kind == FrameKind::end) return Step::end;
  position_ = valid_end_ = header.end();
  last_frame_ = header.offset;
  return Step::frame;
}

// Slow path: there is no valid frame where one is expected.
SegmentScan::Step SegmentScan::classify(Rest rest) {
  const std::uint64_t boundary = align_up(position_, kCommitAlignment);
  const auto here = header_behind(position_);
  const bool follows = here && here->previous_offset == last_frame_;
  const bool at_mark = follows && here->kind == FrameKind::mark;
  const std::uint64_t from = at_mark ? here->end() : skip_zeros({position_, boundary});
  const ByteRange near{from, align_up(from + 1, kCommitAlignment)};
  region_ = {from, from};
  if (rest == Rest::assumed_zero && skip_zeros(near) == near.to) return Step::pause;

  // A header that is right tells where its frame ends, even if the payload is not.
  const auto found = find_header(follows ? here->end() : position_);
  if (!found) return pause_at(from);
  const std::uint64_t lost_frame =
      found->previous_offset > last_frame_ ? found->previous_offset : from;
  const std::uint64_t judged = std::min(from, lost_frame);
  if (!was_durable(judged, *found)) return pause_at(from);
  // A writer may have completed the frame between the two looks.
  forget_buffer();
  if (const auto step = try_frame()) return *step;
  region_ = {judged, found->offset};
  segment_id_ = found->segment_id;
  position_ = valid_end_ = found->offset;
  last_frame_ = found->previous_offset;
  return Step::damage;
}

bool SegmentScan::was_durable(std::uint64_t judged, FrameHeader found) {
  while (found.durable_end <= judged) {
    const auto later = find_header(found.end());
    if (!later) return false;
    found = *later;
  }
  return true;
}

SegmentScan::Step SegmentScan::pause_at(std::uint64_t from) {
  region_ = {from, from};
  for (std::uint64_t at = from;;) {
    const std::string_view bytes = view(at, kCommitAlignment);
    if (bytes.empty()) return Step::pause;
    const std::size_t last =
        all_zero(bytes) ? std::string_view::npos : bytes.find_last_not_of('\0');
    if (last != std::string_view::npos) region_.to = at + last + 1;
    at += bytes.size();
  }
}

void SegmentScan::unread() noexcept {
  position_ = previous_position_;
  last_frame_ = previous_frame_;
}

bool SegmentScan::learns_durable(std::uint64_t end) {
  look_ahead(end);
  return durable_end_ >= end;
}

std::uint64_t SegmentScan::last_written() {
  look_ahead(std::numeric_limits<std::uint64_t>::max());
  return next_seq_ahead_ - 1;
}

void SegmentScan::look_ahead(std::uint64_t end) {
  forget_buffer();
  payload_ = {};
  error_ = {};
  std::uint64_t at = position_;
  bool closed = false;
  for (auto header = header_behind(at, kHeaderReadAhead); header && !closed;
       header = header_behind(at, kHeaderReadAhead)) {
    learn(*header);
    at = header->end();
    closed = header->kind != FrameKind::data;
  }
  // Else the word may stand behind bytes that are damaged.
  if (met_unreadable_ || (!closed && !ends_in_zeros(at))) {
    for (auto header = find_header(position_); header && durable_end_ < end;
         header = find_header(header->end())) {
      learn(*header);
    }
  }
  forget_buffer();
}

void SegmentScan::learn(const FrameHeader& header) noexcept {
  durable_end_ = std::max(durable_end_, header.durable_end);
  next_seq_ahead_ = std::max(next_seq_ahead_, header.first_seq + header.record_count);
}

bool SegmentScan::ends_in_zeros(std::uint64_t offset) {
  const std::uint64_t next_commit = align_up(offset, kCommitAlignment);
  const auto bytes = static_cast<std::size_t>(next_commit - offset) + sizeof(FrameHeader);
  return all_zero(view(offset, bytes, kHeaderReadAhead));
}

std::string_view SegmentScan::view(std::uint64_t offset, std::size_t bytes, std::size_t ahead) {
  const bool there = offset >= buffer_offset_ && offset + bytes <= buffer_offset_ + buffered_;
  if (!there) fill_buffer(offset, bytes, std::max(bytes, ahead));
  const auto from = static_cast<std::size_t>(offset - buffer_offset_);
  return std::string_view(buffer_.data(), buffered_).substr(from, bytes);
}

void SegmentScan::fill_buffer(std::uint64_t offset, std::size_t needed, std::size_t wanted) {
  if (buffer_.size() < wanted) buffer_.resize(wanted);
  buffer_offset_ = offset;
  buffered_ = 0;
  const auto got = file_->read_at(buffer_.data(), wanted, offset);
  if (got) {
    buffered_ = *got;
  } else if (!means_unreadable(got.error())) {
    error_ = got.error();
    return;
  }
  if (buffered_ < needed) fill_by_blocks(needed);
}

void SegmentScan::fill_by_blocks(std::size_t needed) {
  while (buffered_ < needed) {
    const std::uint64_t at = buffer_offset_ + buffered_;
    std::size_t piece = std::min<std::uint64_t>(needed - buffered_, kReadBlock - at % kReadBlock);
    const auto got = file_->read_at(buffer_.data() + buffered_, piece, at);
    if (got && *got == 0) return;           // the end of the file
    if (!got && at >= file_size()) return;  // also of one of which nothing can be read
    if (got) {
      piece = *got;
    } else if (means_unreadable(got.error())) {
      met_unreadable_ = true;
      std::memset(buffer_.data() + buffered_, kUnreadable, piece);
    } else {
      error_ = got.error();
      return;
    }
    buffered_ += piece;
  }
}

std::uint64_t SegmentScan::file_size() {
  const auto size = file_->size();
  if (size) return *size;
  error_ = size.error();
  return 0;
}

std::optional<FrameHeader> SegmentScan::header_at(std::uint64_t offset, std::size_t ahead) {
  const std::string_view bytes = view(offset, sizeof(FrameHeader), ahead);
  if (bytes.size() < sizeof(FrameHeader)) return std::nullopt;
  const auto header = load_header<FrameHeader>(bytes.data());
  if (!is_intact(header) || header.offset != offset) return std::nullopt;
  if (!is_known_version(header.version) || !is_known_kind(header.kind)) return std::nullopt;
  if (segment_id_ != 0 && header.segment_id != segment_id_) return std::nullopt;
  if (header.payload_bytes > kPayloadBytesMax) return std::nullopt;
  return header;
}

std::optional<FrameHeader> SegmentScan::header_behind(std::uint64_t offset, std::size_t ahead) {
  const std::uint64_t next = align_up(offset, kFrameAlignment);
  const std::uint64_t boundary = align_up(offset, kCommitAlignment);
  const auto at = static_cast<std::size_t>(next - offset);
  if (next != offset && !all_zero(view(offset, at, ahead))) return std::nullopt;
  if (const auto header = header_at(next, ahead)) return header;
  const auto gap = static_cast<std::size_t>(boundary - next);
  if (gap == 0 || !all_zero(view(next, gap, ahead))) return std::nullopt;
  return header_at(boundary, ahead);
}

std::optional<FrameHeader> SegmentScan::find_header(std::uint64_t offset) {
  for (std::uint64_t at = align_up(offset, kFrameAlignment);;) {
    const std::string_view bytes = view(at, kReadAhead / 4);
    if (bytes.size() < sizeof(FrameHeader)) return std::nullopt;
    const std::size_t hit = find_magic(bytes);
    if (hit == std::string_view::npos) {
      // The last bytes may be the beginning of a header: look at them again with what follows.
      const std::size_t seen = bytes.size() - sizeof(FrameHeader) + 1;
      at += align_up(seen, kFrameAlignment);
      continue;
    }
    if (auto header = header_at(at + hit)) return header;
    at += hit + kFrameAlignment;
  }
}

std::uint64_t SegmentScan::skip_zeros(ByteRange range) {
  constexpr std::size_t kStep = kCommitAlignment;
  for (std::uint64_t at = range.from; at < range.to;) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kStep, range.to - at));
    const std::string_view bytes = view(at, wanted);
    if (bytes.empty()) return range.to;  // the end of the file
    if (!all_zero(bytes)) return at + bytes.find_first_not_of('\0');
    at += bytes.size();
  }
  return range.to;
}

}  // namespace logboom::store
