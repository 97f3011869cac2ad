#include "store/store.hpp"

#include <sys/stat.h>

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/store/store_fixture.hpp"

namespace logboom::store {
namespace {

using ::testing::HasSubstr;
using StoreTest = StoreFixture;

TEST_F(StoreTest, GivesBackWhatWasCommittedWithItsNumber) {
  const auto store = must_open(options());
  EXPECT_EQ(commit(*store, {body_line("a"), body_line("b")}), CommitStatus::ok);
  EXPECT_EQ(commit(*store, {body_line("c")}), CommitStatus::ok);
  const std::vector<ReadRecord> expected = {{1, with_seq(body_line("a"), 1)},
                                            {2, with_seq(body_line("b"), 2)},
                                            {3, with_seq(body_line("c"), 3)}};
  EXPECT_EQ(read_all(dir()), expected);
}

TEST_F(StoreTest, GoesOnNumberingWithoutAGapAfterACleanStop) {
  { EXPECT_EQ(commit(*must_open(options()), {body_line("a")}), CommitStatus::ok); }
  { EXPECT_EQ(commit(*must_open(options()), {body_line("b")}), CommitStatus::ok); }
  const auto records = read_all(dir());
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[1].seq, 2u);
  EXPECT_EQ(reports_.text(), "");
}

TEST_F(StoreTest, GoesOnAboveTheReservedNumbersAfterACrash) {
  const auto store = must_open(options());
  EXPECT_EQ(commit(*store, {body_line("a")}), CommitStatus::ok);
  Options after = options();
  after.dir = crashed_copy();
  const auto restarted = must_open(after);
  EXPECT_EQ(commit(*restarted, {body_line("b")}), CommitStatus::ok);
  const auto records = read_all(after.dir);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].seq, 1u);
  EXPECT_GT(records[1].seq, 1024u * 1024);
}

TEST_F(StoreTest, RefusesADirectoryThatAnotherStoreHolds) {
  const auto store = must_open(options());
  const auto second = Store::open(options());
  ASSERT_FALSE(second.has_value());
  EXPECT_THAT(second.error(), HasSubstr("another server"));
}

TEST_F(StoreTest, RefusesADirectoryOfANewerVersion) {
  { const auto store = must_open(options()); }
  write_bytes(dir() + "/FORMAT", std::to_string(kFormatVersion + 1) + "\n");
  const auto store = Store::open(options());
  ASSERT_FALSE(store.has_value());
  EXPECT_THAT(store.error(), HasSubstr("newer version"));
}

TEST_F(StoreTest, MakesItsDirectoryAndThoseAboveIt) {
  Options made = options();
  made.dir = temp_.path() + "/a/b/data/";
  const auto store = must_open(made);
  EXPECT_EQ(commit(*store, {body_line("x")}), CommitStatus::ok);
  EXPECT_EQ(read_all(temp_.path() + "/a/b/data").size(), 1u);
  struct stat info {};
  ASSERT_EQ(::stat(made.dir.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0700u);
}

TEST_F(StoreTest, KeepsItsIdentity) {
  const std::string id = must_open(options())->store_id();
  EXPECT_EQ(id.size(), 32u);
  EXPECT_EQ(must_open(options())->store_id(), id);
}

TEST_F(StoreTest, WithoutThreadsWorksInItsTurnsOnly) {
  Options made = options();
  made.threads = false;
  const auto store = must_open(made);
  Producer& end = store->producer(0);
  append_line(end.open(), body_line("a"));
  end.open().add_ticket({7, 1});
  end.publish();
  EXPECT_EQ(store->stats().records, 0u);
  store->turn(Store::Worker::committer);
  EXPECT_EQ(wait_for_answers(end, 1), CommitStatus::ok);
  store->turn(Store::Worker::committer);  // the mark that shows it to readers
  store->turn(Store::Worker::keeper);
  EXPECT_EQ(read_all(dir()).size(), 1u);
}

}  // namespace
}  // namespace logboom::store
