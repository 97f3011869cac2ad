#include "store/sealing.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include "store/sealed_scan.hpp"
#include "store/sealed_writer.hpp"
#include "store/stored_files.hpp"
#include "tests/store/faulty_files.hpp"
#include "tests/store/store_fixture.hpp"

namespace logboom::store {
namespace {

using ::testing::HasSubstr;
using Operation = FaultyFiles::Operation;

// 2026-11-22 10:15:00.123 UTC.
constexpr std::int64_t kArrival = 1'795'342'500'123'456'789;

// What any tool that knows zstd prints.
std::string decompressed(const std::string& packed) {
  ZSTD_DCtx* const context = ZSTD_createDCtx();
  std::string text;
  std::string piece(ZSTD_DStreamOutSize(), '\0');
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  while (in.pos < in.size) {
    ZSTD_outBuffer out{piece.data(), piece.size(), 0};
    const std::size_t left = ZSTD_decompressStream(context, &out, &in);
    EXPECT_EQ(ZSTD_isError(left), 0u) << ZSTD_getErrorName(left);
    if (ZSTD_isError(left) != 0) break;
    text.append(piece, 0, out.pos);
  }
  ZSTD_freeDCtx(context);
  return text;
}

class SealingTest : public StoreFixture {
 protected:
  [[nodiscard]] Options turned_options() {
    Options made = options();
    made.threads = false;
    made.now_ns = [] { return kArrival; };
    return made;
  }

  static void commit_in_turn(Store& store, const std::string& line) {
    append_line(store.producer(0).open(), line);
    store.producer(0).open().add_ticket({});
    store.producer(0).publish();
    store.turn(Store::Worker::committer);
    EXPECT_EQ(wait_for_answers(store.producer(0), 1), CommitStatus::ok);
  }

  // Closed segments of these many records; the first one is small.
  void make_closed_segment(int records, std::size_t body_bytes = 20) {
    const auto store = must_open(turned_options());
    for (int i = 1; i <= records; ++i) {
      commit_in_turn(*store, body_line(std::to_string(i) + std::string(body_bytes, 'x')));
    }
  }

  // Opens the store and lets the sealer do all there is to do.
  void seal_all(FileSystem* files = nullptr) {
    Options made = turned_options();
    made.files = files;
    const auto store = must_open(made);
    while (store->turn(Store::Worker::sealer)) {
    }
  }

