#include "store/sealed_scan.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>
#include <utility>

#include <zstd.h>

namespace logboom::store {

namespace {

constexpr std::size_t kSearchBytes = 1024 * 1024;
// Chunks of more text cannot have been written; keeps sums far from overflow.
constexpr std::uint64_t kTextBytesMax = std::uint64_t{1} << 40;

std::size_t find_magic(std::string_view bytes, std::size_t from) noexcept {
  static constexpr std::uint64_t kMagic = ChunkInfo::kMagic;
  const std::string_view needle(reinterpret_cast<const char*>(&kMagic), sizeof kMagic);
  return bytes.find(needle, from);
}

bool is_sane(const ChunkInfo& info) noexcept {
  return is_intact(info) && info.record_count != 0 && info.text_bytes <= kTextBytesMax &&
         info.zstd_bytes <= kTextBytesMax && info.offset <= kTextBytesMax;
}

// Whether the chunks lie one behind the other from the file's first byte to `end`.
bool fill_the_file(std::span<const ChunkInfo> chunks, std::uint64_t end) noexcept {
  std::uint64_t at = 0;
  std::uint64_t seq = 0;
  for (const ChunkInfo& chunk : chunks) {
    if (!is_sane(chunk) || chunk.offset != at || chunk.first_seq <= seq) return false;
    at = chunk.end();
    seq = chunk.last_seq();
  }
  return at == end;
}

std::uint64_t lines_in(std::string_view text) noexcept {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

void SealedScan::ContextDeleter::operator()(ZSTD_DCtx_s* context) const noexcept {
  ZSTD_freeDCtx(context);
}

SealedScan::SealedScan(std::unique_ptr<File> file)
    : file_(std::move(file)), context_(ZSTD_createDCtx()) {
  if (context_ == nullptr) throw std::bad_alloc();
}

Status SealedScan::open() {
  const auto size = file_->size();
  if (!size) return size.error();
  file_bytes_ = *size;
  if (Status read = read_table(); !read) return read;
  return whole_ ? Status{} : find_chunks();
}

Status SealedScan::read_table() {
  if (file_bytes_ < table_bytes(0)) return {};
  const auto last = read(file_bytes_ - sizeof(SealedFooter), sizeof(SealedFooter));
  if (!last) return last.error();
  if (last->size() != sizeof(SealedFooter)) return {};
  footer_ = load_header<SealedFooter>(last->data());
  if (!is_intact(footer_) || footer_.chunk_count > file_bytes_ / sizeof(ChunkInfo)) return {};
  const std::uint64_t bytes = table_bytes(footer_.chunk_count);
  if (bytes > file_bytes_) return {};
  const auto table = read(file_bytes_ - bytes, bytes);
  if (!table) return table.error();
  if (table->size() != bytes) return {};

  const auto head = load_header<SkippableHead>(table->data());
  const SkippableHead expected{.bytes = static_cast<std::uint32_t>(bytes - sizeof head)};
  if (head != expected) return {};
  chunks_.resize(static_cast<std::size_t>(footer_.chunk_count));
  const std::size_t infos_bytes = chunks_.size() * sizeof(ChunkInfo);
  std::memcpy(chunks_.data(), table->data() + sizeof head, infos_bytes);
  whole_ = XXH3_64bits(chunks_.data(), infos_bytes) == footer_.table_checksum &&
           fill_the_file(chunks_, file_bytes_ - bytes);
  return {};
}

// A trailer is one only where it says that it is: the table's copies are not mistaken for any.
Status SealedScan::find_chunks() {
  chunks_.clear();
  for (std::uint64_t at = 0; at < file_bytes_; at += kSearchBytes) {
    const auto bytes = read(at, kSearchBytes + sizeof(ChunkInfo));
    if (!bytes) return bytes.error();
    for (std::size_t hit = find_magic(*bytes, 0); hit != std::string_view::npos;
         hit = find_magic(*bytes, hit + 1)) {
      if (hit + sizeof(ChunkInfo) > bytes->size()) break;
      const auto info = load_header<ChunkInfo>(bytes->data() + hit);
      const bool here = info.offset + info.zstd_bytes + sizeof(SkippableHead) == at + hit;
      const bool new_one = chunks_.empty() || info.first_seq > chunks_.back().last_seq();
      if (is_sane(info) && here && new_one) chunks_.push_back(info);
    }
  }
  return {};
}

Result<std::optional<std::string_view>> SealedScan::load(const ChunkInfo& chunk) {
  using Loaded = std::optional<std::string_view>;
  const auto packed = read(chunk.offset, chunk.zstd_bytes);
  if (!packed) return packed.error();
  if (packed->size() != chunk.zstd_bytes) return Loaded{};
  if (XXH3_64bits(packed->data(), packed->size()) != chunk.zstd_checksum) return Loaded{};
  if (text_.size() < chunk.text_bytes) text_.resize(static_cast<std::size_t>(chunk.text_bytes));
  const std::size_t bytes = ZSTD_decompressDCtx(context_.get(), text_.data(), text_.size(),
                                                packed->data(), packed->size());
  if (ZSTD_isError(bytes) != 0 || bytes != chunk.text_bytes) return Loaded{};
  return Loaded{std::string_view(text_.data(), bytes)};
}

Status SealedScan::check_all(const std::function<void(ByteRange)>& damaged) {
  std::uint64_t at = 0;
  for (const ChunkInfo& chunk : chunks_) {
    if (chunk.offset != at) damaged({at, chunk.offset});
    const auto text = load(chunk);
    if (!text) return text.error();
    const bool lines_are_right = text->has_value() && lines_in(**text) == chunk.record_count;
    const auto trailer = read_trailer(chunk);
    if (!trailer) return trailer.error();
    ChunkTrailer expected;
    expected.info = chunk;
    if (!lines_are_right || *trailer != expected) damaged({chunk.offset, chunk.end()});
    at = chunk.end();
  }
  if (!whole_) damaged({at, std::max(file_bytes_, at + table_bytes(chunks_.size()))});
  return {};
}

Result<std::optional<ChunkTrailer>> SealedScan::read_trailer(const ChunkInfo& chunk) {
  const auto bytes = read(chunk.offset + chunk.zstd_bytes, sizeof(ChunkTrailer));
  if (!bytes) return bytes.error();
  if (bytes->size() != sizeof(ChunkTrailer)) return std::optional<ChunkTrailer>{};
  return std::optional{load_header<ChunkTrailer>(bytes->data())};
}

Result<std::string_view> SealedScan::read(std::uint64_t offset, std::uint64_t bytes) {
  if (packed_.size() < bytes) packed_.resize(static_cast<std::size_t>(bytes));
  std::size_t got_bytes = 0;
  while (got_bytes < bytes) {
    const auto got =
        file_->read_at(packed_.data() + got_bytes, static_cast<std::size_t>(bytes) - got_bytes,
                       offset + got_bytes);
    if (!got && !means_unreadable(got.error())) return got.error();
    if (!got || *got == 0) break;
    got_bytes += *got;
  }
  return std::string_view(packed_.data(), got_bytes);
}

}  // namespace logboom::store
