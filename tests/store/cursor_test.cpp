#include "store/cursor.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "store/format.hpp"
#include "tests/store/turned_store.hpp"

namespace logboom::store {
namespace {

using namespace std::chrono_literals;

class CursorTest : public TurnedStoreFixture {
 protected:
  [[nodiscard]] Options with_cursor(CursorOptions::Start start = CursorOptions::Start::oldest) {
    Options made = turned_options();
    made.cursors = {{.name = "sink", .start = start, .hold = {}}};
    return made;
  }

  [[nodiscard]] static std::vector<std::uint64_t> read_numbers(Cursor& cursor) {
    std::vector<std::uint64_t> numbers;
    for (;;) {
      const Cursor::Item item = cursor.next();
      if (!std::holds_alternative<RecordView>(item)) return numbers;
      numbers.push_back(std::get<RecordView>(item).seq);
    }
  }
};

TEST_F(CursorTest, ReadsWhatIsDurableWithoutWaitingForAMark) {
  const auto store = must_open(with_cursor());
  auto cursor = store->cursor("sink");
  ASSERT_TRUE(cursor.has_value());
  EXPECT_TRUE(read_numbers(*cursor).empty());
  EXPECT_EQ(commit_in_turn(*store, body_line("a")), CommitStatus::ok);
  EXPECT_EQ(read_numbers(*cursor), std::vector<std::uint64_t>{1});
  EXPECT_EQ(commit_in_turn(*store, body_line("b")), CommitStatus::ok);
  EXPECT_EQ(read_numbers(*cursor), std::vector<std::uint64_t>{2});
}

TEST_F(CursorTest, GoesOnBehindItsPositionAfterARestart) {
  {
    const auto store = must_open(with_cursor());
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(commit_in_turn(*store, body_line("a")), CommitStatus::ok);
    }
    auto cursor = store->cursor("sink");
    EXPECT_EQ(read_numbers(*cursor).size(), 3u);
    EXPECT_TRUE(cursor->commit(2).has_value());
  }
  const auto store = must_open(with_cursor());
  auto cursor = store->cursor("sink");
  EXPECT_EQ(cursor->position(), 2u);
  EXPECT_EQ(read_numbers(*cursor), std::vector<std::uint64_t>{3});
}

TEST_F(CursorTest, ItsPositionNeverGoesBack) {
  const auto store = must_open(with_cursor());
  auto cursor = store->cursor("sink");
  EXPECT_TRUE(cursor->commit(5).has_value());
  EXPECT_TRUE(cursor->commit(3).has_value());
  EXPECT_EQ(cursor->position(), 5u);
}

TEST_F(CursorTest, ANewOneCanBeginWithWhatComes) {
  {
    const auto store = must_open(turned_options());
    ASSERT_EQ(commit_in_turn(*store, body_line("before")), CommitStatus::ok);
  }
  const auto store = must_open(with_cursor(CursorOptions::Start::newest));
  auto cursor = store->cursor("sink");
  EXPECT_TRUE(read_numbers(*cursor).empty());
  ASSERT_EQ(commit_in_turn(*store, body_line("after")), CommitStatus::ok);
  EXPECT_EQ(read_numbers(*cursor), std::vector<std::uint64_t>{2});
}

TEST_F(CursorTest, ReadsAcrossSealedAndActiveSegments) {
  const auto store = must_open(with_cursor());
  auto cursor = store->cursor("sink");
  std::uint64_t last = 0;
  for (int i = 0; i < 60; ++i) {
    ASSERT_EQ(commit_in_turn(*store, body_line(std::string(1000, 'c'))), CommitStatus::ok);
    if (i % 3 == 0) settle(*store);
    if (i % 7 != 0) continue;
    for (const std::uint64_t seq : read_numbers(*cursor)) EXPECT_EQ(seq, ++last);
  }
  for (const std::uint64_t seq : read_numbers(*cursor)) EXPECT_EQ(seq, ++last);
  EXPECT_EQ(last, 60u);
  EXPECT_GT(store->stats().sealed, 3u);
}

TEST_F(CursorTest, NumbersGoOnAboveEveryPositionWhateverWasLost) {
  {
    const auto store = must_open(with_cursor());
    ASSERT_EQ(commit_in_turn(*store, body_line("a")), CommitStatus::ok);
    EXPECT_TRUE(store->cursor("sink")->commit(5'000'000).has_value());
  }
  std::filesystem::remove_all(dir() + "/segments");
  std::filesystem::remove(dir() + "/numbers");
  const auto store = must_open(with_cursor());
  ASSERT_EQ(commit_in_turn(*store, body_line("b")), CommitStatus::ok);
  EXPECT_GT(store->stats().last_seq, 5'000'000u);
}

TEST_F(CursorTest, WaitsUntilThereIsMore) {
  Options made = with_cursor();
  made.threads = true;
  const auto store = must_open(made);
  std::vector<std::uint64_t> numbers;
  std::thread sink([&] {
    auto cursor = store->cursor("sink");
    while (numbers.size() < 50 && cursor->wait(10s)) {
      for (const std::uint64_t seq : read_numbers(*cursor)) numbers.push_back(seq);
    }
  });
  for (int i = 0; i < 50; ++i) EXPECT_EQ(commit(*store, {body_line("w")}), CommitStatus::ok);
  sink.join();
  ASSERT_EQ(numbers.size(), 50u);
  for (std::size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(numbers[i], i + 1);
}

TEST_F(CursorTest, WaitingEndsWithTheTime) {
  const auto store = must_open(with_cursor());
  EXPECT_FALSE(store->cursor("sink")->wait(1ms));
}

TEST_F(CursorTest, DamageOnItsWayIsAGap) {
  {
    const auto store = must_open(with_cursor());
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(commit_in_turn(*store, body_line(std::string(1000, 'd'))), CommitStatus::ok);
    }
  }
  const std::string segment = segment_files(dir()).front();
  std::string bytes = read_bytes(segment);
  bytes[2 * kCommitAlignment + 200] ^= 1;
  write_bytes(segment, bytes);
  const auto store = must_open(with_cursor());
  auto cursor = store->cursor("sink");
  EXPECT_EQ(std::get<RecordView>(cursor->next()).seq, 1u);
  const Cursor::Item gap = cursor->next();
  ASSERT_TRUE(std::holds_alternative<Gap>(gap));
  EXPECT_EQ(std::get<Gap>(gap).first_seq, 2u);
  EXPECT_EQ(std::get<Gap>(gap).last_seq, 2u);
  EXPECT_EQ(std::get<RecordView>(cursor->next()).seq, 3u);
}

TEST_F(CursorTest, ANameThatIsNoneForAFileIsRefused) {
  Options made = turned_options();
  made.cursors = {{.name = "../numbers", .hold = {}}};
  EXPECT_FALSE(Store::open(made).has_value());
}

}  // namespace
}  // namespace logboom::store
