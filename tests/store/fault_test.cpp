#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/store/faulty_files.hpp"
#include "tests/store/store_fixture.hpp"

namespace logboom::store {
namespace {

using ::testing::HasSubstr;
using Operation = FaultyFiles::Operation;

class FaultTest : public StoreFixture {
 protected:
  [[nodiscard]] Options faulty_options() {
    Options made = options();
    made.files = &files_;
    made.segment_bytes_max = 64 * 1024;
    return made;
  }

  // Commits until it is not ok any more.
  [[nodiscard]] static CommitStatus fill(Store& store) {
    for (int i = 0; i < 1000; ++i) {
      const CommitStatus status = commit(store, {body_line(std::string(8000, 'f'))});
      if (status != CommitStatus::ok) return status;
    }
    return CommitStatus::ok;
  }

  // One request whose records are all refused.
  static void refuse(Store& store, const std::vector<std::string>& raws) {
    StagingChain& chain = store.producer(0).open();
    for (const std::string& raw : raws) chain.reject(raw, "bad_json", "log", 0);
    chain.add_ticket({});
    store.producer(0).publish();
    EXPECT_EQ(wait_for_answers(store.producer(0), 1), CommitStatus::ok);
  }

  [[nodiscard]] std::size_t rejected_files() const {
    return os_files().list(dir() + "/rejected")->size();
  }

