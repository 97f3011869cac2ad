#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/data_dir.hpp"
#include "store/format.hpp"
#include "store/os_file.hpp"
#include "store/segment_scan.hpp"
#include "store/stored_files.hpp"
#include "tests/store/faulty_files.hpp"
#include "tests/store/store_fixture.hpp"

namespace logboom::store {
namespace {

using ::testing::HasSubstr;

// Small commits begin at these places of a segment.
constexpr std::size_t kFirstCommit = 1 * kCommitAlignment;
constexpr std::size_t kSecondCommit = 2 * kCommitAlignment;
constexpr std::size_t kMark = 3 * kCommitAlignment;

class RecoveryTest : public StoreFixture {
 protected:
  // A directory that was copied while its store had two commits and, perhaps, a mark behind them.
  [[nodiscard]] std::string crashed_with_two_commits(bool marked) {
    const auto store = must_open(options());
    EXPECT_EQ(commit(*store, {body_line("first"), body_line("second")}), CommitStatus::ok);
    EXPECT_EQ(commit(*store, {body_line("third")}), CommitStatus::ok);
    EXPECT_TRUE(eventually([this] { return mark_is_there(segment_files(dir()).front()); }));
    std::string copy = crashed_copy();
    if (!marked) {
      edit(copy, [](std::string& bytes) { bytes.replace(kMark, sizeof(FrameHeader), zeros()); });
    }
    return copy;
  }

  template <class Edit>
  static void edit(const std::string& dir, Edit&& change) {
    const std::string path = segment_files(dir).front();
    std::string bytes = read_bytes(path);
    change(bytes);
    write_bytes(path, bytes);
  }

  [[nodiscard]] static std::string zeros() { return std::string(sizeof(FrameHeader), '\0'); }

  // One commit of two frames, one record each.
  static void publish_together(Store& store) {
    for (std::size_t i = 0; i < 2; ++i) {
      append_line(store.producer(i).open(), body_line(std::to_string(i)));
      store.producer(i).open().add_ticket({});
    }
    for (std::size_t i = 0; i < 2; ++i) store.producer(i).publish();
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(wait_for_answers(store.producer(i), 1), CommitStatus::ok);
    }
  }

  [[nodiscard]] static bool mark_is_there(const std::string& path, std::size_t at = kMark) {
    const std::string bytes = read_bytes(path).substr(at, sizeof(FrameHeader));
    return bytes.size() == sizeof(FrameHeader) && is_intact(load_header<FrameHeader>(bytes.data()));
  }

  // What recovery did with the directory; the store is closed again, and has sealed nothing.
  [[nodiscard]] RecoveryCounts recover(const std::string& dir) {
    Options made = options();
    made.dir = dir;
    made.threads = false;
    const auto store = must_open(made);
    return store->stats().recovery;
  }

  [[nodiscard]] static std::size_t quarantined_files(const std::string& dir) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(dir + "/quarantine")) {
      if (entry.is_regular_file()) ++count;
    }
    return count;
  }
};

TEST_F(RecoveryTest, KeepsAllValidRecordsAfterACrash) {
  const std::string copy = crashed_with_two_commits(false);
  const RecoveryCounts counts = recover(copy);
  EXPECT_EQ(counts.segments, 1u);
  EXPECT_EQ(counts.records, 3u);
  EXPECT_EQ(counts.torn_tails + counts.damaged_regions, 0u);
  EXPECT_EQ(read_all(copy).size(), 3u);
  EXPECT_EQ(reports_.text(), "");
}

TEST_F(RecoveryTest, ClosesTheSegmentSoThatTheNextOpeningFindsNothingToDo) {
  const std::string copy = crashed_with_two_commits(true);
  EXPECT_EQ(recover(copy).segments, 1u);
  EXPECT_EQ(recover(copy).segments, 0u);
  EXPECT_EQ(read_all(copy).size(), 3u);
}

// Its records may be in the page cache only, or, after a loss of power, nowhere.
TEST_F(RecoveryTest, LooksThroughASegmentThatWasClosedWithoutASync) {
  Options made = options();
  made.durability = Durability::write;
  made.threads = false;
  made.segment_bytes_max = 16 * 1024;
  std::string copy;
  {
    const auto store = must_open(made);
    for (int i = 0; i < 6; ++i) {
      EXPECT_EQ(commit_in_turn(*store, body_line(std::string(5000, 'x'))), CommitStatus::ok);
    }
    while (store->turn(Store::Worker::keeper)) {
    }
    ASSERT_GE(segment_files(dir()).size(), 3u);
    copy = crashed_copy();
  }
  const std::size_t segments = segment_files(copy).size();
  edit(copy, [](std::string& bytes) { bytes[kFirstCommit + sizeof(FrameHeader) + 9] ^= 1; });
  const RecoveryCounts counts = recover(copy);
  EXPECT_EQ(counts.segments, segments);
  EXPECT_EQ(counts.torn_tails, 1u);
  EXPECT_EQ(counts.damaged_regions, 0u);
  EXPECT_EQ(recover(copy).segments, 0u);
}

