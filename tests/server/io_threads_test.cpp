#include "server/io_threads.hpp"

#include <gtest/gtest.h>

#include "tests/server/io_threads_fixture.hpp"

namespace logboom::server {
namespace {

// So that the next tick changes the number of threads that serve.
constexpr double kBusy = 100;
constexpr double kQuiet = 0;

class IoThreadsTest : public IoThreadsFixture {
 protected:
  void balance(double load, std::size_t ticks) {
    for (std::size_t i = 0; i < ticks; ++i) threads_->balance(load);
  }
};

TEST_F(IoThreadsTest, OneThreadHasAllConnectionsWhileThereIsLittleToDo) {
  const auto clients = connect_idle(5);
  balance(kQuiet, 20);
  EXPECT_EQ(shared_->threads_serving, 1U);
  EXPECT_EQ(records(0), 5U);
  EXPECT_EQ(threads_->connections(), 5U);
}

TEST_F(IoThreadsTest, UnderLoadAnotherThreadServesAndGetsItsShareOfTheIdleConnections) {
  const auto clients = connect_idle(8);
  balance(kBusy, ThreadBalance::kBusyTicks);
  EXPECT_EQ(shared_->threads_serving, 2U);
  do_posted();  // the move is done
  for (const auto& client : clients) EXPECT_EQ(client->post(), "HTTP/1.1 200 OK");
  EXPECT_EQ(records(0), 12U);
  EXPECT_EQ(records(1), 4U);
  EXPECT_EQ(threads_->telemetry()[0]->connections_moved.value(), 4U);
}

TEST_F(IoThreadsTest, ANewConnectionGoesToTheThreadThatHasTheFewestOfThoseThatServe) {
  const auto clients = connect_idle(2);
  balance(kBusy, ThreadBalance::kBusyTicks);
  const auto others = connect_idle(3);
  EXPECT_EQ(opened(0), 2U + 1U);
  EXPECT_EQ(opened(1), 2U);
  EXPECT_EQ(opened(2), 0U) << "it does not serve";
}

TEST_F(IoThreadsTest, AThreadThatServesNoMoreGivesItsConnectionsAway) {
  balance(kBusy, ThreadBalance::kBusyTicks);
  const auto clients = connect_idle(4);
  ASSERT_EQ(opened(1), 2U);
  balance(kQuiet, ThreadBalance::kQuietTicks);
  EXPECT_EQ(shared_->threads_serving, 1U);
  do_posted();
  for (const auto& client : clients) EXPECT_EQ(client->post(), "HTTP/1.1 200 OK");
  EXPECT_EQ(records(0), 2U + 4U);
  EXPECT_EQ(records(1), 2U);
}

TEST_F(IoThreadsTest, ADrainEndsIdleConnectionsThoseTooThatAreOnTheirWay) {
  const auto clients = connect_idle(8);
  balance(kBusy, ThreadBalance::kBusyTicks);  // which sends four to another thread
  bool drained = false;
  threads_->drain([&] { drained = true; });
  while (!drained) do_posted();
  EXPECT_EQ(threads_->connections(), 0U);
  for (const auto& client : clients) {
    EXPECT_EQ(client->read_status(), "the connection was closed");
  }
}

TEST_F(IoThreadsTest, TheLoadIsWhatTheThreadsHaveUsed) {
  const double idle = threads_->measure_load();
  EXPECT_GE(idle, 0.0);
  const auto client = connect();
  for (int i = 0; i < 200; ++i) ASSERT_EQ(client->post(), "HTTP/1.1 200 OK");
  const double load = threads_->measure_load();
  EXPECT_GT(load, 0.0);
  EXPECT_LT(load, static_cast<double>(kThreads));
}

}  // namespace
}  // namespace logboom::server
