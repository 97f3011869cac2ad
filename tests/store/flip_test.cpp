#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "store/format.hpp"
#include "store/os_file.hpp"
#include "store/sealed_scan.hpp"
#include "store/sealed_writer.hpp"
#include "store/segment_scan.hpp"
#include "store/stored_files.hpp"
#include "tests/store/store_fixture.hpp"

// One flipped bit at every byte of a small file of the store. Each is reported: as damage where the
// bytes are known to have been durable, else as a torn tail. Readers lose the frame that holds it,
// behind a torn tail also what follows, and show all the rest; never a wrong record. The store
// starts on any of it, and loses nothing more.
namespace logboom::store {
namespace {

enum class Verdict : std::uint8_t { damage, torn_tail };

struct Expected {
  Verdict verdict = Verdict::damage;
  std::vector<ReadRecord> records;  // what readers still show
};

// A directory without a server, and one file of it to be harmed. Another kind of file needs another
// `expected` only.
struct Specimen {
  std::string dir;
  std::string file;  // below dir
  std::vector<ReadRecord> records;
  // What one flipped bit of the byte at the offset does.
  std::function<Expected(std::uint64_t offset)> expected;
  std::vector<std::uint64_t> used;  // the offsets of bytes that are not mere zeros
  // A store that starts makes another file of it, without what is unreadable.
  bool made_anew = true;

  [[nodiscard]] std::string path() const { return dir + "/" + file; }
  [[nodiscard]] std::uint64_t bytes() const { return std::filesystem::file_size(path()); }
};

// A frame of the unharmed segment, and which records it holds.
struct PlacedFrame {
  ByteRange range;
  std::size_t first_record = 0;
  std::size_t records = 0;
};

void flip(const std::string& path, std::uint64_t offset, int bit) {
  const auto file = os_files().open(path, OpenMode::read_write);
  char byte = 0;
  ASSERT_EQ((*file)->read_at(&byte, 1, offset).value(), 1u);
  byte = static_cast<char>(byte ^ (1 << bit));
  ASSERT_TRUE((*file)->write_at({&byte, 1}, offset));
}

std::vector<PlacedFrame> frames_of(const std::string& path) {
  SegmentScan scan(*os_files().open(path, OpenMode::read));
  EXPECT_TRUE(scan.read_header());
  std::vector<PlacedFrame> frames;
  std::size_t records = 0;
  while (scan.next(SegmentScan::Rest::searched) == SegmentScan::Step::frame) {
    const FrameHeader& header = scan.header();
    frames.push_back({{header.offset, header.end()}, records, header.record_count});
    records += header.record_count;
  }
  return frames;
}

// Of a segment: all before `proven` is known to have been durable.
Expected expected_of_segment(const std::vector<PlacedFrame>& frames,
                             const std::vector<ReadRecord>& records, std::uint64_t proven,
                             std::uint64_t offset) {
  Expected made;
  made.verdict = offset < proven ? Verdict::damage : Verdict::torn_tail;
  for (const PlacedFrame& frame : frames) {
    const bool hit = offset >= frame.range.from && offset < frame.range.to;
    const bool behind = frame.range.to > offset;
    if (made.verdict == Verdict::damage ? hit : behind) continue;
    const auto first = records.begin() + static_cast<std::ptrdiff_t>(frame.first_record);
    made.records.insert(made.records.end(), first,
                        first + static_cast<std::ptrdiff_t>(frame.records));
  }
  return made;
}

// Of a sealed file: a chunk is lost whole; the table and what it repeats are not needed.
Expected expected_of_sealed(const std::vector<ChunkInfo>& chunks,
                            const std::vector<ReadRecord>& records, std::uint64_t offset) {
  Expected made;
  const auto hit = std::find_if(chunks.begin(), chunks.end(), [offset](const ChunkInfo& chunk) {
    return offset >= chunk.offset && offset < chunk.offset + chunk.zstd_bytes;
  });
  for (const ReadRecord& record : records) {
    const bool lost =
        hit != chunks.end() && record.seq >= hit->first_seq && record.seq <= hit->last_seq();
    if (!lost) made.records.push_back(record);
  }
  return made;
}

class FlipTest : public StoreFixture {
 protected:
  // Small commits begin on these places; the last of three has two frames.
  static constexpr std::uint64_t kLastCommit = 3 * kCommitAlignment;
  static constexpr std::uint64_t kClosing = 4 * kCommitAlignment;
  static constexpr std::size_t kBytesPerStart = 4;  // on average
  // ThreadSanitizer takes thirty times as long: one byte of so many is enough.
#if defined(__SANITIZE_THREAD__)
  static constexpr std::size_t kShare = 16;
#else
  static constexpr std::size_t kShare = 1;
#endif