TEST_F(RecoveryTest, CutsATornTailAndKeepsItsBytes) {
  const std::string copy = crashed_with_two_commits(false);
  edit(copy, [](std::string& bytes) { bytes[kSecondCommit + sizeof(FrameHeader) + 9] ^= 1; });
  const RecoveryCounts counts = recover(copy);
  EXPECT_EQ(counts.torn_tails, 1u);
  EXPECT_EQ(counts.damaged_regions, 0u);
  EXPECT_GT(counts.quarantined_bytes, sizeof(FrameHeader));
  EXPECT_EQ(quarantined_files(copy), 1u);
  EXPECT_EQ(read_all(copy).size(), 2u);
  EXPECT_EQ(reports_.count(Severity::warning), 1);
  EXPECT_THAT(reports_.text(), HasSubstr("torn tail"));
  EXPECT_EQ(verify(copy)->torn_tails, 0u);
}

TEST_F(RecoveryTest, CallsItDamageWhenALaterFrameSaysItWasDurable) {
  const std::string copy = crashed_with_two_commits(false);
  edit(copy, [](std::string& bytes) { bytes[kFirstCommit + sizeof(FrameHeader) + 9] ^= 1; });
  const RecoveryCounts counts = recover(copy);
  EXPECT_EQ(counts.damaged_regions, 1u);
  EXPECT_EQ(counts.torn_tails, 0u);
  EXPECT_EQ(quarantined_files(copy), 1u);
  const std::vector<ReadRecord> expected = {{3, with_seq(body_line("third"), 3)}};
  EXPECT_EQ(read_all(copy), expected);
  EXPECT_EQ(reports_.count(Severity::error), 1);
}

TEST_F(RecoveryTest, CallsItDamageWhenTheMarkSaysItWasDurable) {
  const std::string copy = crashed_with_two_commits(true);
  edit(copy, [](std::string& bytes) { bytes[kSecondCommit + 20] ^= 1; });
  EXPECT_EQ(recover(copy).damaged_regions, 1u);
  EXPECT_EQ(read_all(copy).size(), 2u);
  EXPECT_EQ(recover(copy).segments, 0u);
  EXPECT_EQ(verify(copy)->damaged_regions, 1u);
  EXPECT_EQ(verify(copy)->torn_tails, 0u);
}

TEST_F(RecoveryTest, KeepsTheProofOfDurabilityUntilTheSegmentIsClosed) {
  Options made = options();
  made.producers = 2;
  made.commit_window = std::chrono::milliseconds(300);
  std::string copy;
  {
    const auto store = must_open(made);
    publish_together(*store);
    EXPECT_TRUE(
        eventually([this] { return mark_is_there(segment_files(dir()).front(), kSecondCommit); }));
    copy = crashed_copy();
  }
  edit(copy, [](std::string& bytes) { bytes[kFirstCommit + sizeof(FrameHeader) + 9] ^= 1; });
  FaultyFiles files;
  made.dir = copy;
  made.files = &files;
  files.fail(FaultyFiles::Operation::write, "/segments/2", EIO);
  static_cast<void>(must_open(made));
  files.heal();
  EXPECT_EQ(recover(copy).damaged_regions, 1u);
  const std::vector<ReadRecord> expected = {{2, with_seq(body_line("1"), 2)}};
  EXPECT_EQ(read_all(copy), expected);
}

TEST_F(RecoveryTest, NewRecordsShowBehindAnUnreadableSegmentThoughTheClockWentBack) {
  const std::string copy = crashed_with_two_commits(true);
  const std::string path = segment_files(copy).front();
  const std::string name_in_the_future = "21990101T000000.250Z" + path.substr(path.rfind('-'));
  std::filesystem::rename(path, copy + "/segments/" + name_in_the_future);
  FaultyFiles files;
  Options made = options();
  made.dir = copy;
  made.files = &files;
  files.fail(FaultyFiles::Operation::write, "/segments/2199", EIO);
  const auto store = must_open(made);
  files.heal();
  auto reader = Reader::open(copy);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(reader->next().has_value());
  EXPECT_EQ(commit(*store, {body_line("after")}), CommitStatus::ok);
  const auto record = reader->next();
  ASSERT_TRUE(record.has_value());
  EXPECT_THAT(std::string(record->line), HasSubstr("after"));
  EXPECT_GE(record->arrival_ns, segment_of(name_in_the_future)->first_arrival_ns);
}

