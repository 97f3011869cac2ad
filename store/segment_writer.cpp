#include "store/segment_writer.hpp"

#include <array>
#include <cassert>
#include <cstring>
#include <utility>

#include "store/options.hpp"
#include "store/stored_files.hpp"

namespace logboom::store {

namespace {

Status write_header(File& file, const SegmentHeader& header) {
  std::array<char, kCommitAlignment> block{};
  std::memcpy(block.data(), &header, sizeof header);
  if (Status written = file.write_at({block.data(), block.size()}, 0); !written) return written;
  return file.sync();
}

}  // namespace

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::start(FileSystem& files,
                                                            const DataPaths& paths, SpareFile spare,
                                                            SegmentHeader header) {
  header.segment_id = random_id();
  seal_header(header);
  if (Status written = write_header(*spare.file, header); !written) return written.error();
  auto segment = std::unique_ptr<SegmentWriter>(new SegmentWriter);
  segment->name_ = segment_name(header.created_ns, header.first_seq);
  const std::string path = paths.segments() + "/" + segment->name_;
  if (Status renamed = files.rename(spare.path, path); !renamed) return renamed.error();
  if (Status synced = files.sync_directory(paths.segments()); !synced) {
    static_cast<void>(files.remove(path));  // else the next opening removes it: it has no records
    return synced.error();
  }
  segment->file_ = std::move(spare.file);
  segment->header_ = header;
  segment->capacity_ = spare.capacity;
  return segment;
}

bool SegmentWriter::has_room(std::uint64_t commit_bytes) const noexcept {
  return commit_start_ + bytes_for(commit_bytes) - kCommitAlignment <= capacity_;
}

void SegmentWriter::place(FrameHeader& header) noexcept {
  header.segment_id = header_.segment_id;
  header.offset = align_up(placed_end_, kFrameAlignment);
  header.previous_offset = last_frame_;
  header.durable_end = durable_end_;
  placed_end_ = header.end();
  last_frame_ = header.offset;
}

Status SegmentWriter::write(std::span<iovec> pieces) {
  if (Status written = file_->write_at(pieces, commit_start_); !written) return written;
  marked_end_ = durable_end_;
  commit_start_ = placed_end_ = align_up(placed_end_, kCommitAlignment);
  assert(durable_end_ <= commit_start_ && commit_start_ < capacity_);
  return {};
}

Status SegmentWriter::sync() {
  if (Status synced = file_->sync(); !synced) return synced;
  durable_end_ = commit_start_;
  return {};
}

Status SegmentWriter::write_mark(std::int64_t arrival_ns, std::uint64_t next_seq) {
  FrameHeader mark = closing_frame(FrameKind::mark);
  mark.arrival_ns = arrival_ns;
  mark.first_seq = next_seq;
  if (Status written = write_frame(mark); !written) return written;
  marked_end_ = durable_end_;
  return {};
}

Status SegmentWriter::write_end(std::int64_t arrival_ns, std::uint64_t next_seq) {
  end_ = closing_frame(FrameKind::end);
  end_.arrival_ns = arrival_ns;
  end_.first_seq = next_seq;
  return write_frame(end_);
}

Status SegmentWriter::finish() {
  const bool syncs = header_.durability == static_cast<std::uint32_t>(Durability::sync);
  if (syncs) {
    if (Status synced = sync(); !synced) return synced;
    if (end_.durable_end != durable_end_) {
      end_.durable_end = durable_end_;
      if (Status written = write_frame(end_); !written) return written;
    }
  }
  if (Status cut = file_->truncate(end_.end()); !cut) return cut;
  return syncs ? file_->sync() : Status{};
}

FrameHeader SegmentWriter::closing_frame(FrameKind kind) const noexcept {
  FrameHeader header;
  header.kind = kind;
  header.segment_id = header_.segment_id;
  header.offset = commit_start_;
  header.previous_offset = last_frame_;
  header.durable_end = durable_end_;
  header.payload_checksum = XXH3_64bits(nullptr, 0);
  return header;
}

Status SegmentWriter::write_frame(FrameHeader& header) {
  seal_header(header);
  return file_->write_at({reinterpret_cast<const char*>(&header), sizeof header}, header.offset);
}

}  // namespace logboom::store