  void SetUp() override {
    const char* const given = std::getenv("LOGBOOM_TEST_SEED");
    const auto seed = given == nullptr ? std::random_device{}()
                                       : static_cast<unsigned>(std::strtoul(given, nullptr, 10));
    RecordProperty("seed", std::to_string(seed));
    std::cout << "seed " << seed << std::endl;
    source_.seed(seed);
  }

  // A segment of three small commits and a closing frame. Nothing is sealed but on demand.
  [[nodiscard]] Options writing_options() {
    Options made = options();
    made.producers = 2;
    made.segment_bytes_max = 3 * kCommitAlignment;
    made.threads = false;
    return made;
  }

  [[nodiscard]] Options reopening_options(const std::string& dir) {
    Options made = options();
    made.dir = dir;
    made.segment_bytes_max = kCommitAlignment;
    made.threads = false;
    return made;
  }

  static void write_records(Store& store) {
    commit_in_turn(store, {"first", "second one"});
    commit_in_turn(store, {"third"});
    for (std::size_t i = 0; i < 2; ++i) {
      append_line(store.producer(i).open(), body_line("together " + std::to_string(i)));
      store.producer(i).open().add_ticket({});
      store.producer(i).publish();
    }
    store.turn(Store::Worker::committer);
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(wait_for_answers(store.producer(i), 1), CommitStatus::ok);
    }
  }

  // As a crash leaves it while the store is idle.
  [[nodiscard]] Specimen crashed_behind_a_mark() {
    const auto store = must_open(writing_options());
    write_records(*store);
    const std::string path = segment_files(dir()).front();
    EXPECT_TRUE(eventually([&] {
      store->turn(Store::Worker::committer);
      return closing_frame_of(path).kind == FrameKind::mark;
    }));
    return segment_specimen(copy_of(dir()), kClosing);
  }

  // As a crash leaves it right behind a commit.
  [[nodiscard]] Specimen crashed_without_a_mark() {
    Specimen made = crashed_behind_a_mark();
    std::string bytes = read_bytes(made.path());
    std::fill_n(bytes.begin() + kClosing, sizeof(FrameHeader), '\0');
    write_bytes(made.path(), bytes);
    return segment_specimen(made.dir, kLastCommit);
  }

  // As a clean stop leaves it.
  [[nodiscard]] Specimen closed() {
    write_records(*must_open(writing_options()));
    EXPECT_EQ(closing_frame_of(segment_files(dir()).front()).kind, FrameKind::end);
    return segment_specimen(copy_of(dir()), kClosing);
  }

  // Two chunks of lines that pack well.
  [[nodiscard]] Specimen sealed() {
    Options turned = options();
    turned.threads = false;
    {
      const auto store = must_open(turned);
      const std::size_t bytes = SealedWriter::kChunkText / 2;
      commit_in_turn(*store, {std::string(bytes, 'a'), std::string(bytes, 'b'), "c"});
    }
    seal_all(*must_open(turned));
    Specimen made;
    made.dir = copy_of(dir());
    const auto stored = *list_stored_files(os_files(), DataPaths{made.dir});
    EXPECT_EQ(stored.size(), 1u);
    made.file = stored.front().path;
    made.records = read_all(made.dir);
    made.made_anew = false;
    SealedScan scan(*os_files().open(made.path(), OpenMode::read));
    EXPECT_TRUE(scan.open().has_value());
    const std::vector<ChunkInfo> chunks(scan.chunks().begin(), scan.chunks().end());
    EXPECT_EQ(chunks.size(), 2u);
    made.expected = [chunks, records = made.records](std::uint64_t offset) {
      return expected_of_sealed(chunks, records, offset);
    };
    for (std::uint64_t at = 0; at < made.bytes(); ++at) made.used.push_back(at);
    return made;
  }