TEST_F(RecoveryTest, ArrivalsGrowBehindASegmentThatCouldNotBeClosedThoughTheClockWentBack) {
  const std::string copy = crashed_with_two_commits(true);
  // The second commit is damaged and there is a torn tail.
  edit(copy, [](std::string& bytes) {
    bytes[kSecondCommit] = 'x';
    bytes[kMark + kCommitAlignment] = 'x';
  });
  FaultyFiles files;
  files.fail(FaultyFiles::Operation::create, "/quarantine/", ENOSPC);
  Options made = options();
  made.dir = copy;
  made.files = &files;
  made.now_ns = [] { return std::int64_t{1}; };
  const auto store = must_open(made);
  EXPECT_EQ(commit(*store, {body_line("after")}), CommitStatus::ok);
  auto reader = Reader::open(copy);
  std::int64_t arrival_ns = 2;
  for (int i = 0; i < 3; ++i) {
    const auto record = reader->next();
    ASSERT_TRUE(record.has_value());
    EXPECT_GE(record->arrival_ns, arrival_ns);
    arrival_ns = record->arrival_ns;
  }
}

TEST_F(RecoveryTest, SegmentsAreOrderedByNumber) {
  { EXPECT_EQ(commit(*must_open(options()), {body_line("a")}), CommitStatus::ok); }
  const std::string path = segment_files(dir()).front();
  const std::string number = path.substr(path.rfind('-'));
  std::filesystem::rename(path, dir() + "/segments/21990101T000000.250Z" + number);
  write_bytes(dir() + "/segments/20000101T000000.250Z-00000000000000000007.seg", "");
  const auto stored = list_stored_files(os_files(), DataPaths{dir()});
  ASSERT_EQ(stored->size(), 2u);
  EXPECT_THAT(stored->front().path, HasSubstr("2199"));
}

TEST_F(RecoveryTest, KeepsASegmentOfWhichNothingIsReadable) {
  const std::string copy = crashed_with_two_commits(true);
  edit(copy, [](std::string& bytes) {
    bytes[0] ^= 1;
    bytes[kFirstCommit] ^= 1;
    bytes[kSecondCommit] ^= 1;
  });
  EXPECT_EQ(recover(copy).damaged_regions, 2u);
  EXPECT_EQ(recover(copy).segments, 0u);
  EXPECT_EQ(segment_files(copy).size(), 1u);
  EXPECT_EQ(verify(copy)->damaged_regions, 2u);
}

// The oracle: a child tells each number it was acknowledged, and is killed at any moment.
TEST_F(RecoveryTest, FindsEveryAcknowledgedRecordAfterAKill) {
  std::uint64_t all_seen = 0;
  for (std::uint64_t kill_after = 1; kill_after <= 41; kill_after += 10) {
    int acknowledged[2];
    ASSERT_EQ(::pipe(acknowledged), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const auto store = must_open(options());
      for (char i = 0; commit(*store, {body_line("from the child")}) == CommitStatus::ok; ++i) {
        static_cast<void>(!::write(acknowledged[1], &i, 1));
      }
      ::_exit(1);
    }
    ::close(acknowledged[1]);
    char byte = 0;
    std::uint64_t seen = 0;
    while (seen < kill_after && ::read(acknowledged[0], &byte, 1) == 1) ++seen;
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (::read(acknowledged[0], &byte, 1) == 1) ++seen;
    ::close(acknowledged[0]);
    const auto store = must_open(options());
    all_seen += seen;
    EXPECT_GE(read_all(dir()).size(), all_seen);
    EXPECT_EQ(commit(*store, {body_line("after")}), CommitStatus::ok);
    ++all_seen;
  }
  const auto records = read_all(dir());
  for (std::size_t i = 1; i < records.size(); ++i) {
    EXPECT_GT(records[i].seq, records[i - 1].seq);
  }
  EXPECT_TRUE(verify(dir())->intact());
}

TEST_F(RecoveryTest, NoticesAPageThatWasLostWhole) {
  const std::string copy = crashed_with_two_commits(true);
  edit(copy, [](std::string& bytes) {
    bytes.replace(kFirstCommit, kCommitAlignment, std::string(kCommitAlignment, '\0'));
  });
  EXPECT_EQ(recover(copy).damaged_regions, 1u);
  EXPECT_EQ(read_all(copy).size(), 1u);
}

