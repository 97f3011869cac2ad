#include <benchmark/benchmark.h>

#include <string>
#include <string_view>
#include <vector>

#include "arena/arena.hpp"
#include "handlers/plain_log.hpp"
#include "record/json_scanner.hpp"
#include "record/line_writer.hpp"
#include "record/utf8.hpp"

namespace logboom {
namespace {

constexpr std::size_t kPadding = 64;

// One record of 237 bytes with its line break, as a structured logger writes it.
constexpr std::string_view kLine =
    R"({"timestamp":"2026-01-02T03:04:05.678901Z","level":"info","message":"GET /api/v1/orders/48213 completed","service":"orders","host":"web-17","status":200,"duration_ms":12.75,"user_id":"u-93412","trace_id":"0af7651916cd43dd8448eb211c80319c"})"
    "\n";

// A body of such records, with the padding that handlers may read.
std::string body_of(std::size_t records) {
  std::string body;
  for (std::size_t i = 0; i < records; ++i) body += kLine;
  body.resize(body.size() + kPadding);
  return body;
}

// Writes each record's line over the one before, so that storing costs nothing.
class LineSink final : public handlers::RecordSink {
 public:
  void accept(const record::LogRecord& record) override {
    const std::size_t room = record::line_bytes_max(record);
    if (room > line_.size()) line_.resize(room);
    bytes += record::write_line(record, line_.data()).bytes;
  }
  void reject(const handlers::Rejection&) override {}

  std::size_t bytes = 0;

 private:
  std::vector<char> line_;
};

void parse_and_write_ndjson(benchmark::State& state) {
  const std::string body = body_of(static_cast<std::size_t>(state.range(0)));
  const std::string_view bytes(body.data(), body.size() - kPadding);
  arena::Arena arena;
  LineSink sink;
  const handlers::RecordLimits limits;
  for (auto _ : state) {
    handlers::PlainLogHandler handler({arena, sink, limits, 1'767'323'045'000'000'000, {}});
    benchmark::DoNotOptimize(handler.feed(bytes, true));
    if (handler.outcome().accepted != static_cast<std::uint64_t>(state.range(0))) {
      state.SkipWithError("a record was refused");
    }
    arena.reset();
  }
  benchmark::DoNotOptimize(sink.bytes);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(parse_and_write_ndjson)->Arg(1)->Arg(1000)->Unit(benchmark::kMicrosecond);

void check_syntax_only(benchmark::State& state) {
  const std::string body = body_of(static_cast<std::size_t>(state.range(0)));
  const std::string_view bytes(body.data(), body.size() - kPadding);
  for (auto _ : state) {
    record::JsonScanner scanner(bytes, 64);
    for (scanner.skip_space(); !scanner.at_end() && scanner.skip_value();) scanner.skip_space();
    benchmark::DoNotOptimize(scanner.at());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(check_syntax_only)->Arg(1)->Arg(1000)->Unit(benchmark::kMicrosecond);

void validate_utf8_only(benchmark::State& state) {
  const std::string body = body_of(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(record::is_valid_utf8(body));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
BENCHMARK(validate_utf8_only)->Arg(1)->Arg(1000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace logboom
