#include "server/io_thread.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>

#include <gtest/gtest.h>

#include "server/admin.hpp"
#include "tests/server/shared_state_fixture.hpp"
#include "tests/server/socket_client.hpp"

namespace logboom::server {
namespace {

class Client : public SocketClient {
 public:
  explicit Client(IoThread& thread)
      : SocketClient([&](int server_end) { thread.adopt(server_end, true); }) {}
};

std::uint64_t records_of(IoThread& thread) {
  constexpr auto kJson = static_cast<std::size_t>(handlers::Protocol::json);
  return thread.telemetry().records_accepted[kJson].value();
}

class IoThreadTest : public SharedStateFixture {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(open_store(2));
    const IoThread::Events events{[] {}, [this] { add_move(); }};
    first_ = std::make_unique<IoThread>(*shared_, store_->producer(0), settings_, events);
    second_ = std::make_unique<IoThread>(*shared_, store_->producer(1), settings_, events);
    admin_ = std::make_unique<Admin>(
        *shared_, std::vector<const Telemetry*>{&first_->telemetry(), &second_->telemetry()});
    shared_->admin = admin_.get();
    first_->start();
    second_->start();
  }
  void TearDown() override {
    if (first_) first_->stop();
    if (second_) second_->stop();
    first_.reset();
    second_.reset();
    store_.reset();
  }

  void add_move() {
    const std::scoped_lock lock(mutex_);
    ++moves_;
    moved_.notify_one();
  }
  // Moves idle connections from the first thread to the second; returns when that is done.
  void move(std::size_t count) {
    first_->move_idle(count, *second_);
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [this] { return moves_ > 0; });
    --moves_;
  }

  std::unique_ptr<Admin> admin_;
  std::unique_ptr<IoThread> first_;
  std::unique_ptr<IoThread> second_;

  std::mutex mutex_;
  std::condition_variable moved_;
  int moves_ = 0;
};

TEST_F(IoThreadTest, AMovedConnectionIsServedByTheOtherThread) {
  const Client client(*first_);
  EXPECT_EQ(client.post(), "HTTP/1.1 200 OK");
  move(1);
  EXPECT_EQ(second_->connections(), 1U);
  EXPECT_EQ(client.post(), "HTTP/1.1 200 OK");
  EXPECT_EQ(first_->connections(), 0U);
  EXPECT_EQ(records_of(*second_), 1U);
}

TEST_F(IoThreadTest, AMovedConnectionIsCountedOnce) {
  {
    const Client client(*first_);
    EXPECT_EQ(client.post(), "HTTP/1.1 200 OK");
    move(1);
    EXPECT_EQ(client.post(), "HTTP/1.1 200 OK");
  }
  const Client last(*second_);  // answered after the end of the one before was seen
  EXPECT_EQ(last.post(), "HTTP/1.1 200 OK");
  EXPECT_EQ(first_->telemetry().connections_opened.value(), 1U);
  EXPECT_EQ(first_->telemetry().connections_closed.value(), 0U);
  EXPECT_EQ(second_->telemetry().connections_opened.value(), 1U);
  EXPECT_EQ(second_->telemetry().connections_closed.value(), 1U);
}

TEST_F(IoThreadTest, MovedConnectionsAreCountedWhereTheyLeft) {
  const Client a(*first_);
  const Client b(*first_);
  for (const Client* client : {&a, &b}) EXPECT_EQ(client->post(), "HTTP/1.1 200 OK");
  move(1);
  move(5);
  EXPECT_EQ(first_->telemetry().connections_moved.value(), 2U);
  EXPECT_EQ(second_->telemetry().connections_moved.value(), 0U);
}

TEST_F(IoThreadTest, OnlySoManyAsAskedForAreMoved) {
  const Client a(*first_);
  const Client b(*first_);
  const Client c(*first_);
  for (const Client* client : {&a, &b, &c}) EXPECT_EQ(client->post(), "HTTP/1.1 200 OK");
  move(2);
  EXPECT_EQ(second_->connections(), 2U);
  for (const Client* client : {&a, &b, &c}) EXPECT_EQ(client->post(), "HTTP/1.1 200 OK");
  EXPECT_EQ(records_of(*first_), 4U);
}

TEST_F(IoThreadTest, OfManyConnectionsAFewAreMovedAtOnce) {
  constexpr std::size_t kClients = 2 * IoThread::kMovedAtOnce + 10;
  std::vector<std::unique_ptr<Client>> clients;
  for (std::size_t i = 0; i < kClients; ++i) clients.push_back(std::make_unique<Client>(*first_));
  for (const auto& client : clients) EXPECT_EQ(client->post(), "HTTP/1.1 200 OK");
  for (const std::size_t moved : {IoThread::kMovedAtOnce, 2 * IoThread::kMovedAtOnce, kClients}) {
    move(kClients);
    EXPECT_EQ(second_->connections(), moved);
    EXPECT_EQ(first_->connections(), kClients - moved);
  }
  for (const auto& client : clients) EXPECT_EQ(client->post(), "HTTP/1.1 200 OK");
  EXPECT_EQ(records_of(*second_), kClients);
}

TEST_F(IoThreadTest, AConnectionInTheMiddleOfARequestStaysWhereItIs) {
  const Client client(*first_);
  client.send(Client::kRequest.substr(0, 30));
  const Client other(*first_);
  EXPECT_EQ(other.post(), "HTTP/1.1 200 OK");  // so the half request has been read
  move(2);
  EXPECT_EQ(second_->connections(), 1U);
  client.send(Client::kRequest.substr(30));
  EXPECT_EQ(client.read_status(), "HTTP/1.1 200 OK");
  EXPECT_EQ(records_of(*first_), 2U);
}

}  // namespace
}  // namespace logboom::server
