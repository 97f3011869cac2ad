#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <type_traits>

#include <xxhash.h>

// The bytes of an active segment, shared by writer and reader; docs/store-format.md is the page
// about them. All numbers are little endian, as is every machine this is built for.
namespace logboom::store {

static_assert(std::endian::native == std::endian::little);

// Version of the data directory, in its file FORMAT. A binary reads all earlier ones.
//   1  the text of a stored record had its times
//   2  they stand beside it
//   3  a frame has flags, and its time is store time
inline constexpr std::uint32_t kFormatVersion = 3;

// A commit starts on this boundary, so that no later write touches a sector that holds
// acknowledged bytes; the segment's header has the first such block for itself.
inline constexpr std::uint64_t kCommitAlignment = 4096;
// A frame starts on this boundary within its commit; the bytes between are zero.
inline constexpr std::uint64_t kFrameAlignment = 8;

[[nodiscard]] constexpr std::uint64_t align_up(std::uint64_t offset, std::uint64_t to) noexcept {
  return (offset + to - 1) / to * to;
}

enum class FrameKind : std::uint16_t {
  data = 1,  // the records of one staging chain
  mark = 2,  // no records: all before durable_end is durable; the next commit overwrites it
  end = 3,   // no records: the segment was closed here; first_seq is the next number
};

struct FrameHeader {
  static constexpr std::uint32_t kMagic = 0x4d46424c;  // "LBFM"
  // That of the data directory that introduced it; it tells how the payload's records are laid out.
  static constexpr std::uint16_t kVersion = 3;
  static constexpr std::uint16_t kVersionTimesInText = 1;

  std::uint32_t magic = kMagic;
  std::uint16_t version = kVersion;
  FrameKind kind = FrameKind::data;
  std::uint64_t payload_bytes = 0;
  std::uint64_t segment_id = 0;
  std::uint64_t offset = 0;           // of this header in its file
  std::uint64_t previous_offset = 0;  // of the data frame before it, 0 for none: shows lost frames
  std::uint64_t first_seq = 0;
  std::uint32_t record_count = 0;
  std::uint32_t flags = 0;       // none yet; 0 in earlier versions
  std::int64_t arrival_ns = 0;   // of the commit, never before that of a record in the store
  std::int64_t time_min_ns = 0;  // over the records' event times
  std::int64_t time_max_ns = 0;
  std::uint64_t durable_end = 0;  // frames that end at or below it were durable at writing
  std::uint8_t request_id[16] = {};
  std::uint64_t payload_checksum = 0;  // XXH3-64
  std::uint64_t header_checksum = 0;   // XXH3-64 of all bytes before it

  [[nodiscard]] std::uint64_t end() const noexcept {
    return offset + sizeof(FrameHeader) + payload_bytes;
  }
};
static_assert(sizeof(FrameHeader) == 120 && std::is_trivially_copyable_v<FrameHeader>);

struct SegmentHeader {
  static constexpr std::uint64_t kMagic = 0x31474553424d474c;  // "LGMBSEG1"

  std::uint64_t magic = kMagic;
  std::uint32_t version = kFormatVersion;
  std::uint32_t durability = 0;  // the Durability it was written with
  std::uint64_t segment_id = 0;  // random, never 0: frames of other files are not mistaken for its
  std::int64_t created_ns = 0;
  std::uint64_t first_seq = 0;
  char store_id[32] = {};
  std::uint64_t header_checksum = 0;  // XXH3-64 of all bytes before it
};
static_assert(sizeof(SegmentHeader) == 80 && std::is_trivially_copyable_v<SegmentHeader>);

inline constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min();

// Nanoseconds since the Unix epoch, UTC.
struct RecordTimes {
  std::int64_t timestamp_ns = kNoTime;  // the event's own, if it has one
  std::int64_t observed_ns = kNoTime;   // always set in a record

  // The time that a record is looked for by.
  [[nodiscard]] std::int64_t event_ns() const noexcept {
    return timestamp_ns != kNoTime ? timestamp_ns : observed_ns;
  }
};

// In front of each record's text in a frame's payload. A reader makes the line of it: the brace,
// the times, then the text, with `,"_seq":N` at the splice offset.
struct RecordHead {
  std::uint32_t text_bytes = 0;
  std::uint32_t splice_offset = 0;  // at most text_bytes
  RecordTimes times;
};
static_assert(sizeof(RecordHead) == 24);
// All that one of version 1 has.
inline constexpr std::size_t kRecordHeadBytesTimesInText = 8;

// One record of a frame's payload.
struct StoredRecord {
  // What follows the times in the line, from the comma on, without `_seq` and newline.
  // Without times, which only version 1 has, all of the line.
  std::string_view text;
  std::size_t splice_offset = 0;
  std::optional<RecordTimes> times;
};

// Takes the first record off the payload of a frame of this version; false at its end, or if what
// is left is no record.
[[nodiscard]] inline bool take_record(std::uint16_t version, std::string_view& payload,
                                      StoredRecord& record) noexcept {
  const bool has_times = version != FrameHeader::kVersionTimesInText;
  const std::size_t head_bytes = has_times ? sizeof(RecordHead) : kRecordHeadBytesTimesInText;
  RecordHead head;
  if (payload.size() < head_bytes) return false;
  std::memcpy(&head, payload.data(), head_bytes);
  payload.remove_prefix(head_bytes);
  if (head.text_bytes > payload.size() || head.splice_offset > head.text_bytes) return false;
  if (has_times && head.times.observed_ns == kNoTime) return false;
  record.text = payload.substr(0, head.text_bytes);
  record.splice_offset = head.splice_offset;
  record.times = has_times ? std::optional(head.times) : std::nullopt;
  payload.remove_prefix(head.text_bytes);
  return true;
}

// Both headers end in their own checksum.
template <class Header>
[[nodiscard]] std::uint64_t header_checksum_of(const Header& header) noexcept {
  return XXH3_64bits(&header, sizeof(Header) - sizeof(header.header_checksum));
}

template <class Header>
void seal_header(Header& header) noexcept {
  header.header_checksum = header_checksum_of(header);
}

// A header from bytes of any alignment. Not to be trusted before is_intact().
template <class Header>
[[nodiscard]] Header load_header(const char* bytes) noexcept {
  Header header;
  std::memcpy(&header, bytes, sizeof header);
  return header;
}

template <class Header>
[[nodiscard]] bool is_intact(const Header& header) noexcept {
  return header.magic == Header::kMagic && header.header_checksum == header_checksum_of(header);
}

// The contents of the file `numbers`: two such slots, kCommitAlignment apart, written in turn.
struct NumbersSlot {
  static constexpr std::uint64_t kMagic = 0x314d554e424d474c;  // "LGMBNUM1"

  std::uint64_t magic = kMagic;
  std::uint64_t generation = 0;  // the newer slot has the greater one
  std::uint64_t next = 0;        // no number from here on has ever been given to a record
  std::uint64_t header_checksum = 0;
};
static_assert(sizeof(NumbersSlot) == 32 && std::is_trivially_copyable_v<NumbersSlot>);

}  // namespace logboom::store
