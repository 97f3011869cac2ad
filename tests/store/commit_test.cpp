#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/committer.hpp"
#include "store/format.hpp"
#include "tests/store/store_fixture.hpp"

namespace logboom::store {
namespace {

using ::testing::HasSubstr;
using CommitTest = StoreFixture;

// Keeps several requests of two records in flight from one thread until `requests` are answered;
// the record says producer, request and which of the two it is.
void produce(Store& store, std::size_t index, std::size_t requests) {
  constexpr std::size_t kInFlight = 8;
  Producer& end = store.producer(index);
  std::size_t sent = 0;
  std::size_t answered = 0;
  while (answered < requests) {
    while (sent < requests && sent - answered < kInFlight) {
      StagingChain& chain = end.open();
      for (const char* part : {"a", "b"}) {
        append_line(chain, body_line(std::to_string(index) + "-" + std::to_string(sent) + part));
      }
      chain.add_ticket({static_cast<std::uint32_t>(sent), 0});
      ++sent;
    }
    end.publish();
    pollfd wait{end.completion_fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&wait, 1, 10'000), 1) << "no answer after ten seconds";
    end.drain_completed(
        [&](Ticket ticket, CommitStatus status) {
          EXPECT_EQ(status, CommitStatus::ok);
          EXPECT_EQ(ticket.slot, answered);
          ++answered;
        },
        [](std::size_t) {});
  }
}

TEST_F(CommitTest, ManyProducersShareCommitsAndLoseNothing) {
  constexpr std::size_t kProducers = 4;
  constexpr std::size_t kRequests = 300;
  Options made = options();
  made.producers = kProducers;
  made.segment_bytes_max = 256 * 1024;
  const auto store = must_open(made);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kProducers; ++i) {
    threads.emplace_back([&store, i] { produce(*store, i, kRequests); });
  }
  for (std::thread& thread : threads) thread.join();

  const auto records = read_all(dir());
  ASSERT_EQ(records.size(), 2 * kProducers * kRequests);
  std::set<std::string> bodies;
  for (std::size_t i = 0; i < records.size(); ++i) {
    bodies.insert(records[i].line.substr(0, records[i].line.find(",\"_seq\"")));
    if (i % 2 == 0) continue;
    EXPECT_EQ(records[i].seq, records[i - 1].seq + 1) << "a request is stored together";
  }
  EXPECT_EQ(bodies.size(), records.size());
  EXPECT_LT(store->stats().commits, kProducers * kRequests);
  EXPECT_EQ(store->stats().records, records.size());
}

TEST_F(CommitTest, ARolledBackRequestLeavesNothing) {
  const auto store = must_open(options());
  Producer& end = store->producer(0);
  StagingChain& chain = end.open();
  append_line(chain, body_line("kept"), 50);
  chain.add_ticket({1, 1});
  chain.add_charge(10);
  const std::size_t bytes = chain.bytes();
  const StagingChain::Mark mark = chain.mark();
  append_line(chain, body_line(std::string(400 * 1024, 'x')), 10);
  append_line(chain, body_line("bad"), 90);
  chain.reject("raw", "bad_json", "log", 1);
  chain.add_ticket({2, 1});
  chain.add_charge(20);
  chain.rollback(mark);
  EXPECT_EQ(chain.bytes(), bytes);
  append_line(chain, body_line("after"), 60);
  end.publish();
  ASSERT_TRUE(eventually([&] { return store->stats().records == 2; }));
  std::vector<std::uint32_t> tickets;
  std::size_t charge = 0;
  ASSERT_TRUE(eventually([&] {
    end.drain_completed([&](Ticket ticket, CommitStatus) { tickets.push_back(ticket.slot); },
                        [&](std::size_t bytes_charged) { charge += bytes_charged; });
    return charge != 0;
  }));
  EXPECT_EQ(tickets, std::vector<std::uint32_t>{1});
  EXPECT_EQ(charge, 10u);
  EXPECT_EQ(store->stats().rejected_kept, 0u);
  auto reader = Reader::open(dir());
  const auto first = reader->next();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->line, with_seq(body_line("kept"), 1, 50));
  EXPECT_EQ(first->time_min_ns, 50);
  EXPECT_EQ(first->time_max_ns, 60);
  EXPECT_EQ(reader->next()->line, with_seq(body_line("after"), 2, 60));
}

TEST_F(CommitTest, ARequestGreaterThanASegmentIsStoredTogether) {
  Options made = options();
  made.segment_bytes_max = 64 * 1024;
  const auto store = must_open(made);
  std::vector<std::string> lines;
  lines.reserve(30);
  for (int i = 0; i < 30; ++i) {
    lines.push_back(body_line(std::to_string(i) + std::string(40'000, 'y')));
  }
  EXPECT_EQ(commit(*store, {body_line("before")}), CommitStatus::ok);
  EXPECT_EQ(commit(*store, lines), CommitStatus::ok);
  EXPECT_EQ(commit(*store, {body_line("behind")}), CommitStatus::ok);
  const auto records = read_all(dir());
  ASSERT_EQ(records.size(), 32u);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(records[i + 1].line, with_seq(lines[i], i + 2));
  }
}

TEST_F(CommitTest, APublishedChainIsAppendedToUntilItIsTaken) {
  const auto store = must_open(options());
  Producer& end = store->producer(0);
  for (int i = 0; i < 100; ++i) {
    append_line(end.open(), body_line(std::to_string(i)));
    end.publish();
  }
  ASSERT_TRUE(eventually([&] { return store->stats().records == 100; }));
  const auto records = read_all(dir());
  ASSERT_EQ(records.size(), 100u);
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(records[i].line, with_seq(body_line(std::to_string(i)), i + 1));
  }
}

TEST_F(CommitTest, PublishingNothingAnswersNothing) {
  const auto store = must_open(options());
  Producer& end = store->producer(0);
  end.publish();
  static_cast<void>(end.open());
  end.publish();
  EXPECT_EQ(commit(*store, {body_line("a")}), CommitStatus::ok);
  EXPECT_EQ(store->stats().requests_per_commit.total(), 1u);
}

TEST_F(CommitTest, WhatIsPublishedWhenTheStoreClosesIsStored) {
  {
    const auto store = must_open(options());
    append_line(store->producer(0).open(), body_line("last words"));
    store->producer(0).publish();
  }
  EXPECT_EQ(read_all(dir()).size(), 1u);
}

TEST_F(CommitTest, WriteAndMemoryModesStoreTheSameRecords) {
  for (const Durability durability : {Durability::write, Durability::memory}) {
    Options made = options();
    made.dir = dir() + std::to_string(static_cast<int>(durability));
    made.durability = durability;
    made.segment_bytes_max = 64 * 1024;
    std::vector<ReadRecord> live;
    {
      const auto store = must_open(made);
      for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(commit(*store, {body_line(std::string(4000, 'z'))}), CommitStatus::ok);
      }
      EXPECT_EQ(store->stats().sync_us.total(), 0u);
      live = read_all(made.dir);
      EXPECT_EQ(live.size(), 50u);
    }
    EXPECT_EQ(read_all(made.dir), live);
    EXPECT_TRUE(verify(made.dir)->intact());
  }
}

TEST_F(CommitTest, AnAgedSegmentIsClosedWhileIdle) {
  Options made = options();
  made.segment_age_max = std::chrono::seconds(0);
  const auto store = must_open(made);
  EXPECT_EQ(commit(*store, {body_line("a")}), CommitStatus::ok);
  EXPECT_TRUE(eventually([&] { return store->stats().sealed == 1; }));
  EXPECT_EQ(commit(*store, {body_line("b")}), CommitStatus::ok);
  EXPECT_TRUE(eventually([&] { return store->stats().sealed == 2; }));
}

TEST_F(CommitTest, KeepsRefusedRecordsWithTheirReason) {
  const auto store = must_open(options());
  StagingChain& chain = store->producer(0).open();
  chain.reject("{\"broken\n", "bad_json", "log", 1'700'000'000'123'456'789);
  chain.reject("\xff\xfe!", "bad_utf8", "es", 0);
  chain.add_ticket({});
  store->producer(0).publish();
  EXPECT_EQ(wait_for_answers(store->producer(0), 1), CommitStatus::ok);
  EXPECT_EQ(read_bytes(dir() + "/rejected/00000001.ndjson"),
            "{\"time\":\"2023-11-14T22:13:20.123456789Z\",\"reason\":\"bad_json\","
            "\"protocol\":\"log\",\"raw\":\"{\\\"broken\\u000a\"}\n"
            "{\"time\":\"1970-01-01T00:00:00.000000000Z\",\"reason\":\"bad_utf8\","
            "\"protocol\":\"es\",\"raw_base64\":\"//4h\"}\n");
  EXPECT_EQ(store->stats().rejected_kept, 2u);
}

// The window makes each commit outlast the mark's delay, so that the first of the two requests
// finds the mark due; it is written before the second is answered.
TEST_F(CommitTest, RequestsWithoutRecordsDoNotDelayTheMark) {
  Options made = options();
  made.commit_window = 20 * Committer::kMarkDelay;
  const auto store = must_open(made);
  EXPECT_EQ(commit(*store, {body_line("a")}), CommitStatus::ok);
  for (int i = 0; i < 2; ++i) {
    store->producer(0).open().add_ticket({});
    store->producer(0).publish();
    EXPECT_EQ(wait_for_answers(store->producer(0), 1), CommitStatus::ok);
  }
  const std::string bytes = read_bytes(segment_files(dir()).front());
  const auto mark = load_header<FrameHeader>(bytes.data() + 2 * kCommitAlignment);
  EXPECT_TRUE(is_intact(mark));
  EXPECT_EQ(mark.kind, FrameKind::mark);
}

TEST_F(CommitTest, ItsThreadsLeaveSignalsToOthers) {
  const auto store = must_open(options());
  EXPECT_EQ(commit(*store, {body_line("a")}), CommitStatus::ok);
  const auto threads = [] {
    std::vector<std::filesystem::path> found;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
      if (read_bytes(task.path() / "comm").starts_with("store-")) found.push_back(task.path());
    }
    return found;
  };
  ASSERT_TRUE(eventually([&] { return threads().size() == 3; }));
  for (const std::filesystem::path& thread : threads()) {
    const std::string status = read_bytes(thread / "status");
    const std::size_t at = status.find("SigBlk:\t");
    ASSERT_NE(at, std::string::npos);
    const std::uint64_t blocked = std::stoull(status.substr(at + 8, 16), nullptr, 16);
    EXPECT_NE(blocked & (1u << (SIGTERM - 1)), 0u);
    EXPECT_NE(blocked & (1u << (SIGCHLD - 1)), 0u);
  }
}

