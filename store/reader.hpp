#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/data_dir.hpp"
#include "store/format.hpp"
#include "store/line_splicer.hpp"
#include "store/os_file.hpp"
#include "store/sealed_scan.hpp"
#include "store/segment_scan.hpp"
#include "store/stored_files.hpp"
#include "store/tail.hpp"

namespace logboom::store {

struct ReaderOptions {
  // Only records with greater numbers.
  std::uint64_t after_seq = 0;
  // A hint: frames whose event times all lie outside are skipped whole, so their other records may
  // or may not be left out. Nanoseconds, both inclusive.
  std::int64_t time_min_ns = std::numeric_limits<std::int64_t>::min();
  std::int64_t time_max_ns = std::numeric_limits<std::int64_t>::max();
  // How long next() looks for the word that what it has found is durable, in `sync` only.
  std::chrono::milliseconds durable_wait{100};
  FileSystem* files = nullptr;  // the machine's own if null
  // Within the process that writes: what is durable, in place of the files' word for it.
  const Tail* tail = nullptr;
};

// Valid until the reader's next call.
struct RecordView {
  std::uint64_t seq = 0;
  std::string_view line;  // with `_seq`, without a newline
  // Of the first record of the frame, or of the chunk of a sealed file, that holds it.
  std::int64_t arrival_ns = 0;
  // Of the same: its own event time is between them.
  std::int64_t time_min_ns = 0;
  std::int64_t time_max_ns = 0;
};

// The records of a data directory in the order of their numbers. Takes no lock; works while a
// server writes, after a crash and on a copy. Records show once they have reached the durability
// they were written with; after a crash, all that are valid do. One thread.
class Reader {
 public:
  // The error is one sentence for the operator.
  [[nodiscard]] static boost::system::result<Reader, std::string> open(const std::string& dir,
                                                                       ReaderOptions options = {});

  // The next record, or nothing when there is none now: later there may be.
  [[nodiscard]] std::optional<RecordView> next();

  // Shows only what is written by now: else a reader may not come to an end while a server writes.
  void end_with_present();

  // Goes on behind this number, if it is not there yet.
  void skip_to(std::uint64_t seq) noexcept { last_seq_ = std::max(last_seq_, seq); }

  // Pieces of segments that were unreadable and have been passed over, and their bytes.
  [[nodiscard]] std::uint64_t damaged_regions() const noexcept { return damaged_regions_; }
  [[nodiscard]] std::uint64_t damaged_bytes() const noexcept { return damaged_bytes_; }
  // The error of the operating system that kept the last next() from reading on, if any; the next
  // one tries again at the same place.
  [[nodiscard]] boost::system::error_code error() const noexcept { return error_; }

 private:
  enum class Found : std::uint8_t { records, unwanted, nothing, file_done };
  // Of the records being read.
  struct Bounds {
    std::int64_t arrival_ns = 0;
    std::int64_t time_min_ns = 0;
    std::int64_t time_max_ns = 0;
  };

  Reader(FileSystem& files, DataPaths paths, ReaderOptions options);

  [[nodiscard]] std::optional<RecordView> take_loaded();
  [[nodiscard]] std::optional<RecordView> take_stored();
  [[nodiscard]] std::optional<RecordView> take_line();
  [[nodiscard]] RecordView view_of(std::uint64_t seq, std::string_view line) const noexcept;
  [[nodiscard]] bool load();
  [[nodiscard]] bool is_wanted(std::uint64_t last_seq, const Bounds& bounds) const noexcept;

  [[nodiscard]] Found next_frame();
  [[nodiscard]] Found take_frame();
  [[nodiscard]] bool is_shown(const FrameHeader& header);
  [[nodiscard]] bool waits_for_sync();
  [[nodiscard]] Found next_chunk();

  // The greatest number that is written by now.
  [[nodiscard]] Result<std::uint64_t> last_written();

  [[nodiscard]] bool open_next_file();
  [[nodiscard]] Status open_file(const StoredFile& stored);
  [[nodiscard]] Status open_sealed(std::unique_ptr<File> file, const StoredFile& stored);
  [[nodiscard]] Status open_segment(std::unique_ptr<File> file);
  [[nodiscard]] const StoredFile* following_file();
  [[nodiscard]] const StoredFile* find_following() const noexcept;
  void count_damage(std::uint64_t bytes) noexcept;

  FileSystem* files_;
  DataPaths paths_;
  ReaderOptions options_;
  std::uint64_t last_seq_;
  std::uint64_t end_seq_ = std::numeric_limits<std::uint64_t>::max();  // the last one to be shown
  std::vector<StoredFile> listed_;  // may be older than the directory
  std::optional<StoredFile> current_;

  // Of the current file, one of the two.
  std::optional<SegmentScan> scan_;
  bool segment_over_ = false;  // nothing more will come in the current segment
  bool shows_all_ = false;     // its valid frames need no word that they are durable
  std::optional<SealedScan> sealed_;
  std::size_t next_chunk_ = 0;

  // What is loaded: the payload of scan_'s frame, or the lines of a chunk.
  std::string_view payload_;
  std::string_view lines_;
  std::uint64_t next_seq_ = 0;  // of the first record in either
  Bounds bounds_;
  LineSplicer splicer_;

  std::uint64_t damaged_regions_ = 0;
  std::uint64_t damaged_bytes_ = 0;
  boost::system::error_code error_;
};

}  // namespace logboom::store