TEST_F(RecoveryTest, KeepsAllButABlockThatCannotBeRead) {
  const std::string copy = crashed_with_two_commits(true);
  FaultyFiles files;
  files.spoil("/segments/2", kFirstCommit, kSecondCommit);
  Options made = options();
  made.dir = copy;
  made.files = &files;
  const RecoveryCounts counts = must_open(made)->stats().recovery;
  EXPECT_EQ(counts.damaged_regions, 1u);
  EXPECT_EQ(counts.records, 1u);
  EXPECT_EQ(quarantined_files(copy), 1u);
  files.heal();
  EXPECT_EQ(recover(copy).segments, 0u);
  const std::vector<ReadRecord> expected = {{3, with_seq(body_line("third"), 3)}};
  EXPECT_THAT(read_all(copy), ::testing::Contains(expected.front()));
}

TEST_F(RecoveryTest, EndsWhenNothingOfASegmentCanBeRead) {
  const std::string copy = crashed_with_two_commits(true);
  FaultyFiles files;
  files.spoil(".seg", 0, std::numeric_limits<std::uint64_t>::max());
  Options made = options();
  made.dir = copy;
  made.files = &files;
  const auto store = must_open(made);
  EXPECT_GE(reports_.count(Severity::error), 1);
  EXPECT_EQ(commit(*store, {body_line("after")}), CommitStatus::ok);
}

TEST_F(RecoveryTest, ReadsASegmentWhoseHeaderIsDamaged) {
  const std::string copy = crashed_with_two_commits(true);
  edit(copy, [](std::string& bytes) { bytes[3] ^= 1; });
  EXPECT_EQ(recover(copy).damaged_regions, 1u);
  EXPECT_EQ(read_all(copy).size(), 3u);
}

TEST_F(RecoveryTest, StartsWithASegmentCutAnywhere) {
  const std::string whole = crashed_with_two_commits(true);
  const std::string bytes = read_bytes(segment_files(whole).front());
  for (std::size_t length = 0; length < kMark + 200; length += 607) {
    const std::string copy = temp_.path() + "/cut" + std::to_string(length);
    std::filesystem::copy(whole, copy, std::filesystem::copy_options::recursive);
    write_bytes(segment_files(copy).front(), bytes.substr(0, length));
    Options made = options();
    made.dir = copy;
    auto store = must_open(made);
    ASSERT_EQ(commit(*store, {body_line("after")}), CommitStatus::ok) << length;
    const auto records = read_all(copy);
    ASSERT_FALSE(records.empty()) << length;
    ASSERT_THAT(records.back().line, HasSubstr("after")) << length;
    store.reset();
    std::filesystem::remove_all(copy);
  }
}

TEST_F(RecoveryTest, RemovesSpareFilesThatWereLeft) {
  const std::string copy = crashed_with_two_commits(true);
  write_bytes(copy + "/segments/.spare-77", "x");
  EXPECT_EQ(recover(copy).segments, 1u);
  EXPECT_FALSE(std::filesystem::exists(copy + "/segments/.spare-77"));
}

TEST_F(RecoveryTest, NumbersAreNotReusedWhenTheirFileIsGone) {
  const std::string copy = crashed_with_two_commits(true);
  std::filesystem::remove(copy + "/numbers");
  Options made = options();
  made.dir = copy;
  const auto store = must_open(made);
  EXPECT_EQ(commit(*store, {body_line("after")}), CommitStatus::ok);
  EXPECT_GT(read_all(copy).back().seq, 3u);
}

// Wherever a bit flips, it is reported, and no record comes out that was not put in.
TEST_F(RecoveryTest, ReportsOneFlippedBitInEveryByte) {
  {
    const auto store = must_open(options());
    EXPECT_EQ(commit(*store, {body_line("first"), body_line("second")}), CommitStatus::ok);
    EXPECT_EQ(commit(*store, {body_line("third")}), CommitStatus::ok);
  }
  const std::vector<ReadRecord> all = read_all(dir());
  ASSERT_EQ(all.size(), 3u);
  const std::string path = segment_files(dir()).front();
  const std::string bytes = read_bytes(path);
  ASSERT_EQ(bytes.size(), kMark + sizeof(FrameHeader));
  auto file = os_files().open(path, OpenMode::read_write);
  ASSERT_TRUE(file.has_value());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char flipped = static_cast<char>(bytes[i] ^ (1 << i % 8));
    ASSERT_TRUE((*file)->write_at({&flipped, 1}, i).has_value());
    const auto counts = verify(dir());
    ASSERT_EQ(counts->damaged_regions, i < kMark ? 1u : 0u) << "byte " << i;
    ASSERT_EQ(counts->torn_tails, i < kMark ? 0u : 1u) << "byte " << i;
    for (const ReadRecord& record : read_all(dir())) {
      ASSERT_THAT(all, ::testing::Contains(record)) << "byte " << i;
    }
    ASSERT_TRUE((*file)->write_at({&bytes[i], 1}, i).has_value());
  }
}

}  // namespace
}  // namespace logboom::store