TEST_F(CommitTest, AnOperatorsFilesBesideTheRefusedRecordsStay) {
  Options made = options();
  made.rejected_bytes_max = 8 * 1024;
  { const auto store = must_open(made); }
  write_bytes(dir() + "/rejected/2026-export.ndjson", std::string(100'000, 'x'));
  const auto store = must_open(made);
  for (int i = 0; i < 20; ++i) {
    store->producer(0).open().reject(std::string(2000, 'r'), "bad_json", "log", 0);
    store->producer(0).open().add_ticket({});
    store->producer(0).publish();
    EXPECT_EQ(wait_for_answers(store->producer(0), 1), CommitStatus::ok);
  }
  EXPECT_TRUE(std::filesystem::exists(dir() + "/rejected/2026-export.ndjson"));
}

TEST_F(CommitTest, RefusedRecordsAreKeptThoughAnOperatorRemovedTheirOldFiles) {
  Options made = options();
  made.rejected_bytes_max = 16 * 1024;
  const auto store = must_open(made);
  for (int i = 0; i < 40; ++i) {
    if (i == 6) std::filesystem::remove(dir() + "/rejected/00000001.ndjson");
    store->producer(0).open().reject(std::string(2000, 'r'), "bad_json", "log", 0);
    store->producer(0).open().add_ticket({});
    store->producer(0).publish();
    EXPECT_EQ(wait_for_answers(store->producer(0), 1), CommitStatus::ok);
  }
  EXPECT_EQ(store->stats().rejected_kept, 40u);
  EXPECT_EQ(reports_.text(), "");
}

TEST_F(CommitTest, RefusedRecordsOfOneBatchStayWithinTheirLimit) {
  Options made = options();
  made.rejected_bytes_max = 64 * 1024;
  const auto store = must_open(made);
  StagingChain& chain = store->producer(0).open();
  for (int i = 0; i < 100; ++i) chain.reject(std::string(2000, 'r'), "bad_json", "log", i);
  chain.add_ticket({});
  store->producer(0).publish();
  EXPECT_EQ(wait_for_answers(store->producer(0), 1), CommitStatus::ok);
  EXPECT_EQ(store->stats().rejected_kept, 100u);
  std::uintmax_t bytes = 0;
  std::string newest;
  for (const auto& entry : std::filesystem::directory_iterator(dir() + "/rejected")) {
    bytes += entry.file_size();
    newest = std::max(newest, entry.path().string());
  }
  EXPECT_LE(bytes, made.rejected_bytes_max);
  EXPECT_GT(bytes, made.rejected_bytes_max / 2);
  EXPECT_THAT(read_bytes(newest), HasSubstr("00.000000099Z"));
}

TEST_F(CommitTest, RefusedRecordsStayWithinTheirLimit) {
  Options made = options();
  made.rejected_bytes_max = 64 * 1024;
  const auto rejected_bytes = [this] {
    std::uintmax_t bytes = 0;
    for (const auto& entry : std::filesystem::directory_iterator(dir() + "/rejected")) {
      bytes += entry.file_size();
    }
    return bytes;
  };
  for (int opened = 0; opened < 2; ++opened) {
    const auto store = must_open(made);
    for (int i = 0; i < 100; ++i) {
      StagingChain& chain = store->producer(0).open();
      chain.reject(std::string(2000, 'r'), "bad_json", "log", 0);
      chain.add_ticket({});
      store->producer(0).publish();
      EXPECT_EQ(wait_for_answers(store->producer(0), 1), CommitStatus::ok);
    }
    EXPECT_LE(rejected_bytes(), made.rejected_bytes_max);
    EXPECT_GT(rejected_bytes(), made.rejected_bytes_max / 2);
  }
}

}  // namespace
}  // namespace logboom::store
