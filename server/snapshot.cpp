#include "server/snapshot.hpp"

#include <cstddef>
#include <numeric>

namespace logboom::server {
namespace {

template <class Counters, class Sums>
void add_each(const Counters& counters, Sums& sums) {
  for (std::size_t i = 0; i < counters.size(); ++i) sums[i] += counters[i].value();
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
    sum.received_bytes += thread->received_bytes.value();
    sum.records_accepted += thread->records_accepted.value();
    add_each(thread->records_rejected, sum.records_rejected);
    add_each(thread->requests_by_class, sum.requests_by_class);
    sum.overload_pauses += thread->overload_pauses.value();
    sum.overload_replies += thread->overload_replies.value();
    sum.timeouts += thread->timeouts.value();
    sum.aborted += thread->aborted.value();
    sum.request_latency.add(thread->request_latency);
  }
  sum.requests =
      std::accumulate(sum.requests_by_class.begin(), sum.requests_by_class.end(), std::uint64_t{0});
  return sum;
}

std::uint64_t Snapshot::rejected() const noexcept {
  return std::accumulate(records_rejected.begin(), records_rejected.end(), std::uint64_t{0});
}

}  // namespace logboom::server
