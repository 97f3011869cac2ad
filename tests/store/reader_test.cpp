#include "store/reader.hpp"
#include "store/stored_files.hpp"

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/store/faulty_files.hpp"
#include "tests/store/turned_store.hpp"

namespace logboom::store {
namespace {

using ::testing::HasSubstr;

class ReaderTest : public TurnedStoreFixture {
 protected:
  [[nodiscard]] std::string crashed_copy_with_the_second_of_three_damaged() {
    const auto store = must_open(options());
    for (const char* body : {"a", "b", "c"}) {
      EXPECT_EQ(commit(*store, {body_line(body)}), CommitStatus::ok);
    }
    std::string copy = crashed_copy();
    const std::string path = segment_files(copy).front();
    std::string bytes = read_bytes(path);
    bytes[2 * kCommitAlignment + 9] ^= 1;
    write_bytes(path, bytes);
    return copy;
  }
};

TEST_F(ReaderTest, SeesARecordAsSoonAsItIsAcknowledged) {
  const auto store = must_open(options());
  auto reader = Reader::open(dir());
  ASSERT_TRUE(reader.has_value());
  EXPECT_FALSE(reader->next().has_value());
  for (std::uint64_t seq = 1; seq <= 50; ++seq) {
    EXPECT_EQ(commit(*store, {body_line("x")}), CommitStatus::ok);
    const auto record = reader->next();
    ASSERT_TRUE(record.has_value()) << seq;
    EXPECT_EQ(record->seq, seq);
    EXPECT_FALSE(reader->next().has_value());
  }
}

TEST_F(ReaderTest, FollowsAcrossSegmentsWhileTheyAreWritten) {
  constexpr std::uint64_t kRecords = 600;
  Options made = options();
  made.segment_bytes_max = 16 * 1024;
  const auto store = must_open(made);
  std::thread writer([&store] {
    for (std::uint64_t i = 1; i <= kRecords; ++i) {
      ASSERT_EQ(commit(*store, {body_line(std::to_string(i))}), CommitStatus::ok);
    }
  });
  auto reader = Reader::open(dir());
  ASSERT_TRUE(reader.has_value());
  std::uint64_t last = 0;
  EXPECT_TRUE(eventually([&] {
    while (const auto record = reader->next()) {
      EXPECT_EQ(record->seq, last + 1);
      last = record->seq;
      EXPECT_EQ(record->line, with_seq(body_line(std::to_string(last)), last));
    }
    return last == kRecords;
  })) << last;
  writer.join();
  EXPECT_GT(list_stored_files(os_files(), DataPaths{dir()})->size(), 100u);
  EXPECT_EQ(reader->damaged_regions(), 0u);
}

TEST_F(ReaderTest, FollowsAcrossARestart) {
  auto store = must_open(options());
  auto reader = Reader::open(dir());
  EXPECT_EQ(commit(*store, {body_line("a")}), CommitStatus::ok);
  ASSERT_TRUE(reader->next().has_value());
  store.reset();
  EXPECT_FALSE(reader->next().has_value());
  store = must_open(options());
  EXPECT_FALSE(reader->next().has_value());
  EXPECT_EQ(commit(*store, {body_line("b")}), CommitStatus::ok);
  const auto record = reader->next();
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->line, with_seq(body_line("b"), 2));
}

TEST_F(ReaderTest, BeginsBehindAGivenNumber) {
  Options made = options();
  made.segment_bytes_max = 16 * 1024;
  const auto store = must_open(made);
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(commit(*store, {body_line("a"), body_line("b")}), CommitStatus::ok);
  }
  for (const std::uint64_t after : {0u, 1u, 30u, 59u, 60u}) {
    ReaderOptions from;
    from.after_seq = after;
    const auto records = read_all(dir(), from);
    ASSERT_EQ(records.size(), 60 - after);
    EXPECT_TRUE(records.empty() || records.front().seq == after + 1);
  }
}

