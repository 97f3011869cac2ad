#include "server/metrics_page.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <sstream>
#include <string_view>
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
using Labels = std::vector<ClientMetric::Label>;

// Gathers families in the order of the page.
class Page {
 public:
  MetricFamily& family(std::string name, std::string help, MetricType type) {
    families_.push_back({std::move(name), std::move(help), type, {}});
    return families_.back();
  }
  template <class Number>
  void counter(std::string name, std::string help, Number value) {
    add(family(std::move(name), std::move(help), MetricType::Counter), {}, value);
  }
  template <class Number>
  void gauge(std::string name, std::string help, Number value) {
    add(family(std::move(name), std::move(help), MetricType::Gauge), {}, value);
  }
  // One more sample of a family of counters or gauges.
  template <class Number>
  static void add(MetricFamily& family, Labels labels, Number value) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.counter.value = metric.gauge.value = static_cast<double>(value);
    family.metric.push_back(std::move(metric));
  }
  [[nodiscard]] std::string text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_);
    return std::move(out).str();
  }

 private:
  std::vector<MetricFamily> families_;
};

template <class Label>
std::string name_of(std::size_t index) {
  return std::string(to_string(static_cast<Label>(index)));
}

// Microseconds; enough for a parse of a small body and for a wait of store.commit_timeout.
constexpr std::array kLatencyEdgesUs{
    5,      10,     25,     50,      100,     250,     500,       1000,      2500,      5000,
    10'000, 25'000, 50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000};

ClientMetric latency_histogram(Labels labels, const Snapshot::Latency& latency) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.histogram.sample_count = latency.count;
  metric.histogram.sample_sum = static_cast<double>(latency.sum_ns) / 1e9;
  for (const int us : kLatencyEdgesUs) {
    metric.histogram.bucket.push_back(
        {latency.count_up_to(std::chrono::microseconds(us)), static_cast<double>(us) / 1e6});
  }
  return metric;
}

void write_requests(Page& page, const Snapshot& requests) {
  // The page's families move when one is added, so each is filled before the next.
  MetricFamily& total =
      page.family("logboom_http_requests_total",
                  "Requests answered, by what they were and class of status.", MetricType::Counter);
  for (std::size_t kind = 0; kind < kRequestKinds; ++kind) {
    for (std::size_t status = 0; status < kStatusClasses; ++status) {
      Page::add(
          total,
          {{"protocol", name_of<RequestKind>(kind)}, {"status", name_of<StatusClass>(status)}},
          requests.request_latency[kind][status].count);
    }
  }
  MetricFamily& duration = page.family(
      "logboom_http_request_duration_seconds",
      "From a request's first byte to its reply, by what it was and class of status. The clock is "
      "read once a turn of the io thread's loop for the first byte. Bucket counts are off by an "
      "eighth of the edge at most.",
      MetricType::Histogram);
  for (std::size_t kind = 0; kind < kRequestKinds; ++kind) {
    for (std::size_t status = 0; status < kStatusClasses; ++status) {
      duration.metric.push_back(latency_histogram(
          {{"protocol", name_of<RequestKind>(kind)}, {"status", name_of<StatusClass>(status)}},
          requests.request_latency[kind][status]));
    }
  }
}

void write_errors(Page& page, const Snapshot& requests) {
  MetricFamily& errors = page.family(
      "logboom_http_errors_total",
      "Requests answered with an error as a whole, by the code in the reply.", MetricType::Counter);
  for (std::size_t code = 0; code < kErrorCodes; ++code) {
    Page::add(errors, {{"code", name_of<ErrorCode>(code)}}, requests.errors[code]);
  }
}

void write_stages(Page& page, const Snapshot& requests) {
  MetricFamily& stages = page.family(
      "logboom_http_stage_duration_seconds",
      "The parts of a request for logs: read (first byte to last, with waits for memory), parse, "
      "commit_wait (staged to the outcome of its commit), write (from there until the kernel has "
      "the reply). Read begins and commit_wait ends with the turn of the io thread's loop.",
      MetricType::Histogram);
  for (std::size_t stage = 0; stage < kStages; ++stage) {
    stages.metric.push_back(
        latency_histogram({{"stage", name_of<Stage>(stage)}}, requests.stage_latency[stage]));
  }
}

void write_records(Page& page, const Snapshot& requests) {
  MetricFamily& accepted =
      page.family("logboom_records_accepted_total",
                  "Records accepted and staged, by what they came as.", MetricType::Counter);
  for (std::size_t protocol = 0; protocol < handlers::kProtocols; ++protocol) {
    Page::add(accepted, {{"protocol", name_of<handlers::Protocol>(protocol)}},
              requests.records_accepted[protocol]);
  }
  MetricFamily& rejected =
      page.family("logboom_records_rejected_total",
                  "Records refused and kept in rejected/, by what they came as and reason.",
                  MetricType::Counter);
  for (std::size_t protocol = 0; protocol < handlers::kProtocols; ++protocol) {
    for (std::size_t reason = 0; reason < handlers::kRejectReasons; ++reason) {
      Page::add(rejected,
                {{"protocol", name_of<handlers::Protocol>(protocol)},
                 {"reason", name_of<handlers::RejectReason>(reason)}},
                requests.records_rejected[protocol][reason]);
    }
  }
}

