#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/store/faulty_files.hpp"
#include "tests/store/turned_store.hpp"

namespace logboom::store {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class RetentionTest : public TurnedStoreFixture {
 protected:
  // A line that does not get smaller by compression.
  [[nodiscard]] std::string noise() {
    std::string body(6000, ' ');
    for (char& c : body) c = static_cast<char>('#' + random_() % 50);
    return body_line(body);
  }

  // Commits these many records, each a second after the one before; a segment has two of them.
  void fill(Store& store, int records) {
    for (int i = 0; i < records; ++i) {
      ASSERT_EQ(commit_in_turn(store, noise()), CommitStatus::ok);
      now_ns_ += kSecond;
      settle(store);
    }
  }

  [[nodiscard]] std::vector<std::uint64_t> numbers() {
    std::vector<std::uint64_t> found;
    for (const ReadRecord& record : read_all(dir())) found.push_back(record.seq);
    return found;
  }

  FaultyFiles files_;
  std::minstd_rand random_{1};
};

TEST_F(RetentionTest, DeletesSealedFilesThatAreOlderThanTheAge) {
  Options made = turned_options();
  made.limits.retention.age = 5s;
  const auto store = must_open(made);
  fill(*store, 10);
  EXPECT_GE(store->stats().expired, 3u);
  EXPECT_EQ(numbers().back(), 10u);
  EXPECT_GE(numbers().front(), 4u);
  EXPECT_EQ(store->stats().lost_records, 0u);
}

TEST_F(RetentionTest, DeletesNothingWithoutLimits) {
  const auto store = must_open(turned_options());
  fill(*store, 10);
  now_ns_ += 1'000'000 * kSecond;
  settle(*store);
  EXPECT_EQ(numbers().size(), 10u);
}

TEST_F(RetentionTest, DeletesTheOldestAboveTheBytes) {
  Options made = turned_options();
  made.limits.retention.bytes_max = 60 * 1024;
  const auto store = must_open(made);
  fill(*store, 40);
  EXPECT_GT(store->stats().expired, 0u);
  EXPECT_LE(store->stats().file_bytes, 60u * 1024);
  EXPECT_EQ(numbers().back(), 40u);
}

TEST_F(RetentionTest, ADayWithoutFilesIsRemoved) {
  Options made = turned_options();
  made.limits.retention.age = 5s;
  const auto store = must_open(made);
  fill(*store, 5);
  now_ns_ += 86'400 * kSecond;
  fill(*store, 9);
  EXPECT_FALSE(std::filesystem::exists(dir() + "/sealed/2026-11-22"));
  EXPECT_TRUE(std::filesystem::exists(dir() + "/sealed/2026-11-23"));
}

TEST_F(RetentionTest, KeepsWhatACursorHasNotPassed) {
  Options made = turned_options();
  made.limits.retention.age = 2s;
  made.cursors = {{.name = "slow", .hold = {}}};
  const auto store = must_open(made);
  fill(*store, 10);
  EXPECT_EQ(numbers().size(), 10u);
  auto cursor = store->cursor("slow");
  ASSERT_TRUE(cursor->commit(6).has_value());
  settle(*store);
  EXPECT_EQ(numbers().front(), 7u);
  EXPECT_EQ(store->stats().lost_records, 0u);
}

TEST_F(RetentionTest, ACursorHoldsBackNoLongerThanItsHold) {
  Options made = turned_options();
  made.limits.retention.age = 2s;
  made.cursors = {{.name = "slow", .hold = 5s}};
  const auto store = must_open(made);
  fill(*store, 10);
  const std::uint64_t first = numbers().front();
  EXPECT_GT(first, 2u);
  EXPECT_EQ(store->stats().lost_records, first - 1);
  auto cursor = store->cursor("slow");
  const Cursor::Item gap = cursor->next();
  ASSERT_TRUE(std::holds_alternative<Gap>(gap));
  EXPECT_EQ(std::get<Gap>(gap).first_seq, 1u);
  EXPECT_EQ(std::get<Gap>(gap).last_seq, first - 1);
  EXPECT_EQ(std::get<Gap>(gap).records, first - 1);
  const Cursor::Item record = cursor->next();
  ASSERT_TRUE(std::holds_alternative<RecordView>(record));
  EXPECT_EQ(std::get<RecordView>(record).seq, first);
}

TEST_F(RetentionTest, AtTheWallItRefusesAndSaysWhy) {
  Options made = turned_options();
  made.limits.wall = {.bytes_max = 100 * 1024, .percent_max = 0};
  const auto store = must_open(made);
  CommitStatus status = CommitStatus::ok;
  for (int i = 0; i < 100 && status == CommitStatus::ok; ++i) {
    status = commit_in_turn(*store, noise());
    if (status == CommitStatus::ok) settle(*store);
  }
  EXPECT_EQ(status, CommitStatus::full);
  EXPECT_THAT(store->state_reason(), HasSubstr("store.max_bytes"));
  EXPECT_LE(store->stats().file_bytes, 100u * 1024);
}

TEST_F(RetentionTest, WhenRetentionHasMadeRoomAtTheWallRecordsAreAcceptedAgain) {
  Options made = turned_options();
  made.limits.wall = {.bytes_max = 100 * 1024, .percent_max = 0};
  made.limits.retention.age = 60s;
  const auto store = must_open(made);
  for (int i = 0; i < 100 && store->state() == State::accepting; ++i) {
    static_cast<void>(commit_in_turn(*store, noise()));
    settle(*store);
  }
  EXPECT_EQ(store->state(), State::full);
  now_ns_ += 100 * kSecond;
  settle(*store);
  EXPECT_EQ(store->state(), State::accepting);
  EXPECT_EQ(commit_in_turn(*store, body_line("after")), CommitStatus::ok);
}

TEST_F(RetentionTest, LeavesTheFileSystemWhatItShall) {
  Options made = turned_options();
  made.files = &files_;
  made.limits.wall.free_bytes_min = 1024 * 1024;
  files_.set_space({.total = 100 << 20, .free = 50 << 20});
  const auto store = must_open(made);
  fill(*store, 5);
  files_.set_space({.total = 100 << 20, .free = 1 << 20});
  CommitStatus status = CommitStatus::ok;
  for (int i = 0; i < 20 && status == CommitStatus::ok; ++i) {
    status = commit_in_turn(*store, noise());
    settle(*store);
  }
  EXPECT_EQ(status, CommitStatus::full);
  EXPECT_THAT(store->state_reason(), HasSubstr("store.min_free"));
  files_.set_space({.total = 100 << 20, .free = 50 << 20});
  settle(*store);
  EXPECT_EQ(commit_in_turn(*store, body_line("after")), CommitStatus::ok);
}

TEST_F(RetentionTest, DropsTheOldestAtTheWallIfItMayAndTellsTheCursor) {
  Options made = turned_options();
  made.limits.wall = {.bytes_max = 100 * 1024, .percent_max = 0};
  made.limits.on_full = OnFull::drop_oldest;
  made.cursors = {{.name = "slow", .hold = {}}};
  {
    const auto store = must_open(made);
    for (int i = 0; i < 60; ++i) {
      ASSERT_EQ(commit_in_turn(*store, noise()), CommitStatus::ok) << i;
      settle(*store);
    }
    EXPECT_GT(store->stats().dropped, 0u);
    EXPECT_EQ(store->stats().lost_records, numbers().front() - 1);
  }
  EXPECT_THAT(reports_.text(), HasSubstr("drop_oldest"));
  // The loss is remembered across a restart.
  const auto store = must_open(made);
  auto cursor = store->cursor("slow");
  const Cursor::Item gap = cursor->next();
  ASSERT_TRUE(std::holds_alternative<Gap>(gap));
  EXPECT_EQ(std::get<Gap>(gap).records, numbers().front() - 1);
  ASSERT_TRUE(cursor->commit(std::get<Gap>(gap).last_seq).has_value());
  auto again = store->cursor("slow");
  const Cursor::Item record = again->next();
  ASSERT_TRUE(std::holds_alternative<RecordView>(record));
  EXPECT_EQ(std::get<RecordView>(record).seq, numbers().front());
}

// A segment that cannot be sealed stays, and newer files are deleted before it.
class OutOfOrderTest : public RetentionTest {
 protected:
  [[nodiscard]] Options dropping() {
    Options made = turned_options();
    made.limits.wall = {.bytes_max = 100 * 1024, .percent_max = 0};
    made.limits.on_full = OnFull::drop_oldest;
    made.cursors = {{.name = "slow", .hold = {}}};
    made.files = &files_;
    return made;
  }