TEST_F(ReaderTest, SkipsFramesOutsideTheTimesAskedFor) {
  const auto store = must_open(options());
  for (const std::int64_t time : {100, 200, 300}) {
    append_line(store->producer(0).open(), body_line(std::to_string(time)), time);
    store->producer(0).open().add_ticket({});
    store->producer(0).publish();
    EXPECT_EQ(wait_for_answers(store->producer(0), 1), CommitStatus::ok);
  }
  ReaderOptions between;
  between.time_min_ns = 150;
  between.time_max_ns = 250;
  const std::vector<ReadRecord> expected = {{2, with_seq(body_line("200"), 2, 200)}};
  EXPECT_EQ(read_all(dir(), between), expected);
}

TEST_F(ReaderTest, SaysSoWhereANewerVersionHasBegunToWrite) {
  { EXPECT_EQ(commit(*must_open(options()), {body_line("ours")}), CommitStatus::ok); }
  auto reader = Reader::open(dir());
  EXPECT_TRUE(reader->next().has_value());
  { EXPECT_EQ(commit(*must_open(options()), {body_line("theirs")}), CommitStatus::ok); }
  const std::string path = segment_files(dir()).back();
  std::string bytes = read_bytes(path);
  auto header = load_header<SegmentHeader>(bytes.data());
  header.version = kFormatVersion + 1;
  seal_header(header);
  std::memcpy(bytes.data(), &header, sizeof header);
  write_bytes(path, bytes);
  EXPECT_FALSE(reader->next().has_value());
  EXPECT_EQ(reader->error(), newer_version());
}

TEST_F(ReaderTest, WritesTheTimesInFrontAndTheNumberWhereTheRecordSays) {
  const auto store = must_open(options());
  StagingChain& chain = store->producer(0).open();
  const auto append = [&](std::string_view text, const RecordTimes& times) {
    text.copy(chain.reserve(text.size()), text.size());
    chain.append(text.size(), text.find(",\"_src\""), times);
  };
  append(R"(,"body":"x","_src":"log"})",
         {.timestamp_ns = 1'767'323'045'678'901'234, .observed_ns = 1'767'323'046'000'000'000});
  append(R"(,"body":"y","_src":"log"})", {.observed_ns = 1'767'323'046'000'000'000});
  append(R"(,"_src":"log"})", {.timestamp_ns = -1, .observed_ns = 0});
  chain.add_ticket({});
  store->producer(0).publish();
  EXPECT_EQ(wait_for_answers(store->producer(0), 1), CommitStatus::ok);
  const std::vector<ReadRecord> expected = {
      {1, R"({"timestamp":"2026-01-02T03:04:05.678901234Z",)"
          R"("observed_timestamp":"2026-01-02T03:04:06.000000000Z","body":"x","_seq":1,)"
          R"("_src":"log"})"},
      {2, R"({"observed_timestamp":"2026-01-02T03:04:06.000000000Z","body":"y","_seq":2,)"
          R"("_src":"log"})"},
      {3, R"({"timestamp":"1969-12-31T23:59:59.999999999Z",)"
          R"("observed_timestamp":"1970-01-01T00:00:00.000000000Z","_seq":3,"_src":"log"})"}};
  EXPECT_EQ(read_all(dir()), expected);
}

TEST_F(ReaderTest, GoesOnAtTheSamePlaceAfterAnErrorThatPasses) {
  for (const auto operation : {FaultyFiles::Operation::open, FaultyFiles::Operation::read}) {
    Options made = options();
    made.dir = dir() + std::to_string(static_cast<int>(operation));
    made.segment_bytes_max = 16 * 1024;
    const auto store = must_open(made);
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(commit(*store, {body_line(std::string(3000, 'x'))}), CommitStatus::ok);
    }
    FaultyFiles files;
    ReaderOptions from;
    from.files = &files;
    auto reader = Reader::open(made.dir, from);
    std::uint64_t seen = 0;
    while (seen < 20) {
      files.fail(operation, ".seg", EMFILE);
      while (reader->next()) ++seen;
      EXPECT_TRUE(reader->error() == os_error(EMFILE) || seen == 20);
      files.heal();
      const auto record = reader->next();
      EXPECT_EQ(reader->error(), boost::system::error_code());
      if (!record) break;
      EXPECT_EQ(record->seq, ++seen);
    }
    EXPECT_EQ(seen, 20u);
  }
}