  static void seal_all(Store& store) {
    while (store.turn(Store::Worker::sealer)) {
    }
  }

  [[nodiscard]] static FrameHeader closing_frame_of(const std::string& path) {
    const std::string bytes = read_bytes(path).substr(kClosing, sizeof(FrameHeader));
    if (bytes.size() != sizeof(FrameHeader)) return {};
    return load_header<FrameHeader>(bytes.data());
  }

  [[nodiscard]] static Specimen segment_specimen(const std::string& dir, std::uint64_t proven) {
    Specimen made;
    made.dir = dir;
    made.file = std::filesystem::relative(segment_files(dir).front(), dir);
    made.records = read_all(dir);
    EXPECT_EQ(made.records.size(), 5u);
    const std::vector<PlacedFrame> frames = frames_of(made.path());
    EXPECT_EQ(frames.size(), 4u);
    made.expected = [frames, records = made.records, proven](std::uint64_t offset) {
      return expected_of_segment(frames, records, proven, offset);
    };
    made.used = used_of_segment(frames);
    return made;
  }

  [[nodiscard]] static std::vector<std::uint64_t> used_of_segment(
      const std::vector<PlacedFrame>& frames) {
    std::vector<ByteRange> ranges{{0, sizeof(SegmentHeader)},
                                  {kClosing, kClosing + sizeof(FrameHeader)}};
    // The bytes around a frame are zeros that must stay zeros.
    for (const PlacedFrame& frame : frames) {
      ranges.push_back({frame.range.from, frame.range.to + kFrameAlignment});
    }
    std::vector<std::uint64_t> offsets;
    for (const ByteRange& range : ranges) {
      for (std::uint64_t at = range.from; at < range.to; ++at) offsets.push_back(at);
    }
    return offsets;
  }

  // Two names in turn: what was copied from, and the copy being harmed.
  [[nodiscard]] std::string copy_of(const std::string& dir) {
    std::string copy = work_.path() + (dir.starts_with(work_.path()) ? "/harmed" : "/whole");
    std::filesystem::remove_all(copy);
    std::filesystem::copy(dir, copy, std::filesystem::copy_options::recursive);
    return copy;
  }

  [[nodiscard]] int any_bit() {
    return std::uniform_int_distribution<int>(0, 7)(source_);
  }

  // Every byte of the file (of the share) with one bit, those that are used with one more.
  void expect_readers_to_report_every_flip(const Specimen& specimen) {
    const std::size_t first = std::uniform_int_distribution<std::size_t>(0, kShare - 1)(source_);
    for (std::uint64_t at = first; at < specimen.bytes() && !HasFailure(); at += kShare) {
      expect_readers_to_report(specimen, at, any_bit());
    }
    for (std::size_t i = first; i < specimen.used.size() && !HasFailure(); i += kShare) {
      const std::uint64_t at = specimen.used[i];
      if (at < specimen.bytes()) expect_readers_to_report(specimen, at, any_bit());
    }
  }

  static void expect_readers_to_report(const Specimen& specimen, std::uint64_t offset, int bit) {
    flip(specimen.path(), offset, bit);
    const Expected expected = specimen.expected(offset);
    const bool reported = is_reported(specimen.dir, expected.verdict);
    auto reader = Reader::open(specimen.dir);
    const bool shown = reader.has_value() && read_rest(*reader) == expected.records;
    const bool counted = shown && counts_what_it_lost(*reader, specimen, expected);
    flip(specimen.path(), offset, bit);
    if (reported && shown && counted) return;
    ADD_FAILURE() << "byte " << offset << ", bit " << bit << ": "
                  << (reported ? "" : "verify says something else; ")
                  << (shown ? "" : "the reader shows other records; ")
                  << (counted ? "" : "the reader counts the damage wrongly");
  }

  // A torn tail is no loss.
  [[nodiscard]] static bool counts_what_it_lost(const Reader& reader, const Specimen& specimen,
                                                const Expected& expected) {
    if (expected.verdict == Verdict::torn_tail) return reader.damaged_regions() == 0;
    return reader.damaged_regions() != 0 || expected.records == specimen.records;
  }

