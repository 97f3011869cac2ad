#include "server/drain.hpp"

#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/io_threads_fixture.hpp"

namespace logboom::server {
namespace {

using std::chrono::milliseconds;

// Says what it was told to do.
class RecordingListener final : public Listener {
 public:
  RecordingListener(std::vector<std::string>& told, bool has_handshakes)
      : told_(told), has_handshakes_(has_handshakes) {}
  void start() override {}
  bool refuse_new() override {
    told_.emplace_back("refuse");
    return has_handshakes_;
  }
  void close() override {
    if (told_.empty() || told_.back() != "close") told_.emplace_back("close");
  }
  std::string address() const override { return {}; }

 private:
  std::vector<std::string>& told_;
  const bool has_handshakes_;
};

class DrainTest : public IoThreadsFixture {
 protected:
  static constexpr milliseconds kDelay{5000};
  static constexpr milliseconds kTimeout{30'000};

  void SetUp() override {
    options_.on_drain = [this] { ++drains_; };
    options_.log = [this](LogLevel, std::string_view text) { logged_ += text; };
    IoThreadsFixture::SetUp();
    listen(/*has_handshakes=*/true);
    drain_.emplace(*shared_, Drain::Parts{listeners_, *threads_,
                                          [this](milliseconds time, std::function<void()> action) {
                                            wait_ = time;
                                            next_ = std::move(action);
                                          },
                                          [this] { ended_ = true; }});
  }
  void listen(bool has_handshakes) {
    listeners_.clear();
    listeners_.push_back(std::make_unique<RecordingListener>(told_, has_handshakes));
  }
  // The time that it waits for passes.
  void pass_time() { std::exchange(next_, nullptr)(); }
  void finish() {
    while (!ended_) do_posted();
  }

  std::vector<std::string> told_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::optional<Drain> drain_;
  milliseconds wait_{0};
  std::function<void()> next_;
  std::string logged_;
  int drains_ = 0;
  bool ended_ = false;
};

TEST_F(DrainTest, ServesOnForTheDelayThenLetsHandshakesFinishThenEndsWhatIsIdle) {
  const auto clients = connect_idle(3);
  drain_->begin(Ended::drained, kDelay, kTimeout);
  EXPECT_TRUE(shared_->draining);
  EXPECT_EQ(drains_, 1);
  EXPECT_EQ(wait_, kDelay);
  EXPECT_TRUE(told_.empty()) << "who connects meanwhile is served";
  pass_time();
  EXPECT_THAT(told_, testing::ElementsAre("refuse"));
  EXPECT_LT(wait_, kDelay);
  pass_time();
  EXPECT_THAT(told_, testing::ElementsAre("refuse", "close"));
  EXPECT_EQ(wait_, kTimeout);
  finish();
  EXPECT_EQ(drain_->ended(), Ended::drained);
  EXPECT_EQ(threads_->connections(), 0U);
  EXPECT_EQ(logged_, "");
}

TEST_F(DrainTest, WhereNoHandshakesCanHaveBegunNoneAreWaitedFor) {
  listen(/*has_handshakes=*/false);
  drain_->begin(Ended::drained, kDelay, kTimeout);
  pass_time();
  EXPECT_THAT(told_, testing::ElementsAre("refuse", "close"));
  finish();
  EXPECT_EQ(drain_->ended(), Ended::drained);
}

TEST_F(DrainTest, WhatIsUnansweredAtTheTimeoutIsDroppedAndSaid) {
  const auto client = connect();
  client->send(SocketClient::kRequest.substr(0, 30));
  drain_->begin(Ended::drained, kDelay, kTimeout);
  for (int i = 0; i < 3; ++i) pass_time();
  EXPECT_TRUE(ended_);
  EXPECT_EQ(drain_->ended(), Ended::cut_short);
  EXPECT_THAT(logged_, testing::HasSubstr("1 connections left"));
}

TEST_F(DrainTest, AStoreThatFailsMeanwhileSkipsTheDelay) {
  drain_->begin(Ended::drained, kDelay, kTimeout);
  drain_->begin(Ended::store_failed, milliseconds(0), milliseconds(1000));
  EXPECT_THAT(told_, testing::ElementsAre("close"));
  EXPECT_EQ(wait_, milliseconds(1000));
  EXPECT_EQ(drains_, 1);
  finish();
}

TEST_F(DrainTest, CutShortItEndsAtOnceAndListensNoMore) {
  const auto client = connect();
  client->send(SocketClient::kRequest.substr(0, 30));
  drain_->begin(Ended::drained, kDelay, kTimeout);
  drain_->cut_short();
  EXPECT_TRUE(ended_);
  EXPECT_EQ(drain_->ended(), Ended::cut_short);
  EXPECT_THAT(told_, testing::ElementsAre("close"));
}

}  // namespace
}  // namespace logboom::server