void write_connections(Page& page, const Snapshot& requests) {
  page.counter("logboom_http_received_bytes_total", "Bytes read from clients.",
               requests.received_bytes);
  page.counter("logboom_http_connections_opened_total", "Connections accepted.",
               requests.connections_opened);
  page.gauge("logboom_http_open_connections", "Connections open now.", requests.connections);
  page.counter("logboom_http_connections_moved_total",
               "Idle connections that were moved from one io thread to another.",
               requests.connections_moved);
  page.counter("logboom_http_aborted_total", "Clients that left in the middle of a request.",
               requests.aborted);
  page.counter("logboom_http_timeouts_total", "Requests ended by a time limit.", requests.timeouts);
}

void write_overload(Page& page, const Measurements& measured) {
  page.counter("logboom_http_overload_pauses_total",
               "Times that reading paused for want of in-flight budget or an arena.",
               measured.requests.overload_pauses);
  page.counter("logboom_http_overload_replies_total",
               "Requests answered 503 after pauses of server.overload_wait.",
               measured.requests.overload_replies);
  page.gauge("logboom_inflight_bytes", "Bytes received or staged and not yet durable.",
             measured.inflight_bytes);
  page.gauge("logboom_inflight_limit_bytes", "server.inflight_max.", measured.inflight_bytes_max);
  page.counter("logboom_arena_leases_total", "Arenas leased, one a request.",
               measured.arenas.leases_given);
  page.gauge("logboom_arena_active_leases", "Arenas leased now: requests in flight.",
             measured.arenas.active);
  page.gauge("logboom_arena_arenas", "Arenas that exist: the most that were leased at once.",
             measured.arenas.active_max);
  page.counter("logboom_arena_misses_total", "Leases refused because all arenas were out.",
               measured.arenas.misses);
  page.gauge("logboom_arena_capacity_bytes", "Memory that the arenas hold.",
             measured.arenas.capacity_bytes);
  page.counter("logboom_arena_used_bytes_total", "Bytes that arenas handed out, over all leases.",
               measured.arenas.used_bytes);
  page.gauge("logboom_arena_lease_bytes_max", "The most bytes that one lease has used.",
             measured.arenas.used_bytes_max);
}

void write_large_blocks(Page& page, const arena::LargeBlockCacheMetrics& blocks) {
  page.counter("logboom_arena_large_block_hits_total",
               "Large blocks, for bodies mostly, that were in the cache when they were needed.",
               blocks.hits);
  page.counter("logboom_arena_large_block_misses_total",
               "Large blocks that had to come from the system.", blocks.misses);
  page.gauge("logboom_arena_large_block_idle_bytes", "Memory that the cache of large blocks keeps.",
             blocks.idle_bytes);
}

// Bucket i of `counts` holds whole numbers below its bound: those up to `edge_of(bound)`.
template <class EdgeOf>
ClientMetric power_of_two_histogram(const store::HistogramCounts& counts, double unit,
                                    EdgeOf edge_of) {
  constexpr std::size_t kBucketsShown = 24;
  ClientMetric metric;
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < kBucketsShown; ++i) {
    cumulative += counts.counts[i];
    metric.histogram.bucket.push_back(
        {cumulative, edge_of(store::HistogramCounts::upper_bound(i)) * unit});
  }
  metric.histogram.sample_count = counts.total();
  metric.histogram.sample_sum = static_cast<double>(counts.sum) * unit;
  return metric;
}

// Microseconds are cut to whole ones, so that what is below a bound is below it uncut too.
ClientMetric time_histogram(const store::HistogramCounts& us) {
  return power_of_two_histogram(us, 1e-6, [](std::uint64_t bound) { return double(bound); });
}

ClientMetric size_histogram(const store::HistogramCounts& sizes) {
  return power_of_two_histogram(sizes, 1, [](std::uint64_t bound) { return double(bound - 1); });
}

void write_commits(Page& page, const store::Stats& store) {
  page.gauge("logboom_store_accepting",
             "1 while the store takes records, 0 when it is full or has failed.",
             store.state == store::State::accepting ? 1 : 0);
  page.counter("logboom_store_commits_total", "Commits.", store.commits);
  page.counter("logboom_store_records_total", "Records stored.", store.records);
  page.counter("logboom_store_written_bytes_total", "Bytes of frames written.", store.bytes);
  page.gauge("logboom_store_last_sequence", "Number of the last record stored.", store.last_seq);
  page.family("logboom_store_sync_seconds", "One fdatasync of the active segment.",
              MetricType::Histogram)
      .metric.push_back(time_histogram(store.sync_us));
  page.family("logboom_store_commit_seconds", "From taking what is staged to having stored it.",
              MetricType::Histogram)
      .metric.push_back(time_histogram(store.commit_us));
  page.family("logboom_store_commit_requests", "Requests in one commit.", MetricType::Histogram)
      .metric.push_back(size_histogram(store.requests_per_commit));
}