  FaultyFiles files_;
};

TEST_F(FaultTest, WarnsOfADirectoryThatDoesNotLast) {
  for (const auto& [kind, word] :
       {std::pair{FileSystemKind::memory, "tmpfs"}, std::pair{FileSystemKind::overlay, "overlayfs"},
        std::pair{FileSystemKind::network, "network"}}) {
    files_.set_kind(kind);
    static_cast<void>(must_open(faulty_options()));
    EXPECT_THAT(reports_.text(), HasSubstr(word));
  }
  EXPECT_EQ(reports_.count(Severity::warning), 3);
}

TEST_F(FaultTest, WithoutRoomForASegmentItIsFullAndGoesOnByItselfWhenThereIs) {
  const auto store = must_open(faulty_options());
  EXPECT_EQ(commit(*store, {body_line("before")}), CommitStatus::ok);
  files_.fail(Operation::write, ".spare-", ENOSPC);
  files_.fail(Operation::allocate, ".spare-", ENOSPC);
  EXPECT_EQ(fill(*store), CommitStatus::full);
  EXPECT_EQ(store->state(), State::full);
  EXPECT_THAT(store->state_reason(), HasSubstr("No space left"));
  const std::uint64_t stored = store->stats().records;
  EXPECT_EQ(commit(*store, {body_line("refused")}), CommitStatus::full);
  files_.heal();
  ASSERT_TRUE(eventually([&] { return store->state() == State::accepting; }));
  EXPECT_EQ(store->state_reason(), "");
  EXPECT_EQ(commit(*store, {body_line("after")}), CommitStatus::ok);
  const auto records = read_all(dir());
  EXPECT_EQ(records.size(), stored + 1);
  EXPECT_THAT(records.back().line, HasSubstr("after"));
  EXPECT_EQ(reports_.count(Severity::warning), 1);
}

TEST_F(FaultTest, WithoutRoomToSyncTheNameOfASegmentNothingStaysThatHidesTheNextOne) {
  std::atomic<std::int64_t> now_ms{1};
  Options made = faulty_options();
  made.now_ns = [&now_ms] { return ++now_ms * 1'000'000; };  // no two names are equal
  const auto store = must_open(made);
  files_.fail(Operation::sync_directory, "/segments", EDQUOT);
  EXPECT_EQ(commit(*store, {body_line("refused")}), CommitStatus::full);
  EXPECT_EQ(segment_files(dir()).size(), 0u);
  files_.heal();
  ASSERT_TRUE(eventually([&] { return store->state() == State::accepting; }));
  EXPECT_EQ(commit(*store, {body_line("after")}), CommitStatus::ok);
  const auto records = read_all(dir());
  ASSERT_EQ(records.size(), 1u);
  EXPECT_THAT(records.back().line, HasSubstr("after"));
}

TEST_F(FaultTest, StartsFullWithoutRoomForItsFirstSegment) {
  files_.fail(Operation::write, ".spare-", ENOSPC);
  files_.fail(Operation::allocate, ".spare-", ENOSPC);
  const auto store = must_open(faulty_options());
  EXPECT_EQ(store->state(), State::full);
  files_.heal();
  ASSERT_TRUE(eventually([&] { return store->state() == State::accepting; }));
  EXPECT_EQ(commit(*store, {body_line("a")}), CommitStatus::ok);
}

TEST_F(FaultTest, AFailedSyncIsNeverAcknowledgedOrRetried) {
  const auto store = must_open(faulty_options());
  EXPECT_EQ(commit(*store, {body_line("good")}), CommitStatus::ok);
  files_.fail(Operation::sync, ".seg", EIO);
  EXPECT_EQ(commit(*store, {body_line("unsure")}), CommitStatus::failed);
  EXPECT_EQ(store->state(), State::failed);
  EXPECT_THAT(store->state_reason(), HasSubstr("Input/output error"));
  files_.heal();
  const std::uint64_t syncs = files_.syncs(".seg");
  EXPECT_EQ(commit(*store, {body_line("late")}), CommitStatus::failed);
  EXPECT_EQ(files_.syncs(".seg"), syncs);
  EXPECT_EQ(reports_.count(Severity::error), 1);
  EXPECT_EQ(store->stats().records, 1u);
}

TEST_F(FaultTest, ReadersSeeUnconfirmedRecordsOnlyOnceTheServerIsGone) {
  {
    const auto store = must_open(faulty_options());
    EXPECT_EQ(commit(*store, {body_line("good")}), CommitStatus::ok);
    files_.fail(Operation::sync, ".seg", EIO);
    EXPECT_EQ(commit(*store, {body_line("unsure")}), CommitStatus::failed);
    const std::vector<ReadRecord> durable = {{1, with_seq(body_line("good"), 1)}};
    EXPECT_EQ(read_all(dir()), durable);
  }
  EXPECT_EQ(read_all(dir()).size(), 2u);
}

TEST_F(FaultTest, AFailedWriteFailsTheStore) {
  const auto store = must_open(faulty_options());
  EXPECT_EQ(commit(*store, {body_line("good")}), CommitStatus::ok);
  files_.fail(Operation::write, ".seg", EIO);
  EXPECT_EQ(commit(*store, {body_line("bad")}), CommitStatus::failed);
  EXPECT_EQ(store->state(), State::failed);
}

TEST_F(FaultTest, AfterARestartItGoesOnWithNewNumbers) {
  {
    const auto store = must_open(faulty_options());
    EXPECT_EQ(commit(*store, {body_line("good")}), CommitStatus::ok);
    files_.fail(Operation::sync, ".seg", EIO);
    EXPECT_EQ(commit(*store, {body_line("unsure")}), CommitStatus::failed);
  }
  files_.heal();
  const auto store = must_open(faulty_options());
  EXPECT_EQ(commit(*store, {body_line("after")}), CommitStatus::ok);
  const auto records = read_all(dir());
  EXPECT_GT(records.back().seq, 2u);
  EXPECT_THAT(records.back().line, HasSubstr("after"));
}

TEST_F(FaultTest, RefusedRecordsThatCannotBeKeptAreCountedAndStopNothing) {
  const auto store = must_open(faulty_options());
  files_.fail(Operation::create, "/rejected/", ENOSPC);
  StagingChain& chain = store->producer(0).open();
  append_line(chain, body_line("good"));
  chain.reject("bad", "bad_json", "log", 0);
  chain.add_ticket({});
  store->producer(0).publish();
  EXPECT_EQ(wait_for_answers(store->producer(0), 1), CommitStatus::ok);
  EXPECT_EQ(store->stats().rejected_lost, 1u);
  EXPECT_EQ(reports_.count(Severity::error), 1);
}

TEST_F(FaultTest, OnAFullDiskRefusedRecordsMakeNoFilesAndOneReport) {
  const auto store = must_open(faulty_options());
  files_.fail(Operation::write, "/rejected/", ENOSPC);
  for (int i = 0; i < 5; ++i) refuse(*store, {"lost"});
  EXPECT_EQ(rejected_files(), 0u);
  files_.heal();
  refuse(*store, {"kept"});
  files_.fail(Operation::sync, "/rejected/", EIO);
  for (int i = 0; i < 5; ++i) refuse(*store, {"lost"});
  files_.heal();
  refuse(*store, {"kept too"});
  EXPECT_EQ(rejected_files(), 1u);
  const std::string text = read_bytes(dir() + "/rejected/00000006.ndjson");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_THAT(text, ::testing::Not(HasSubstr("lost")));
  EXPECT_EQ(store->stats().rejected_lost, 10u);
  EXPECT_EQ(store->stats().rejected_kept, 2u);
  EXPECT_EQ(reports_.count(Severity::error), 2);
}

TEST_F(FaultTest, AnUnreadableFileOfRefusedRecordsDoesNotStopTheStart) {
  refuse(*must_open(faulty_options()), {"first"});
  files_.fail(Operation::open, "/rejected/", EACCES);
  refuse(*must_open(faulty_options()), {"second"});
  EXPECT_EQ(rejected_files(), 2u);
  EXPECT_EQ(reports_.count(Severity::warning), 1);
}

TEST_F(FaultTest, WithoutRoomForNumbersItIsFullAndGoesOn) {
  const auto store = must_open(faulty_options());
  files_.fail(Operation::write, "/numbers", ENOSPC);
  EXPECT_EQ(commit(*store, {body_line("refused")}), CommitStatus::full);
  files_.heal();
  ASSERT_TRUE(eventually([&] { return store->state() == State::accepting; }));
  EXPECT_EQ(commit(*store, {body_line("after")}), CommitStatus::ok);
  EXPECT_EQ(read_all(dir()).size(), 1u);
}

TEST_F(FaultTest, AnUnusableDirectoryIsOneClearSentence) {
  write_bytes(temp_.path() + "/file", "x");
  Options made = options();
  made.dir = temp_.path() + "/file/data";
  const auto store = Store::open(made);
  ASSERT_FALSE(store.has_value());
  EXPECT_THAT(store.error(), HasSubstr("cannot make the data directory"));
}

}  // namespace
}  // namespace logboom::store
