#include "store/sealed_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

#include <zstd.h>

namespace logboom::store {

namespace {

template <class Struct>
std::string_view bytes_of(const Struct& value) noexcept {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

}  // namespace

void SealedWriter::ContextDeleter::operator()(ZSTD_CCtx_s* context) const noexcept {
  ZSTD_freeCCtx(context);
}

SealedWriter::SealedWriter(std::unique_ptr<File> file, int level)
    : file_(std::move(file)), context_(ZSTD_createCCtx()) {
  if (context_ == nullptr) throw std::bad_alloc();
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);  // for other tools
}

Status SealedWriter::add(std::string_view line, const Facts& facts) {
  const bool follows = facts.seq == open_.first_seq + open_.record_count;
  if (open_.record_count != 0 && (!follows || text_.size() >= kChunkText)) {
    if (Status closed = close_chunk(); !closed) return closed;
  }
  if (open_.record_count == 0) {
    open_.first_seq = facts.seq;
    open_.arrival_min_ns = open_.arrival_max_ns = facts.arrival_ns;
    open_.time_min_ns = facts.time_min_ns;
    open_.time_max_ns = facts.time_max_ns;
  }
  ++open_.record_count;
  open_.arrival_min_ns = std::min(open_.arrival_min_ns, facts.arrival_ns);
  open_.arrival_max_ns = std::max(open_.arrival_max_ns, facts.arrival_ns);
  open_.time_min_ns = std::min(open_.time_min_ns, facts.time_min_ns);
  open_.time_max_ns = std::max(open_.time_max_ns, facts.time_max_ns);
  text_.append(line).push_back('\n');
  return {};
}

Status SealedWriter::close_chunk() {
  if (open_.record_count == 0) return {};
  const auto packed = compress();
  if (!packed) return packed.error();
  open_.offset = written_;
  open_.text_bytes = text_.size();
  open_.zstd_bytes = *packed;
  open_.zstd_checksum = XXH3_64bits(packed_.data(), *packed);
  seal_header(open_);
  ChunkTrailer trailer;
  trailer.info = open_;
  std::memcpy(packed_.data() + *packed, &trailer, sizeof trailer);
  chunks_.push_back(std::exchange(open_, ChunkInfo{}));
  text_.clear();
  return append({packed_.data(), *packed + sizeof trailer});
}

// It only grows: a resize writes zeros to all that it adds.
Result<std::size_t> SealedWriter::compress() {
  const std::size_t room = ZSTD_compressBound(text_.size());
  if (packed_.size() < room + sizeof(ChunkTrailer)) packed_.resize(room + sizeof(ChunkTrailer));
  const std::size_t packed =
      ZSTD_compress2(context_.get(), packed_.data(), room, text_.data(), text_.size());
  if (ZSTD_isError(packed) != 0) return os_error(ENOMEM);  // the one way left to fail
  return packed;
}

Status SealedWriter::finish(SealedFooter footer) {
  if (Status closed = close_chunk(); !closed) return closed;
  footer.chunk_count = chunks_.size();
  const std::size_t infos_bytes = chunks_.size() * sizeof(ChunkInfo);
  for (const ChunkInfo& chunk : chunks_) {
    footer.record_count += chunk.record_count;
    footer.text_bytes += chunk.text_bytes;
  }
  footer.table_checksum = XXH3_64bits(chunks_.data(), infos_bytes);
  seal_header(footer);
  const SkippableHead head{
      .bytes = static_cast<std::uint32_t>(table_bytes(chunks_.size()) - sizeof(SkippableHead))};
  std::string table(bytes_of(head));
  table.append(reinterpret_cast<const char*>(chunks_.data()), infos_bytes);
  table.append(bytes_of(footer));
  if (Status written = append(table); !written) return written;
  return file_->sync();
}

Status SealedWriter::append(std::string_view bytes) {
  if (Status written = file_->write_at(bytes, written_); !written) return written;
  written_ += bytes.size();
  return {};
}

}  // namespace logboom::store