TEST_F(ReaderTest, StepsOverABlockThatCannotBeRead) {
  const auto store = must_open(options());
  for (const char* body : {"first", "second", "third"}) {
    EXPECT_EQ(commit(*store, {body_line(body)}), CommitStatus::ok);
  }
  FaultyFiles files;
  ReaderOptions from;
  from.files = &files;
  for (std::uint64_t block = 1; block <= 3; ++block) {
    files.spoil(".seg", block * 4096, block * 4096 + 4096);
    auto reader = Reader::open(dir(), from);
    std::vector<std::uint64_t> seen;
    while (const auto record = reader->next()) seen.push_back(record->seq);
    EXPECT_THAT(seen, ::testing::SizeIs(2)) << block;
    EXPECT_THAT(seen, ::testing::Not(::testing::Contains(block)));
    EXPECT_EQ(reader->error(), boost::system::error_code());
    files.heal();
  }
}

// Else `cat` would not end beside a server that writes as fast as it reads.
TEST_F(ReaderTest, EndsWithThePresentIfAskedTo) {
  const auto store = must_open(options());
  for (const char* body : {"a", "b"}) {
    EXPECT_EQ(commit(*store, {body_line(body), body_line(body)}), CommitStatus::ok);
  }
  auto reader = Reader::open(dir());
  reader->end_with_present();
  ASSERT_TRUE(reader->next().has_value());
  EXPECT_EQ(commit(*store, {body_line("later")}), CommitStatus::ok);
  EXPECT_THAT(read_rest(*reader), ::testing::SizeIs(3));
  EXPECT_EQ(read_all(dir()).size(), 5u);
}

TEST_F(ReaderTest, EndsWithThePresentThoughAllOfItIsSealedMeanwhile) {
  auto store = must_open(turned_options());
  EXPECT_EQ(commit_in_turn(*store, body_line("now")), CommitStatus::ok);
  auto reader = Reader::open(dir());
  reader->end_with_present();
  EXPECT_EQ(commit_in_turn(*store, body_line("later, in the same file")), CommitStatus::ok);
  store.reset();
  store = must_open(turned_options());
  ASSERT_TRUE(store->turn(Store::Worker::sealer));
  EXPECT_EQ(commit_in_turn(*store, body_line("later, in another")), CommitStatus::ok);
  const std::vector<ReadRecord> expected = {{1, with_seq(body_line("now"), 1)}};
  EXPECT_EQ(read_rest(*reader), expected);
}

TEST_F(ReaderTest, EndsWithThePresentBehindDamage) {
  const std::string copy = crashed_copy_with_the_second_of_three_damaged();
  auto reader = Reader::open(copy);
  reader->end_with_present();
  EXPECT_EQ(read_rest(*reader).back().seq, 3u);
}

TEST_F(ReaderTest, SaysWhenThereIsNoDataDirectory) {
  const auto reader = Reader::open(temp_.path());
  ASSERT_FALSE(reader.has_value());
  EXPECT_THAT(reader.error(), HasSubstr("is not a data directory"));
}

// The proof that they had been durable stands behind the damage.
TEST_F(ReaderTest, ShowsWhatIsAroundDamageWhileAnIdleServerHoldsTheLock) {
  const std::string copy = crashed_copy_with_the_second_of_three_damaged();
  Options made = options();
  made.dir = copy;
  made.threads = false;
  const auto store = must_open(made);
  const std::vector<ReadRecord> expected = {{1, with_seq(body_line("a"), 1)},
                                            {3, with_seq(body_line("c"), 3)}};
  EXPECT_EQ(read_all(copy), expected);
}

}  // namespace
}  // namespace logboom::store
