#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include <gtest/gtest.h>

#include "server/admin.hpp"
#include "server/io_threads.hpp"
#include "tests/server/shared_state_fixture.hpp"
#include "tests/server/socket_client.hpp"

namespace logboom::server {

// Three io threads over a store; the test is the control thread.
class IoThreadsFixture : public SharedStateFixture {
 protected:
  static constexpr std::size_t kThreads = 3;

  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(open_store(kThreads));
    threads_ = std::make_unique<IoThreads>(*shared_, settings_, kThreads,
                                           [this](std::function<void()> action) {
                                             const std::scoped_lock lock(mutex_);
                                             posted_.push_back(std::move(action));
                                             has_posted_.notify_one();
                                           });
    admin_ = std::make_unique<Admin>(*shared_, threads_->telemetry());
    shared_->admin = admin_.get();
    threads_->start();
  }
  void TearDown() override {
    if (threads_) threads_->stop();
    threads_.reset();
    store_.reset();
  }

  // Does the next thing that an io thread has the control thread do; waits for one.
  void do_posted() {
    std::function<void()> action;
    {
      std::unique_lock lock(mutex_);
      has_posted_.wait(lock, [this] { return !posted_.empty(); });
      action = std::move(posted_.front());
      posted_.pop_front();
    }
    action();
  }
  // Connections that a thread has taken in.
  [[nodiscard]] std::uint64_t opened(std::size_t thread) const {
    return threads_->telemetry()[thread]->connections_opened.value();
  }
  // Records that a thread has been given.
  [[nodiscard]] std::uint64_t records(std::size_t thread) const {
    constexpr auto kJson = static_cast<std::size_t>(handlers::Protocol::json);
    return threads_->telemetry()[thread]->records_accepted[kJson].value();
  }
  [[nodiscard]] std::unique_ptr<SocketClient> connect() {
    return std::make_unique<SocketClient>([this](int end) { threads_->place(end, true); });
  }
  // So many connections that have been used and are idle.
  [[nodiscard]] std::vector<std::unique_ptr<SocketClient>> connect_idle(std::size_t count) {
    std::vector<std::unique_ptr<SocketClient>> clients;
    for (std::size_t i = 0; i < count; ++i) {
      clients.push_back(connect());
      EXPECT_EQ(clients.back()->post(), "HTTP/1.1 200 OK");
    }
    return clients;
  }

  std::unique_ptr<Admin> admin_;
  std::unique_ptr<IoThreads> threads_;

  std::mutex mutex_;
  std::condition_variable has_posted_;
  std::deque<std::function<void()>> posted_;
};

}  // namespace logboom::server
