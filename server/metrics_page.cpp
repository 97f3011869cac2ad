#include "server/metrics_page.hpp"

#include <initializer_list>
#include <sstream>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "handlers/handler.hpp"

namespace logboom::server {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// Gathers families in the order of the page.
class Page {
 public:
  MetricFamily& family(std::string name, std::string help, MetricType type) {
    families_.push_back({std::move(name), std::move(help), type, {}});
    return families_.back();
  }
  void counter(std::string name, std::string help, double value) {
    ClientMetric metric;
    metric.counter.value = value;
    family(std::move(name), std::move(help), MetricType::Counter).metric.push_back(metric);
  }
  void gauge(std::string name, std::string help, double value) {
    ClientMetric metric;
    metric.gauge.value = value;
    family(std::move(name), std::move(help), MetricType::Gauge).metric.push_back(metric);
  }
  [[nodiscard]] std::string text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_);
    return std::move(out).str();
  }

 private:
  std::vector<MetricFamily> families_;
};

template <class Number>
double number(Number value) {
  return static_cast<double>(value);
}

void add_counter(MetricFamily& family, std::initializer_list<ClientMetric::Label> labels,
                 double value) {
  ClientMetric metric;
  metric.label = labels;
  metric.counter.value = value;
  family.metric.push_back(std::move(metric));
}

void write_requests(Page& page, const Snapshot& requests) {
  MetricFamily& replies = page.family(
      "logboom_http_requests_total", "Requests answered, by class of status.", MetricType::Counter);
  for (std::size_t i = 2; i < requests.requests_by_class.size(); ++i) {
    add_counter(replies, {{"status", std::to_string(i) + "xx"}},
                number(requests.requests_by_class[i]));
  }
  add_counter(page.family("logboom_records_accepted_total", "Records accepted and staged.",
                          MetricType::Counter),
              {{"protocol", "json"}}, number(requests.records_accepted));
  MetricFamily& rejected =
      page.family("logboom_records_rejected_total",
                  "Records refused and kept in rejected/, by reason.", MetricType::Counter);
  for (std::size_t i = 0; i < handlers::kRejectReasons; ++i) {
    const std::string reason(to_string(static_cast<handlers::RejectReason>(i)));
    add_counter(rejected, {{"protocol", "json"}, {"reason", reason}},
                number(requests.records_rejected[i]));
  }
  page.counter("logboom_http_received_bytes_total", "Bytes read from clients.",
               number(requests.received_bytes));
  page.counter("logboom_http_connections_total", "Connections accepted.",
               number(requests.connections_opened));
  page.gauge("logboom_http_connections", "Connections open now.", number(requests.connections));
  page.counter("logboom_http_aborted_total", "Clients that left in the middle of a request.",
               number(requests.aborted));
  page.counter("logboom_http_timeouts_total", "Requests ended by a time limit.",
               number(requests.timeouts));
  page.counter("logboom_http_overload_pauses_total",
               "Times that reading paused for want of in-flight budget or an arena.",
               number(requests.overload_pauses));
  page.counter("logboom_http_overload_replies_total", "Requests answered 503 after such a pause.",
               number(requests.overload_replies));
}

void write_latency(Page& page, const metrics::LatencyHistogram::Snapshot& latency) {
  using std::chrono::microseconds;
  ClientMetric metric;
  metric.histogram.sample_count = latency.count;
  metric.histogram.sample_sum = number(latency.sum_ns) / 1e9;
  for (const int us : {100, 250, 500, 1000, 2500, 5000, 10'000, 25'000, 50'000, 100'000, 250'000,
                       500'000, 1'000'000, 2'500'000, 5'000'000}) {
    metric.histogram.bucket.push_back(
        {latency.count_up_to(microseconds(us)), static_cast<double>(us) / 1e6});
  }
  page.family("logboom_http_request_duration_seconds",
              "From a request's first byte to its reply, within an eighth.", MetricType::Histogram)
      .metric.push_back(std::move(metric));
}

ClientMetric power_of_two_histogram(const store::HistogramCounts& counts, double scale) {
  ClientMetric metric;
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < 24; ++i) {
    cumulative += counts.counts[i];
    metric.histogram.bucket.push_back(
        {cumulative, number(store::HistogramCounts::upper_bound(i)) * scale});
  }
  metric.histogram.sample_count = counts.total();
  metric.histogram.sample_sum = number(counts.sum) * scale;
  return metric;
}

