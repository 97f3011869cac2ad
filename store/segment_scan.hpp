#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "store/format.hpp"
#include "store/os_file.hpp"

namespace logboom::store {

// The error of a segment that a newer version wrote.
[[nodiscard]] inline boost::system::error_code newer_version() noexcept {
  return os_error(EPROTONOSUPPORT);
}

// Walks the frames of one segment file and tells intact ones from a torn tail and from damage:
// bytes that are no valid frame are damage if a later frame says that they had been durable,
// otherwise they were never acknowledged in `sync`. The one place that knows this rule: recovery,
// the readers and `verify` all walk with it.
//
// The file may be growing meanwhile: at `pause` the same call may find more later. One thread.
class SegmentScan {
 public:
  enum class Step : std::uint8_t {
    frame,   // header() and, if asked for, payload() are valid until the next call
    damage,  // region() had been durable and is not valid; the walk goes on behind it
    pause,   // nothing more is valid for now; region() is the torn tail, empty if all zero
    end,     // the segment was closed here: nothing will follow
    error,   // the file cannot be read: error()
  };
  // Whether a pause looks at all the rest of the file for a lost page with valid frames behind it.
  enum class Rest : std::uint8_t { searched, assumed_zero };

  // `buffer` is memory to read into. Whoever walks file after file hands it on by take_buffer():
  // for large frames new pages cost more than what is read into them.
  explicit SegmentScan(std::unique_ptr<File> file, std::vector<char> buffer = {});

  // Reads the segment's header. If it is damaged, the frames are believed to be of the segment that
  // the first valid one names.
  [[nodiscard]] Status read_header();
  [[nodiscard]] bool has_header() const noexcept { return has_header_; }
  [[nodiscard]] const SegmentHeader& segment() const noexcept { return segment_; }

  [[nodiscard]] Step next(Rest rest);
  [[nodiscard]] const FrameHeader& header() const noexcept { return header_; }
  [[nodiscard]] std::string_view payload() const noexcept { return payload_; }
  [[nodiscard]] ByteRange region() const noexcept { return region_; }
  [[nodiscard]] boost::system::error_code error() const noexcept { return error_; }

  // Goes back to the frame just returned, so that the next call returns it again.
  void unread() noexcept;
  // The durable end that the frames seen so far tell.
  [[nodiscard]] std::uint64_t durable_end() const noexcept { return durable_end_; }
  // Looks at the frames that follow, as they are in the file now, for the word that all before
  // `end` is durable. Drops payload(), which is empty afterwards.
  [[nodiscard]] bool learns_durable(std::uint64_t end);
  // Likewise for the last number that a frame in the file has; 0 if there is none.
  [[nodiscard]] std::uint64_t last_written();
  // The id in the header or, if that is damaged, in the frames; 0 while not known.
  [[nodiscard]] std::uint64_t segment_id() const noexcept { return segment_id_; }
  // The end of the last valid frame, or of damage if it lies behind that.
  [[nodiscard]] std::uint64_t valid_end() const noexcept { return valid_end_; }
  // Where the last data frame known of starts, readable or not; 0 for none.
  [[nodiscard]] std::uint64_t last_frame() const noexcept { return last_frame_; }

  [[nodiscard]] File& file() noexcept { return *file_; }
  // Ends the walk.
  [[nodiscard]] std::vector<char> take_buffer() noexcept { return std::move(buffer_); }

 private:
  static constexpr std::size_t kReadAhead = 256 * 1024;
  static constexpr std::size_t kHeaderReadAhead = 4096;
  static constexpr std::size_t kReadBlock = 4096;
  // In place of bytes that cannot be read: neither zeros nor part of a header.
  static constexpr char kUnreadable = '\xff';

  // The bytes [offset, offset + bytes), or fewer at the end of the file; valid until the next view.
  // Blocks that the disk cannot read look like no frame, so that the walk steps over them.
  [[nodiscard]] std::string_view view(std::uint64_t offset, std::size_t bytes,
                                      std::size_t ahead = kReadAhead);
  // Reads `wanted` bytes into the buffer, or at least the first `needed`.
  void fill_buffer(std::uint64_t offset, std::size_t needed, std::size_t wanted);
  // Reads on up to `needed` bytes in blocks; what the disk cannot read becomes kUnreadable.
  void fill_by_blocks(std::size_t needed);
  // What follows is read from the file anew: the buffer may be older than the file.
  void forget_buffer() noexcept { buffered_ = 0; }
  [[nodiscard]] std::uint64_t file_size();

  [[nodiscard]] std::optional<FrameHeader> header_at(std::uint64_t offset,
                                                     std::size_t ahead = kReadAhead);
  // The frame that follows bytes that end at `offset`: there, or where the next commit starts.
  [[nodiscard]] std::optional<FrameHeader> header_behind(std::uint64_t offset,
                                                         std::size_t ahead = kReadAhead);
  // The first valid header at or behind `offset`, wherever it is.
  [[nodiscard]] std::optional<FrameHeader> find_header(std::uint64_t offset);
  // Whether a valid header at or behind `offset` says that more than `judged` is durable.
  [[nodiscard]] bool was_durable(std::uint64_t judged, FrameHeader found);
  // Whether there is nothing behind frames that end at `offset`: zeros up to where the next commit
  // would start, and in place of its header.
  [[nodiscard]] bool ends_in_zeros(std::uint64_t offset);
  // The offset of the first byte in the range that is not zero, or the range's end.
  [[nodiscard]] std::uint64_t skip_zeros(ByteRange range);

  // Passes over the headers of the frames that follow; not all of them once `end` is known to be
  // durable.
  void look_ahead(std::uint64_t end);
  void learn(const FrameHeader& header) noexcept;

  [[nodiscard]] std::optional<Step> try_frame();
  [[nodiscard]] bool load_payload(const FrameHeader& header);
  [[nodiscard]] Step accept(const FrameHeader& header);
  [[nodiscard]] Step classify(Rest rest);
  [[nodiscard]] Step pause_at(std::uint64_t from);

  std::unique_ptr<File> file_;
  SegmentHeader segment_;
  bool has_header_ = false;
  std::uint64_t segment_id_ = 0;
  std::uint64_t position_ = kCommitAlignment;
  std::uint64_t previous_position_ = kCommitAlignment;
  std::uint64_t valid_end_ = kCommitAlignment;
  std::uint64_t last_frame_ = 0;
  std::uint64_t previous_frame_ = 0;
  std::uint64_t durable_end_ = 0;
  std::uint64_t next_seq_ahead_ = 1;  // behind all that look_ahead() has seen

  FrameHeader header_;
  std::string_view payload_;
  ByteRange region_;
  boost::system::error_code error_;

  std::vector<char> buffer_;
  std::uint64_t buffer_offset_ = 0;
  std::size_t buffered_ = 0;
  bool met_unreadable_ = false;  // the word on durability may stand behind such bytes
};

}  // namespace logboom::store
