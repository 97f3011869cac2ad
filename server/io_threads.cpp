#include "server/io_threads.hpp"

#include <algorithm>
#include <utility>

namespace logboom::server {

IoThreads::IoThreads(SharedState& shared, const Settings& settings, std::size_t count, Post post)
    : shared_(shared), post_(std::move(post)), balance_(count), thread_connections_(count) {
  const IoThread::Events events{[this] { post_([this] { on_thread_drained(); }); },
                                [this] { post_([this] { on_moved(); }); }};
  for (std::size_t i = 0; i < count; ++i) {
    threads_.push_back(
        std::make_unique<IoThread>(shared, shared.store.producer(i), settings, events));
  }
}

std::vector<const Telemetry*> IoThreads::telemetry() const {
  std::vector<const Telemetry*> each;
  for (const auto& thread : threads_) each.push_back(&thread->telemetry());
  return each;
}

void IoThreads::start() {
  for (auto& thread : threads_) thread->start();
}

void IoThreads::stop() {
  for (auto& thread : threads_) thread->stop();
}

void IoThreads::place(int descriptor, bool peer_is_loopback) {
  const auto serving_end = threads_.begin() + static_cast<std::ptrdiff_t>(balance_.serving());
  const auto fewest = std::min_element(
      threads_.begin(), serving_end,
      [](const auto& a, const auto& b) { return a->connections() < b->connections(); });
  (*fewest)->adopt(descriptor, peer_is_loopback);
}

std::size_t IoThreads::connections() const noexcept {
  std::size_t sum = 0;
  for (const auto& thread : threads_) sum += thread->connections();
  return sum;
}

void IoThreads::change_settings(const Settings& settings) {
  for (auto& thread : threads_) thread->change_settings(settings);
}

double IoThreads::measure_load() {
  const auto now = std::chrono::steady_clock::now();
  std::chrono::duration<double> used{0};
  for (const auto& thread : threads_) used += thread->cpu_time();
  const std::chrono::duration<double> elapsed = now - std::exchange(measured_at_, now);
  return (used - std::exchange(used_, used)) / elapsed;
}

void IoThreads::balance(double load) {
  balance_.observe(load);
  shared_.threads_serving.store(balance_.serving(), std::memory_order_relaxed);
  if (moving_ > 0) return;
  std::transform(threads_.begin(), threads_.end(), thread_connections_.begin(),
                 [](const auto& thread) { return thread->connections(); });
  for (const ThreadBalance::Move& move : balance_.moves(thread_connections_)) {
    ++moving_;
    threads_[move.from]->move_idle(move.connections, *threads_[move.to]);
  }
}

void IoThreads::on_moved() {
  if (--moving_ == 0 && on_drained_) drain_threads();
}

void IoThreads::drain(std::function<void()> on_drained) {
  on_drained_ = std::move(on_drained);
  // A connection on its way to a thread must arrive before the thread is told to drain.
  if (moving_ == 0) drain_threads();
}

void IoThreads::drain_threads() {
  threads_to_drain_ = threads_.size();
  for (auto& thread : threads_) thread->drain();
}

void IoThreads::on_thread_drained() {
  if (--threads_to_drain_ == 0) on_drained_();
}

}  // namespace logboom::server