  // With the right one of the two words, and not with the other.
  [[nodiscard]] static bool is_reported(const std::string& dir, Verdict verdict) {
    const auto counts = verify(dir);
    if (!counts) return false;
    const bool damaged = verdict == Verdict::damage;
    return (counts->damaged_regions != 0) == damaged && (counts->torn_tails != 0) != damaged;
  }

  // One bit of one byte of every few that are used.
  void expect_a_store_to_start_on_flips(const Specimen& specimen) {
    std::uniform_int_distribution<std::size_t> any_step(1, 2 * kBytesPerStart - 1);
    const auto& used = specimen.used;
    for (std::size_t i = 0; i < used.size() && !HasFailure(); i += any_step(source_)) {
      if (used[i] < specimen.bytes()) expect_a_store_to_start(specimen, used[i], any_bit());
    }
  }

  void expect_a_store_to_start(const Specimen& specimen, std::uint64_t offset, int bit) {
    SCOPED_TRACE(::testing::Message() << "byte " << offset << ", bit " << bit);
    const std::string copy = copy_of(specimen.dir);
    flip(copy + "/" + specimen.file, offset, bit);
    Expected expected = specimen.expected(offset);
    {
      const auto store = must_open(reopening_options(copy));
      ASSERT_NE(store, nullptr);
      ASSERT_EQ(read_all(copy), expected.records);
      seal_all(*store);
      ASSERT_EQ(read_all(copy), expected.records) << "after sealing";
      expected.records.push_back(commit_in_turn(*store, {"after"}));
    }
    EXPECT_EQ(read_all(copy), expected.records);
    EXPECT_GT(expected.records.back().seq, specimen.records.back().seq) << "a number is used twice";
    expect_reported_for_good(copy, specimen.made_anew);
  }

  // One request; its last record.
  static ReadRecord commit_in_turn(Store& store, const std::vector<std::string>& bodies) {
    for (const auto& body : bodies) append_line(store.producer(0).open(), body_line(body));
    store.producer(0).open().add_ticket({});
    store.producer(0).publish();
    store.turn(Store::Worker::committer);
    EXPECT_EQ(wait_for_answers(store.producer(0), 1), CommitStatus::ok);
    const std::uint64_t seq = store.stats().last_seq;
    return {seq, with_seq(body_line(bodies.back()), seq)};
  }

  // What was unreadable is in quarantine and what is left intact, or it is damage as before.
  static void expect_reported_for_good(const std::string& dir, bool made_anew) {
    EXPECT_EQ(std::filesystem::is_empty(dir + "/quarantine"), !made_anew);
    EXPECT_EQ(verify(dir)->damaged_regions == 0, made_anew);
    EXPECT_EQ(verify(dir)->torn_tails, 0u);
  }

  std::mt19937 source_;
  // In memory where there is such a place: files are written and stores are opened by the thousand.
  TempDir work_{std::filesystem::exists("/dev/shm") ? "/dev/shm"
                                                    : std::filesystem::temp_directory_path()};
};

TEST_F(FlipTest, ReadersReportEveryFlippedBitOfASegmentBehindAMark) {
  expect_readers_to_report_every_flip(crashed_behind_a_mark());
}

TEST_F(FlipTest, ReadersReportEveryFlippedBitOfASegmentWithoutAMark) {
  expect_readers_to_report_every_flip(crashed_without_a_mark());
}

TEST_F(FlipTest, ReadersReportEveryFlippedBitOfAClosedSegment) {
  expect_readers_to_report_every_flip(closed());
}

TEST_F(FlipTest, ReadersReportEveryFlippedBitOfASealedFile) {
  expect_readers_to_report_every_flip(sealed());
}

TEST_F(FlipTest, AStoreStartsOnFlippedBitsOfASealedFile) {
  expect_a_store_to_start_on_flips(sealed());
}

TEST_F(FlipTest, AStoreStartsOnFlippedBitsOfASegmentBehindAMark) {
  expect_a_store_to_start_on_flips(crashed_behind_a_mark());
}

TEST_F(FlipTest, AStoreStartsOnFlippedBitsOfASegmentWithoutAMark) {
  expect_a_store_to_start_on_flips(crashed_without_a_mark());
}

TEST_F(FlipTest, AStoreStartsOnFlippedBitsOfAClosedSegment) {
  expect_a_store_to_start_on_flips(closed());
}

}  // namespace
}  // namespace logboom::store
