#include "server/snapshot.hpp"

#include <cstddef>
#include <numeric>

namespace logboom::server {
namespace {

void add(const metrics::Counter& counter, std::uint64_t& sum) {
  sum += counter.value();
}

void add(const metrics::LatencyHistogram& histogram, Snapshot::Latency& sum) {
  sum.add(histogram);
}

// Arrays add up element by element.
template <class Each, class Sum, std::size_t size>
void add(const std::array<Each, size>& each, std::array<Sum, size>& sums) {
  for (std::size_t i = 0; i < size; ++i) add(each[i], sums[i]);
}

template <class Sums>
std::uint64_t total(const Sums& sums) {
  return std::accumulate(sums.begin(), sums.end(), std::uint64_t{0});
}

}  // namespace

Snapshot Snapshot::take(std::span<const Telemetry* const> threads) {
  Snapshot sum;
  for (const Telemetry* thread : threads) {
    // Closed first: a connection counted as closed has then been counted as opened too.
    const std::uint64_t closed = thread->connections_closed.value();
    const std::uint64_t opened = thread->connections_opened.value();
    sum.connections += opened - closed;
    sum.connections_opened += opened;
    add(thread->connections_moved, sum.connections_moved);
    add(thread->received_bytes, sum.received_bytes);
    add(thread->records_accepted, sum.records_accepted);
    add(thread->records_rejected, sum.records_rejected);
    add(thread->errors, sum.errors);
    add(thread->overload_pauses, sum.overload_pauses);
    add(thread->overload_replies, sum.overload_replies);
    add(thread->timeouts, sum.timeouts);
    add(thread->aborted, sum.aborted);
    add(thread->request_latency, sum.request_latency);
    add(thread->stage_latency, sum.stage_latency);
  }
  return sum;
}

std::uint64_t Snapshot::requests() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& by_status : request_latency) {
    for (const Latency& latency : by_status) sum += latency.count;
  }
  return sum;
}

std::uint64_t Snapshot::requests(StatusClass status) const noexcept {
  std::uint64_t sum = 0;
  for (const auto& by_status : request_latency) {
    sum += by_status[static_cast<std::size_t>(status)].count;
  }
  return sum;
}

Snapshot::Latency Snapshot::log_latency() const noexcept {
  Latency sum;
  for (const RequestKind kind : {RequestKind::json, RequestKind::text}) {
    for (const Latency& latency : request_latency[static_cast<std::size_t>(kind)]) sum.add(latency);
  }
  return sum;
}

std::uint64_t Snapshot::accepted() const noexcept {
  return total(records_accepted);
}

std::uint64_t Snapshot::rejected() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& by_reason : records_rejected) sum += total(by_reason);
  return sum;
}

}  // namespace logboom::server
