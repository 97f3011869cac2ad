#include "server/server.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <system_error>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <fmt/format.h>

#include "server/admin.hpp"
#include "server/io_thread.hpp"
#include "server/listener.hpp"
#include "server/thread_balance.hpp"

namespace logboom::server {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// Descriptors kept for segments, logs, sinks and the server's own.
constexpr std::size_t kDescriptorReserve = 128;
constexpr std::chrono::milliseconds kStoreCheckEvery{250};
constexpr std::chrono::milliseconds kBalanceEvery{100};
constexpr std::chrono::seconds kTrimEvery{10};
// For handshakes that have begun when listening ends: a round trip or two to a client far away.
constexpr std::chrono::milliseconds kHandshakeGrace{100};
// After a failed write or sync, the time for the 503s to reach their clients.
constexpr std::chrono::milliseconds kFailedDrainTimeout{1000};

// Raises the soft limit on descriptors to the hard one and returns it.
std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<std::size_t>(limit.rlim_cur);
}

std::size_t choose_connections_max(std::size_t configured) {
  const std::size_t descriptors = raise_descriptor_limit();
  const std::size_t possible =
      descriptors > 2 * kDescriptorReserve ? descriptors - kDescriptorReserve : descriptors / 2;
  return configured == 0 ? possible : std::min(configured, possible);
}

class AsioServer final : public Server {
 public:
  AsioServer(const Options& options, const Settings& settings, store::Store& store,
             arena::ArenaPool& arenas, arena::LargeBlockCache& large_blocks)
      : options_(options),
        settings_(settings),
        shared_{options_, arenas, large_blocks, store, InflightBudget(settings.inflight_bytes_max)},
        connections_max_(choose_connections_max(settings.connections_max)) {
    std::vector<const Telemetry*> telemetry;
    const IoThread::Events events{[this] { post_thread_drained(); }, [this] { post_moved(); }};
    for (std::size_t i = 0; i < threads(options_); ++i) {
      threads_.push_back(std::make_unique<IoThread>(shared_, store.producer(i), settings_, events));
      telemetry.push_back(&threads_.back()->telemetry());
    }
    admin_ = std::make_unique<Admin>(shared_, std::move(telemetry));
    shared_.admin = admin_.get();
  }

  // The first error, or empty.
  std::string listen() {
    const auto on_connection = [this](int fd, bool loopback) { place(fd, loopback); };
    const auto has_room = [this] { return connections() < connections_max_; };
    for (const int socket : options_.inherited_sockets) {
      auto listener = Listener::adopt(context_, socket, on_connection, has_room);
      if (!listener) return listener.error();
      listeners_.push_back(std::move(*listener));
    }
    if (!listeners_.empty()) return {};
    for (const std::string& address : options_.listen) {
      auto listener = Listener::open(context_, address, on_connection, has_room);
      if (!listener) return listener.error();
      listeners_.push_back(std::move(*listener));
    }
    return {};
  }

  Ended run() override {
    for (auto& thread : threads_) thread->start();
    for (auto& listener : listeners_) listener->start();
    await_signal();
    await_reload_signal();
    watch_store();
    trim_later();
    if (threads_.size() > 1) balance_later();
    context_.run();
    for (auto& thread : threads_) thread->stop();
    return store_has_failed() ? Ended::store_failed : ended_;
  }

  std::vector<std::string> addresses() const override {
    std::vector<std::string> bound;
    for (const auto& listener : listeners_) bound.push_back(listener->address());
    return bound;
  }
  std::size_t connections_max() const override { return connections_max_; }

 private:
  std::size_t connections() const {
    std::size_t sum = 0;
    for (const auto& thread : threads_) sum += thread->connections();
    return sum;
  }

  // A new connection goes to the thread that has the fewest, of those that serve.
  void place(int descriptor, bool peer_is_loopback) {
    const auto fewest = std::min_element(
        threads_.begin(), threads_.begin() + static_cast<std::ptrdiff_t>(balance_.serving()),
        [](const auto& a, const auto& b) { return a->connections() < b->connections(); });
    (*fewest)->adopt(descriptor, peer_is_loopback);
  }

  void await_signal() {
    signals_.async_wait([this](const error_code& ec, int signal) {
      if (ec) return;
      if (std::exchange(signalled_, true)) {
        options_.log(LogLevel::warning,
                     "second signal: ending at once, without waiting for "
                     "requests in flight");
        return end(Ended::cut_short);
      }
      options_.log(LogLevel::info, fmt::format("{}: draining; a second signal ends at once",
                                               signal == SIGINT ? "SIGINT" : "SIGTERM"));
      await_signal();
      begin_drain(Ended::drained, settings_.drain_delay, settings_.drain_timeout);
    });
  }

  void await_reload_signal() {
    reload_signals_.async_wait([this](const error_code& ec, int) {
      if (ec) return;
      if (const auto settings = options_.reload()) change_settings(*settings);
      await_reload_signal();
    });
  }

  void change_settings(const Settings& settings) {
    settings_ = settings;
    shared_.budget.set_bytes_max(settings.inflight_bytes_max);
    connections_max_ = choose_connections_max(settings.connections_max);
    for (auto& thread : threads_) thread->change_settings(settings);
  }

  void balance_later() {
    balance_timer_.expires_after(kBalanceEvery);
    balance_timer_.async_wait([this](const error_code& ec) {
      if (ec || shared_.draining.load(std::memory_order_relaxed)) return;
      balance();
      balance_later();
    });
  }