  [[nodiscard]] std::vector<StoredFile> stored() const {
    return *list_stored_files(os_files(), DataPaths{dir()});
  }
  [[nodiscard]] std::string path_of(const StoredFile& file) const {
    return dir() + "/" + file.path;
  }
};

TEST_F(SealingTest, AClosedSegmentBecomesLinesThatAnyToolCanDecompress) {
  make_closed_segment(3);
  const auto before = read_all(dir());
  seal_all();
  ASSERT_EQ(stored().size(), 1u);
  EXPECT_EQ(stored().front().path,
            "sealed/2026-11-22/20261122T101500.123Z-20261122T101500.123Z-"
            "00000000000000000001-00000000000000000003.ndjson.zst");
  std::string lines;
  for (const ReadRecord& record : before) lines += record.line + "\n";
  EXPECT_EQ(decompressed(read_bytes(path_of(stored().front()))), lines);
  EXPECT_EQ(read_all(dir()), before);
}

TEST_F(SealingTest, AReaderStartsInTheMiddleOfASealedFile) {
  constexpr int kRecords = 300;
  make_closed_segment(kRecords, 20'000);
  seal_all();
  SealedScan scan(*os_files().open(path_of(stored().back()), OpenMode::read));
  ASSERT_TRUE(scan.open().has_value());
  ASSERT_GT(scan.chunks().size(), 4u);
  const std::uint64_t middle = scan.chunks()[2].first_seq + 5;
  ReaderOptions options;
  options.after_seq = middle;
  const auto records = read_all(dir(), options);
  ASSERT_EQ(records.size(), kRecords - middle);
  EXPECT_EQ(records.front().seq, middle + 1);
  EXPECT_EQ(records.back().seq, std::uint64_t{kRecords});
}

TEST_F(SealingTest, AReaderGoesOnFromASegmentIntoItsSealedFollowers) {
  Options made = turned_options();
  made.segment_bytes_max = 16 * 1024;
  const auto store = must_open(made);
  commit_in_turn(*store, body_line("first"));
  store->turn(Store::Worker::committer);
  auto reader = Reader::open(dir());
  ASSERT_TRUE(reader->next().has_value());
  for (int i = 0; i < 20; ++i) {
    commit_in_turn(*store, body_line(std::to_string(i)));
    while (store->stats().sealed < static_cast<std::uint64_t>(i) / 4) {
      store->turn(Store::Worker::keeper);
      store->turn(Store::Worker::sealer);
    }
  }
  store->turn(Store::Worker::committer);
  EXPECT_GT(store->stats().sealed, 3u);
  const auto records = read_rest(*reader);
  ASSERT_EQ(records.size(), 20u);
  for (std::size_t i = 0; i < records.size(); ++i) EXPECT_EQ(records[i].seq, i + 2);
}

TEST_F(SealingTest, NumbersGoOnBehindSealedFilesThoughNothingElseKnowsThem) {
  make_closed_segment(3);
  seal_all();
  std::filesystem::remove(dir() + "/numbers");
  const auto store = must_open(turned_options());
  commit_in_turn(*store, body_line("after"));
  store->turn(Store::Worker::committer);
  const auto records = read_all(dir());
  ASSERT_EQ(records.size(), 4u);
  EXPECT_GT(records.back().seq, 3u);
}

TEST_F(SealingTest, WhatACrashInterruptedIsFinishedIfTheSealedFileIsWhole) {
  make_closed_segment(3);
  const std::string segment = segment_files(dir()).front();
  const std::string bytes = read_bytes(segment);
  seal_all();
  write_bytes(segment, bytes);
  ASSERT_EQ(stored().size(), 2u);
  const auto before = read_all(dir());
  EXPECT_EQ(before.size(), 3u);
  { const auto store = must_open(turned_options()); }
  ASSERT_EQ(stored().size(), 1u);
  EXPECT_TRUE(stored().front().sealed);
  EXPECT_EQ(read_all(dir()), before);
  EXPECT_EQ(reports_.text(), "");
}

TEST_F(SealingTest, WhatACrashInterruptedIsMadeAnewIfTheSealedFileIsDamaged) {
  make_closed_segment(3);
  const auto before = read_all(dir());
  const std::string segment = segment_files(dir()).front();
  const std::string bytes = read_bytes(segment);
  seal_all();
  write_bytes(segment, bytes);
  const std::string sealed = path_of(stored().front());
  std::string damaged = read_bytes(sealed);
  damaged[damaged.size() / 3] = static_cast<char>(damaged[damaged.size() / 3] ^ 1);
  write_bytes(sealed, damaged);
  seal_all();
  ASSERT_EQ(stored().size(), 1u);
  EXPECT_TRUE(stored().front().sealed);
  EXPECT_EQ(read_all(dir()), before);
  EXPECT_TRUE(verify(dir())->intact());
  EXPECT_EQ(reports_.count(Severity::error), 1);
}

TEST_F(SealingTest, ALeftOverBeginningIsRemoved) {
  make_closed_segment(1);
  std::filesystem::create_directories(dir() + "/sealed/2026-11-22");
  write_bytes(dir() + "/sealed/2026-11-22/.sealing-1", "half a file");
  { const auto store = must_open(turned_options()); }
  EXPECT_FALSE(std::filesystem::exists(dir() + "/sealed/2026-11-22/.sealing-1"));
  EXPECT_EQ(read_all(dir()).size(), 1u);
}

TEST_F(SealingTest, DamageGoesToQuarantineAndTheRestIsSealed) {
  make_closed_segment(3);
  const std::string segment = segment_files(dir()).front();
  std::string bytes = read_bytes(segment);
  bytes[2 * kCommitAlignment + sizeof(FrameHeader) + 12] ^= 1;
  write_bytes(segment, bytes);
  seal_all();
  const auto records = read_all(dir());
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].seq, 1u);
  EXPECT_EQ(records[1].seq, 3u);
  EXPECT_THAT(reports_.text(), HasSubstr("quarantine/"));
  EXPECT_FALSE(std::filesystem::is_empty(dir() + "/quarantine"));
}

TEST_F(SealingTest, WithoutRoomTheSegmentStaysAndIsSealedWhenThereIs) {
  make_closed_segment(3);
  const auto before = read_all(dir());
  FaultyFiles files;
  files.fail(Operation::write, ".sealing-", ENOSPC);
  Options made = turned_options();
  made.files = &files;
  const auto store = must_open(made);
  store->turn(Store::Worker::sealer);
  EXPECT_FALSE(stored().front().sealed);
  EXPECT_TRUE(std::filesystem::is_empty(dir() + "/sealed/2026-11-22"));
  files.heal();
  store->turn(Store::Worker::sealer);
  EXPECT_TRUE(stored().front().sealed);
  EXPECT_EQ(read_all(dir()), before);
}

TEST_F(SealingTest, AFailedSyncLeavesTheSegmentAsItIs) {
  make_closed_segment(3);
  const auto before = read_all(dir());
  FaultyFiles files;
  files.fail(Operation::sync, ".sealing-", EIO);
  seal_all(&files);
  ASSERT_EQ(stored().size(), 1u);
  EXPECT_FALSE(stored().front().sealed);
  EXPECT_EQ(read_all(dir()), before);
  EXPECT_THAT(reports_.text(), HasSubstr("cannot seal"));
}

TEST_F(SealingTest, EveryFlippedBitIsFoundAndNoWrongRecordIsRead) {
  make_closed_segment(40, 3000);
  const auto before = read_all(dir());
  seal_all();
  const std::string path = path_of(stored().front());
  const std::string bytes = read_bytes(path);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    write_bytes(path, damaged);
    EXPECT_FALSE(verify(dir())->intact()) << "bit " << at % 8 << " of byte " << at;
    for (const ReadRecord& record : read_all(dir())) {
      ASSERT_LE(record.seq, before.size()) << at;
      EXPECT_EQ(record, before[record.seq - 1]) << at;
    }
  }
}

