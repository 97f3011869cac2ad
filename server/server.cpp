#include "server/server.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <system_error>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <fmt/format.h>

#include "server/admin.hpp"
#include "server/drain.hpp"
#include "server/io_threads.hpp"
#include "server/listener.hpp"

namespace logboom::server {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;

// Descriptors kept for segments, logs, sinks and the server's own.
constexpr std::size_t kDescriptorReserve = 128;
constexpr milliseconds kStoreCheckEvery{250};
constexpr milliseconds kBalanceEvery{100};
constexpr std::chrono::seconds kTrimEvery{10};
// After a failed write or sync, the time for the 503s to reach their clients.
constexpr milliseconds kFailedDrainTimeout{1000};

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
        connections_max_(choose_connections_max(settings.connections_max)),
        threads_(shared_, settings_, threads(options_), [this](std::function<void()> action) {
          asio::post(context_, std::move(action));
        }) {
    admin_ = std::make_unique<Admin>(shared_, threads_.telemetry());
    shared_.admin = admin_.get();
  }

  // The first error, or empty.
  std::string listen() {
    const auto on_connection = [this](int fd, bool loopback) { threads_.place(fd, loopback); };
    const auto has_room = [this] { return threads_.connections() < connections_max_; };
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
    threads_.start();
    for (auto& listener : listeners_) listener->start();
    await_signal();
    await_reload_signal();
    every(kStoreCheckEvery, store_timer_, [this] { return watch_store(); });
    every(kTrimEvery, trim_timer_, [this] {
      shared_.large_blocks.trim();
      return true;
    });
    if (threads(options_) > 1) every(kBalanceEvery, balance_timer_, [this] { return balance(); });
    context_.run();
    threads_.stop();
    return store_has_failed() ? Ended::store_failed : drain_.ended();
  }

  std::vector<std::string> addresses() const override {
    std::vector<std::string> bound;
    for (const auto& listener : listeners_) bound.push_back(listener->address());
    return bound;
  }
  std::size_t connections_max() const override { return connections_max_; }

 private:
  void await_signal() {
    signals_.async_wait([this](const error_code& ec, int signal) {
      if (ec) return;
      if (std::exchange(signalled_, true)) {
        options_.log(LogLevel::warning,
                     "second signal: ending at once, without waiting for requests in flight");
        return drain_.cut_short();
      }
      options_.log(LogLevel::info, fmt::format("{}: draining; a second signal ends at once",
                                               signal == SIGINT ? "SIGINT" : "SIGTERM"));
      await_signal();
      drain_.begin(Ended::drained, settings_.drain_delay, settings_.drain_timeout);
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
    threads_.change_settings(settings);
  }

  void after(milliseconds time, std::function<void()> action) {
    drain_timer_.expires_after(time);
    drain_timer_.async_wait([action = std::move(action)](const error_code& ec) {
      if (!ec) action();
    });
  }

  // Until the action says false.
  void every(milliseconds period, asio::steady_timer& timer, std::function<bool()> action) {
    timer.expires_after(period);
    timer.async_wait([this, period, &timer, action = std::move(action)](const error_code& ec) {
      if (!ec && action()) every(period, timer, action);
    });
  }

  bool balance() {
    if (shared_.draining.load(std::memory_order_relaxed)) return false;
    threads_.balance(threads_.measure_load());
    return true;
  }

  bool watch_store() {
    if (!store_has_failed()) return true;
    options_.log(LogLevel::error,
                 fmt::format("the store has failed ({}): ending so that a supervisor acts; "
                             "store.on_io_error: reject would go on answering 503",
                             shared_.store.state_reason()));
    drain_.begin(Ended::store_failed, milliseconds(0), kFailedDrainTimeout);
    return false;
  }

  // In the way that store.on_io_error: exit ends the process for.
  bool store_has_failed() const {
    return settings_.exit_on_store_failure && shared_.store.state() == store::State::failed;
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
  bool signalled_ = false;
  std::unique_ptr<Admin> admin_;  // the threads use it to their end
  IoThreads threads_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  Drain drain_{
      shared_,
      {listeners_, threads_,
       [this](milliseconds time, std::function<void()> action) { after(time, std::move(action)); },
       [this] { context_.stop(); }}};
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
