// Does one piece of work so many times, for callgrind to count: bench/instructions.py.
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "arena/arena.hpp"
#include "handlers/plain_log.hpp"
#include "record/json_record.hpp"
#include "record/json_scanner.hpp"
#include "record/line_writer.hpp"

namespace logboom {
namespace {

constexpr std::int64_t kArrival = 1'767'323'045'000'000'000;
constexpr std::size_t kDepthMax = 64;

// 210 bytes, as bench/load.py posts them, with room behind them that a parser may read.
constexpr std::string_view kPadded =
    R"({"timestamp":"2026-01-02T03:04:05.678Z","level":"info","service":"checkout",)"
    R"("message":"order placed","order_id":4711,"user_id":815,"latency_ms":12.5,"pad":")"
    R"(xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"})"
    R"(                                                                )";
constexpr std::string_view kRecord = kPadded.substr(0, kPadded.find_last_not_of(' ') + 1);

// Each returns whether the work was done.
bool parse(std::size_t times) {
  bool valid = true;
  for (std::size_t i = 0; i < times; ++i) valid &= record::check_json(kRecord, kDepthMax).valid();
  return valid;
}

bool build_records(std::size_t times) {
  arena::Arena arena;
  bool valid = true;
  for (std::size_t i = 0; i < times; ++i) {
    record::JsonRecordParser parser(arena, {.depth_max = kDepthMax, .now_ns = kArrival});
    record::LogRecord made;
    valid &= parser.parse(kRecord, made).valid() && made.attribute_count() == 4;
    arena.reset();
  }
  return valid;
}

bool write_lines(std::size_t times) {
  arena::Arena arena;
  record::JsonRecordParser parser(arena, {.depth_max = kDepthMax, .now_ns = kArrival});
  record::LogRecord made;
  if (!parser.parse(kRecord, made).valid()) return false;
  made.observed_timestamp_ns = kArrival;
  made.source = "json";
  std::vector<char> line(record::line_bytes_max(made));
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < times; ++i) bytes += record::write_line(made, line.data()).bytes;
  return bytes > times * kRecord.size();
}

// Writes each line over the one before.
class LineSink final : public handlers::RecordSink {
 public:
  void accept(const record::LogRecord& record) override {
    line_.resize(std::max(line_.size(), record::line_bytes_max(record)));
    bytes += record::write_line(record, line_.data()).bytes;
  }
  void reject(const handlers::Rejection&) override {}

  std::size_t bytes = 0;

 private:
  std::vector<char> line_;
};

// The records of one large body.
bool read_body(std::size_t records) {
  constexpr std::size_t kPadding = 64;
  std::string body;
  for (std::size_t i = 0; i < records; ++i) body.append(kRecord).append("\n");
  body.resize(body.size() + kPadding);
  arena::Arena arena;
  LineSink sink;
  handlers::PlainLogHandler handler({arena, sink, {}, kArrival, {}});
  static_cast<void>(handler.feed({body.data(), body.size() - kPadding}, true));
  return handler.outcome().accepted == records;
}

bool work(std::string_view name, std::size_t times) {
  if (name == "parse") return parse(times);
  if (name == "record") return build_records(times);
  if (name == "line") return write_lines(times);
  if (name == "body") return read_body(times);
  return false;
}

}  // namespace
}  // namespace logboom

int main(int argc, char** argv) {
  std::size_t times = 0;
  const std::string_view text = argc == 3 ? argv[2] : "";
  std::from_chars(text.data(), text.data() + text.size(), times);
  if (times != 0 && logboom::work(argv[1], times)) return 0;
  std::fputs("usage: logboom_instruction_work parse|record|line|body TIMES\n", stderr);
  return 64;
}