void write_store(Page& page, const store::Stats& store) {
  page.gauge("logboom_store_accepting", "1 while the store takes records, 0 when full or failed.",
             store.state == store::State::accepting ? 1 : 0);
  page.counter("logboom_store_commits_total", "Commits.", number(store.commits));
  page.counter("logboom_store_records_total", "Records stored.", number(store.records));
  page.counter("logboom_store_written_bytes_total", "Bytes of frames written.",
               number(store.bytes));
  page.gauge("logboom_store_files", "Files of records, sealed or not.", number(store.files));
  page.gauge("logboom_store_sealed_files", "Of them sealed.", number(store.sealed_files));
  page.gauge("logboom_store_file_bytes",
             "What the files of records take, with those that wait to be filled.",
             number(store.file_bytes));
  page.gauge("logboom_store_oldest_record_timestamp_seconds",
             "Arrival of the oldest record, in seconds since 1970; 0 without any.",
             number(static_cast<std::uint64_t>(store.oldest_arrival_ns)) / 1e9);
  page.counter("logboom_store_seal_failures_total", "Segments that could not be sealed.",
               number(store.seal_failures));
  page.counter("logboom_store_expired_files_total", "Files that retention has deleted.",
               number(store.expired));
  page.counter("logboom_store_dropped_files_total",
               "Files deleted because the store was full (store.on_full: drop_oldest).",
               number(store.dropped));
  page.counter("logboom_store_lost_records_total",
               "Records deleted before a sink had passed them, summed over sinks.",
               number(store.lost_records));
  page.gauge("logboom_store_last_sequence", "Number of the last record stored.",
             number(store.last_seq));
  page.gauge("logboom_store_quarantined_bytes", "Bytes moved to quarantine/ by recovery.",
             number(store.recovery.quarantined_bytes));
  page.counter("logboom_store_rejected_lost_total",
               "Refused records that could not be kept in rejected/.", number(store.rejected_lost));
  page.family("logboom_store_sync_seconds", "Duration of one fdatasync.", MetricType::Histogram)
      .metric.push_back(power_of_two_histogram(store.sync_us, 1e-6));
  page.family("logboom_store_commit_requests", "Requests in one commit.", MetricType::Histogram)
      .metric.push_back(power_of_two_histogram(store.requests_per_commit, 1));
}

void write_process(Page& page, const MetricsInput& input) {
  page.gauge("logboom_inflight_bytes", "Bytes received or staged and not yet durable.",
             number(input.inflight_bytes));
  page.gauge("logboom_inflight_limit_bytes", "server.inflight_max.",
             number(input.inflight_bytes_max));
  page.counter("logboom_arena_leases_total", "Arenas leased, one a request.",
               number(input.arenas.leases_given));
  page.gauge("logboom_arena_leases", "Arenas leased now.", number(input.arenas.active));
  page.counter("logboom_arena_misses_total", "Leases refused because all arenas were out.",
               number(input.arenas.misses));
  page.gauge("logboom_arena_capacity_bytes", "Memory held by the arenas.",
             number(input.arenas.capacity_bytes));
  page.gauge("logboom_uptime_seconds", "Time since start.", input.uptime_seconds);
  ClientMetric build;
  build.label = {{"version", input.version}};
  build.gauge.value = 1;
  page.family("logboom_build_info", "Always 1; the labels say what runs.", MetricType::Gauge)
      .metric.push_back(std::move(build));
}

}  // namespace

std::string write_metrics_page(const MetricsInput& input) {
  Page page;
  write_requests(page, input.requests);
  write_latency(page, input.requests.request_latency);
  write_store(page, input.store);
  write_process(page, input);
  return page.text();
}

}  // namespace logboom::server