TEST_F(SealingTest, VerifyFindsAStoreIdThatIsNotItsFiles) {
  make_closed_segment(3);
  const std::string path = dir() + "/store_id";
  const std::string id = read_bytes(path);
  for (const bool sealed : {false, true}) {
    if (sealed) seal_all();
    for (std::size_t i = 0; i + 1 < id.size(); ++i) {
      std::string flipped = id;
      flipped[i] ^= 1;
      write_bytes(path, flipped);
      EXPECT_FALSE(verify(dir())->intact()) << "byte " << i;
    }
    write_bytes(path, id);
    EXPECT_TRUE(verify(dir())->intact());
  }
}

TEST_F(SealingTest, WithADamagedTableTheChunksAreFoundByTheirTrailers) {
  make_closed_segment(300, 20'000);
  const auto before = read_all(dir());
  seal_all();
  const std::string path = path_of(stored().back());
  std::string bytes = read_bytes(path);
  bytes[bytes.size() - sizeof(SealedFooter) - 5] ^= 1;
  write_bytes(path, bytes);
  auto reader = Reader::open(dir());
  EXPECT_EQ(read_rest(*reader), before);
  EXPECT_EQ(reader->damaged_regions(), 1u);
}

TEST_F(SealingTest, AFileCutShortShowsTheChunksThatAreLeft) {
  make_closed_segment(300, 20'000);
  const auto before = read_all(dir());
  seal_all();
  const std::string path = path_of(stored().back());
  const std::string bytes = read_bytes(path);
  write_bytes(path, bytes.substr(0, bytes.size() / 2));
  const auto left = read_all(dir());
  EXPECT_GT(left.size(), 50u);
  EXPECT_LT(left.size(), before.size());
  for (std::size_t i = 0; i < left.size(); ++i) EXPECT_EQ(left[i], before[i]);
  EXPECT_FALSE(verify(dir())->intact());
}

TEST(SealedNamesTest, SayWhatTheFileHolds) {
  StoredFile file;
  file.first_arrival_ns = kArrival;
  file.last_arrival_ns = kArrival + 1'000'000'000;
  file.first_seq = 7;
  file.last_seq = 9;
  const auto read = sealed_of("2026-11-22", sealed_name(file));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->first_seq, 7u);
  EXPECT_EQ(read->last_seq, 9u);
  EXPECT_EQ(read->first_arrival_ns, kArrival / 1'000'000 * 1'000'000);
  EXPECT_EQ(read->last_arrival_ns - read->first_arrival_ns, 1'000'000'000);
}

TEST(SealedNamesTest, OtherNamesAreNone) {
  for (const char* const name :
       {"", "x.ndjson.zst",
        "00000101T000000.000Z-00000101T000000.000Z-00000000000000000001-00000000000000000001"
        ".ndjson.zst",
        "20261122T101500.123Z-00000000000000000001.seg",
        "20261122T101500.123Z-20261122T101500.123Z-00000000000000000003-00000000000000000001"
        ".ndjson.zst",
        ".sealing-1"}) {
    EXPECT_FALSE(sealed_of("2026-11-22", name).has_value()) << name;
  }
}

}  // namespace
}  // namespace logboom::store