  void balance() {
    const auto now = std::chrono::steady_clock::now();
    std::chrono::duration<double> used{0};
    for (std::size_t i = 0; i < threads_.size(); ++i) {
      used += threads_[i]->cpu_time();
      thread_connections_[i] = threads_[i]->connections();
    }
    const std::chrono::duration<double> elapsed = now - balanced_at_;
    balance_.observe((used - used_) / elapsed);
    shared_.threads_serving.store(balance_.serving(), std::memory_order_relaxed);
    used_ = used;
    balanced_at_ = now;
    if (moving_ > 0) return;
    for (const ThreadBalance::Move& move : balance_.moves(thread_connections_)) {
      ++moving_;
      threads_[move.from]->move_idle(move.connections, *threads_[move.to]);
    }
  }

  // On an io thread.
  void post_moved() {
    asio::post(context_, [this] {
      if (--moving_ == 0 && connections_drain_) drain_threads();
    });
  }

  void begin_drain(Ended ended, std::chrono::milliseconds delay,
                   std::chrono::milliseconds timeout) {
    if (shared_.draining.exchange(true, std::memory_order_relaxed)) {
      if (ended == Ended::store_failed) drain_connections(timeout);
      return;
    }
    ended_ = ended;
    options_.on_drain();
    drain_timer_.expires_after(delay);
    drain_timer_.async_wait([this, timeout](const error_code& ec) {
      if (!ec) stop_listening(timeout);
    });
  }

  void stop_listening(std::chrono::milliseconds timeout) {
    bool handshakes = false;
    for (auto& listener : listeners_) handshakes |= listener->refuse_new();
    if (!handshakes) return drain_connections(timeout);
    drain_timer_.expires_after(kHandshakeGrace);
    drain_timer_.async_wait([this, timeout](const error_code& ec) {
      if (!ec) drain_connections(timeout);
    });
  }

  void drain_connections(std::chrono::milliseconds timeout) {
    for (auto& listener : listeners_) listener->close();
    // A connection on its way to a thread must arrive before the thread is told to drain.
    if (!std::exchange(connections_drain_, true) && moving_ == 0) drain_threads();
    drain_timer_.expires_after(timeout);
    drain_timer_.async_wait([this](const error_code& ec) {
      if (ec) return;
      options_.log(LogLevel::warning,
                   fmt::format("server.drain_timeout passed with {} connections left: they are "
                               "dropped, and their clients do not know the outcome; raise it if "
                               "requests take longer",
                               connections()));
      end(Ended::cut_short);
    });
  }

  void drain_threads() {
    threads_to_drain_ = threads_.size();
    for (auto& thread : threads_) thread->drain();
  }

  // On an io thread.
  void post_thread_drained() {
    asio::post(context_, [this] {
      if (--threads_to_drain_ == 0) end(ended_);
    });
  }

  void end(Ended ended) {
    ended_ = ended;
    for (auto& listener : listeners_) listener->close();
    context_.stop();
  }

  void watch_store() {
    store_timer_.expires_after(kStoreCheckEvery);
    store_timer_.async_wait([this](const error_code& ec) {
      if (ec) return;
      if (store_has_failed()) {
        options_.log(LogLevel::error,
                     fmt::format("the store has failed ({}): ending so that a supervisor acts; "
                                 "store.on_io_error: reject would go on answering 503",
                                 shared_.store.state_reason()));
        return begin_drain(Ended::store_failed, std::chrono::milliseconds(0), kFailedDrainTimeout);
      }
      watch_store();
    });
  }

  // In the way that store.on_io_error: exit ends the process for.
  bool store_has_failed() const {
    return settings_.exit_on_store_failure && shared_.store.state() == store::State::failed;
  }

  void trim_later() {
    trim_timer_.expires_after(kTrimEvery);
    trim_timer_.async_wait([this](const error_code& ec) {
      if (ec) return;
      shared_.large_blocks.trim();
      trim_later();
    });
  }

  const Options options_;
  Settings settings_;  // in force now
  SharedState shared_;
  std::size_t connections_max_;
  asio::io_context context_{1};
  asio::signal_set signals_{context_, SIGTERM, SIGINT};
  asio::signal_set reload_signals_{context_, SIGHUP};
  asio::steady_timer drain_timer_{context_};
  asio::steady_timer store_timer_{context_};
  asio::steady_timer trim_timer_{context_};
  asio::steady_timer balance_timer_{context_};
  Ended ended_ = Ended::drained;
  bool signalled_ = false;
  bool connections_drain_ = false;
  std::size_t threads_to_drain_ = 0;
  ThreadBalance balance_{threads(options_)};
  std::vector<std::size_t> thread_connections_ = std::vector<std::size_t>(threads(options_));
  std::chrono::duration<double> used_{0};  // CPU time of all io threads at the last balance
  std::chrono::steady_clock::time_point balanced_at_ = std::chrono::steady_clock::now();
  std::size_t moving_ = 0;  // moves asked for and not yet done
  std::unique_ptr<Admin> admin_;
  std::vector<std::unique_ptr<IoThread>> threads_;
  std::vector<std::unique_ptr<Listener>> listeners_;
};

}  // namespace

std::size_t Server::threads(const Options& options) noexcept {
  if (options.threads > 0) return options.threads;
  return std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

boost::system::result<std::unique_ptr<Server>, std::string> Server::open(
    const Options& options, const Settings& settings, store::Store& store, arena::ArenaPool& arenas,
    arena::LargeBlockCache& large_blocks) {
  try {
    auto server = std::make_unique<AsioServer>(options, settings, store, arenas, large_blocks);
    if (std::string error = server->listen(); !error.empty()) return error;
    return std::unique_ptr<Server>(std::move(server));
  } catch (const std::system_error& error) {
    return fmt::format("cannot start: {}", error.what());
  }
}

}  // namespace logboom::server