  // Records 1 and 2 are in the segment that stays.
  void leave_the_first_and_drop(Store& store) {
    files_.fail(FaultyFiles::Operation::create, ".sealing-", EIO);
    fill(store, 3);
    ASSERT_EQ(store.stats().seal_failures, 1u);
    files_.heal();
    for (int i = 0; i < 60 && store.stats().dropped == 0; ++i) fill(store, 1);
    ASSERT_EQ(numbers().at(1), 2u);
    ASSERT_GT(numbers().at(2), 3u);
  }
};

TEST_F(OutOfOrderTest, ACursorGivesWhatIsOlderThanItsLossFirst) {
  const auto store = must_open(dropping());
  leave_the_first_and_drop(*store);
  auto cursor = store->cursor("slow");
  for (const std::uint64_t seq : {1u, 2u}) {
    const Cursor::Item record = cursor->next();
    ASSERT_TRUE(std::holds_alternative<RecordView>(record));
    EXPECT_EQ(std::get<RecordView>(record).seq, seq);
  }
  const Cursor::Item gap = cursor->next();
  ASSERT_TRUE(std::holds_alternative<Gap>(gap));
  EXPECT_EQ(std::get<Gap>(gap).first_seq, 3u);
}

TEST_F(OutOfOrderTest, ALossGrowsAtItsFrontToo) {
  {
    const auto store = must_open(dropping());
    leave_the_first_and_drop(*store);
  }
  const auto store = must_open(dropping());
  settle(*store);
  for (int i = 0; i < 60 && numbers().front() == 1; ++i) fill(*store, 1);
  EXPECT_GE(store->stats().lost_records, 2u);
  auto cursor = store->cursor("slow");
  const Cursor::Item gap = cursor->next();
  ASSERT_TRUE(std::holds_alternative<Gap>(gap));
  EXPECT_EQ(std::get<Gap>(gap).first_seq, 1u);
}

TEST_F(RetentionTest, ACursorThatNobodyNamesAnyMoreHoldsNothingBack) {
  Options made = turned_options();
  made.limits.retention.age = 2s;
  made.cursors = {{.name = "gone", .hold = {}}};
  { const auto store = must_open(made); }
  made.cursors.clear();
  const auto store = must_open(made);
  fill(*store, 10);
  EXPECT_GT(store->stats().expired, 0u);
}

}  // namespace
}  // namespace logboom::store
