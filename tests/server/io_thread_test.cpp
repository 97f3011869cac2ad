#include "server/io_thread.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "server/admin.hpp"
#include "tests/store/store_fixture.hpp"

namespace logboom::server {
namespace {

constexpr int kDeadlineMs = 20'000;

// The client's end of a connection.
class Client {
 public:
  explicit Client(IoThread& thread) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
    descriptor_ = ends[0];
    thread.adopt(ends[1], true);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { ::close(descriptor_); }

  void send(std::string_view bytes) const {
    EXPECT_EQ(::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // The reply's first line, once its body has come.
  [[nodiscard]] std::string read_status() const {
    std::string reply;
    while (!reply.ends_with('}') && !reply.ends_with("}\n")) {
      pollfd readable{descriptor_, POLLIN, 0};
      if (::poll(&readable, 1, kDeadlineMs) != 1) return "nothing came";
      std::array<char, 4096> bytes;
      const ssize_t n = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
      if (n <= 0) return "the connection was closed";
      reply.append(bytes.data(), static_cast<std::size_t>(n));
    }
    return reply.substr(0, reply.find('\r'));
  }
  [[nodiscard]] std::string post() const {
    send(kRequest);
    return read_status();
  }

  static constexpr std::string_view kRequest =
      "POST /log HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{\"msg\":1}";

 private:
  int descriptor_ = -1;
};

std::uint64_t records_of(IoThread& thread) {
  constexpr auto kJson = static_cast<std::size_t>(handlers::Protocol::json);
  return thread.telemetry().records_accepted[kJson].value();
}

class IoThreadTest : public testing::Test {
 protected:
  void SetUp() override {
    store::Options options;
    options.dir = dir_.path();
    options.producers = 2;
    auto opened = store::Store::open(options);
    ASSERT_TRUE(opened) << opened.error();
    store_ = std::move(*opened);
    shared_.reset(new SharedState{options_, arenas_, large_blocks_, *store_,
                                  InflightBudget(settings_.inflight_bytes_max)});
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

  const store::TempDir dir_;
  const Options options_{};
  const Settings settings_;
  arena::LargeBlockCache large_blocks_;
  arena::ArenaPool arenas_{{}, large_blocks_};
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<SharedState> shared_;
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