void write_files(Page& page, const store::Stats& store) {
  MetricFamily& files =
      page.family("logboom_store_files", "Files of records, sealed or not yet.", MetricType::Gauge);
  Page::add(files, {{"state", "sealed"}}, store.sealed_files);
  Page::add(files, {{"state", "unsealed"}}, store.files - store.sealed_files);
  page.gauge("logboom_store_file_bytes",
             "What the files of records take, with those that wait to be filled.",
             store.file_bytes);
  page.gauge("logboom_store_limit_bytes",
             "store.max_bytes in bytes: what the files may take; 0 if it cannot be told.",
             store.limit_bytes);
  page.gauge("logboom_store_filesystem_free_bytes",
             "Free on the file system of store.dir; 0 if it cannot be told.",
             store.filesystem_free_bytes);
  page.gauge("logboom_store_min_free_bytes", "store.min_free: what is to stay free.",
             store.min_free_bytes);
  page.gauge("logboom_store_oldest_record_timestamp_seconds",
             "Arrival of the oldest record, in seconds since 1970; 0 without any.",
             static_cast<double>(store.oldest_arrival_ns) / 1e9);
  page.counter("logboom_store_sealed_segments_total", "Segments rewritten as sealed files.",
               store.sealed);
  page.counter("logboom_store_seal_failures_total", "Segments that could not be sealed.",
               store.seal_failures);
  page.counter("logboom_store_expired_files_total", "Files that retention has deleted.",
               store.expired);
  page.counter("logboom_store_dropped_files_total",
               "Files deleted because the store was full (store.on_full: drop_oldest).",
               store.dropped);
  page.counter("logboom_store_lost_records_total",
               "Records deleted before a sink had passed them, summed over sinks.",
               store.lost_records);
  page.counter("logboom_store_rejected_kept_total", "Refused records kept in rejected/.",
               store.rejected_kept);
  page.counter("logboom_store_rejected_lost_total",
               "Refused records that could not be kept in rejected/.", store.rejected_lost);
}

void write_recovery(Page& page, const store::RecoveryCounts& recovery) {
  page.gauge("logboom_store_recovered_segments",
             "Segments that had not been durably closed when this process opened the store.",
             recovery.segments);
  page.gauge("logboom_store_recovered_records", "Records found in them.", recovery.records);
  page.gauge("logboom_store_torn_tails",
             "Ends of segments cut off at opening; with durability sync never acknowledged.",
             recovery.torn_tails);
  page.gauge("logboom_store_damaged_regions",
             "Regions found damaged at opening within what had been durable.",
             recovery.damaged_regions);
  page.gauge("logboom_store_quarantined_bytes",
             "Bytes of torn tails and damage copied to quarantine/ at opening.",
             recovery.quarantined_bytes);
}

void write_process(Page& page, const Measurements& measured) {
  const metrics::ProcessStats& process = measured.process;
  page.counter("process_cpu_seconds_total", "User and system CPU time in seconds.",
               process.cpu_seconds);
  page.gauge("process_resident_memory_bytes", "Resident memory in bytes.", process.resident_bytes);
  page.gauge("process_virtual_memory_bytes", "Virtual memory in bytes.", process.virtual_bytes);
  page.gauge("process_open_fds", "Open file descriptors.", process.descriptors);
  page.gauge("process_max_fds", "The limit of open file descriptors.", process.descriptors_max);
  MetricFamily& threads = page.family(
      "logboom_io_threads",
      "Threads for connections: those that are given some, and those that the load does not need.",
      MetricType::Gauge);
  Page::add(threads, {{"state", "serving"}}, measured.threads_serving);
  Page::add(threads, {{"state", "resting"}}, measured.threads - measured.threads_serving);
  page.gauge("process_start_time_seconds", "Start of the process, in seconds since 1970.",
             measured.start_time_seconds);
  page.gauge("logboom_draining", "1 from the signal to end until the end, else 0.",
             measured.draining ? 1 : 0);
  Page::add(
      page.family("logboom_build_info", "Always 1; the labels say what runs.", MetricType::Gauge),
      {{"version", measured.version}, {"commit", measured.commit}}, 1);
}

}  // namespace

std::string write_metrics_page(const Measurements& measured) {
  Page page;
  write_requests(page, measured.requests);
  write_errors(page, measured.requests);
  write_stages(page, measured.requests);
  write_records(page, measured.requests);
  write_connections(page, measured.requests);
  write_overload(page, measured);
  write_large_blocks(page, measured.large_blocks);
  write_commits(page, measured.store);
  write_files(page, measured.store);
  write_recovery(page, measured.store.recovery);
  write_process(page, measured);
  return page.text();
}

}  // namespace logboom::server
