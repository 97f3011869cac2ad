#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "store/format.hpp"
#include "store/segment_writer.hpp"
#include "tests/store/faulty_files.hpp"
#include "tests/store/turned_store.hpp"

namespace logboom::store {
namespace {

using Operation = FaultyFiles::Operation;

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr std::uint64_t kFileBytes = SegmentWriter::bytes_for(4 * kMiB);

// What is done to the file of the next segment, in turns. The first file has 1 MiB.
class SegmentKeeperTest : public TurnedStoreFixture {
 protected:
  [[nodiscard]] Options keeper_options() {
    Options made = turned_options();
    made.files = &files_;
    made.segment_bytes_max = 4 * kMiB;
    return made;
  }

  // Commits so many of so many bytes.
  void commit_many(Store& store, int commits, std::size_t bytes) {
    for (int i = 0; i < commits; ++i) {
      ASSERT_EQ(commit_in_turn(store, body_line(std::string(bytes, 'x'))), CommitStatus::ok);
    }
  }

  static void let_keeper_work(Store& store) {
    while (store.turn(Store::Worker::keeper)) {
    }
  }

  // Written so far; without the headers of the segments, which they get before their names.
  [[nodiscard]] std::uint64_t zeros(std::uint64_t segments) const {
    return files_.bytes_written(".spare-") - segments * kCommitAlignment;
  }

  FaultyFiles files_;
};

TEST_F(SegmentKeeperTest, TheFirstFileIsOfZerosWhenTheStoreIsOpen) {
  const auto store = must_open(keeper_options());
  EXPECT_EQ(zeros(0), kMiB);
}

TEST_F(SegmentKeeperTest, TheNextFileIsFilledWithZerosAPortionATurn) {
  const auto store = must_open(keeper_options());
  commit_many(*store, 1, 1000);
  ASSERT_TRUE(store->turn(Store::Worker::keeper));  // makes the file
  EXPECT_EQ(zeros(1), kMiB);
  ASSERT_TRUE(store->turn(Store::Worker::keeper));
  EXPECT_GE(zeros(1), kMiB + kMiB / 4);
  EXPECT_LE(zeros(1), kMiB + kMiB);
  let_keeper_work(*store);
  EXPECT_EQ(zeros(1), kMiB + kFileBytes);
}

TEST_F(SegmentKeeperTest, ACommitThatOutrunsTheZerosTakesTheFileAsItIs) {
  const auto store = must_open(keeper_options());
  commit_many(*store, 1, 1000);
  store->turn(Store::Worker::keeper);
  store->turn(Store::Worker::keeper);
  const std::uint64_t before = zeros(1);
  commit_many(*store, 30, 100'000);
  ASSERT_EQ(segment_files(dir()).size(), 2u);
  EXPECT_EQ(zeros(2), before);
  settle(*store);
  EXPECT_EQ(read_all(dir()).size(), 31u);
}

TEST_F(SegmentKeeperTest, WhileCommitsAreLargeNoZerosAreWritten) {
  const auto store = must_open(keeper_options());
  commit_many(*store, 6, 200'000);  // the sixth goes to the second segment
  ASSERT_EQ(segment_files(dir()).size(), 2u);
  let_keeper_work(*store);
  commit_many(*store, 20, 200'000);
  ASSERT_EQ(segment_files(dir()).size(), 3u);
  let_keeper_work(*store);
  EXPECT_EQ(zeros(3), kMiB);
}

TEST_F(SegmentKeeperTest, OnceCommitsAreSmallAgainZerosAreWritten) {
  const auto store = must_open(keeper_options());
  commit_many(*store, 6, 200'000);
  let_keeper_work(*store);
  EXPECT_EQ(zeros(2), kMiB);
  commit_many(*store, 80, 60'000);
  let_keeper_work(*store);
  EXPECT_EQ(zeros(3), kMiB + kFileBytes);
}

TEST_F(SegmentKeeperTest, AFileWhoseZerosFailIsMadeAnew) {
  const auto store = must_open(keeper_options());
  commit_many(*store, 1, 1000);
  store->turn(Store::Worker::keeper);
  files_.fail(Operation::sync, ".spare-", EIO);
  EXPECT_FALSE(store->turn(Store::Worker::keeper));
  files_.heal();
  const std::uint64_t failed = zeros(1);
  let_keeper_work(*store);
  EXPECT_EQ(zeros(1), failed + kFileBytes);
  commit_many(*store, 60, 100'000);
  settle(*store);
  EXPECT_EQ(read_all(dir()).size(), 61u);
}

TEST_F(SegmentKeeperTest, WithoutSyncsNoZerosAreWritten) {
  Options made = keeper_options();
  made.durability = Durability::write;
  const auto store = must_open(made);
  commit_many(*store, 1, 1000);
  let_keeper_work(*store);
  EXPECT_EQ(zeros(1), 0u);
}

TEST_F(SegmentKeeperTest, WithoutSyncsAClosedSegmentIsSyncedByAnOrderlyStopOnly) {
  Options made = keeper_options();
  made.durability = Durability::write;
  {
    const auto store = must_open(made);
    commit_many(*store, 20, 100'000);
    let_keeper_work(*store);
    ASSERT_EQ(segment_files(dir()).size(), 2u);
    EXPECT_EQ(files_.syncs(".seg"), 0u);
  }
  EXPECT_EQ(files_.syncs(".seg"), 4u);  // each its records, then its end
}

}  // namespace
}  // namespace logboom::store
