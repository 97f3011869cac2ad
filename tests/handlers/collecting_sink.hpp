#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "handlers/plain_log.hpp"
#include "tests/record/written_line.hpp"

namespace logboom::handlers {

// Keeps everything that a handler hands over, as text: `lines` the records as they would be
// stored, `rejections` as "record/line reason: error | raw".
class CollectingSink final : public RecordSink {
 public:
  void accept(const record::LogRecord& record) override {
    protocols.push_back(protocol_of(record));
    lines.push_back(record::written_line(record));
  }
  void reject(const Rejection& rejection) override {
    protocols.push_back(rejection.protocol);
    rejections.push_back(std::to_string(rejection.record) + "/" + std::to_string(rejection.line) +
                         " " + std::string(to_string(rejection.reason)) + ": " +
                         std::string(rejection.error) + " | " + std::string(rejection.raw));
  }

  std::vector<std::string> lines;
  std::vector<std::string> rejections;
  std::vector<Protocol> protocols;  // of both, in order
};

// What a body came to.
struct Handled {
  std::vector<std::string> lines;
  std::vector<std::string> rejections;
  std::vector<Protocol> protocols;
  std::uint64_t accepted = 0;
  std::uint64_t rejected = 0;
  bool empty_body = false;
  std::string_view request_error;
  std::string reply;

  bool operator==(const Handled&) const = default;
};

struct Request {
  std::string_view query = {};
  RecordLimits limits = {};
  std::vector<std::size_t> cuts = {};  // the body's offsets at which a feed ends, ascending
};

inline constexpr std::int64_t kArrival = 1'767'323'045'000'000'000;  // 2026-01-02T03:04:05Z

// Feeds a body as a connection does: what a feed leaves is offered again with more behind it.
// Each feed gets memory of exactly the size that the contract asks for.
inline Handled handle(std::string_view body, Request request = {}) {
  constexpr std::size_t kPadding = 64;
  arena::Arena arena;
  CollectingSink sink;
  const RequestContext context{arena, sink, request.limits, kArrival, request.query};
  PlainLogHandler handler(context);
  request.cuts.push_back(body.size());
  std::size_t begin = 0;
  for (std::size_t i = 0; i < request.cuts.size(); ++i) {
    const std::string_view piece = body.substr(begin, request.cuts[i] - begin);
    std::vector<char> bytes(piece.size() + kPadding, '"');
    std::copy(piece.begin(), piece.end(), bytes.begin());
    begin += handler.feed({bytes.data(), piece.size()}, i + 1 == request.cuts.size());
  }
  const Outcome outcome = handler.outcome();
  return {std::move(sink.lines),     std::move(sink.rejections),
          std::move(sink.protocols), outcome.accepted,
          outcome.rejected,          outcome.empty_body,
          outcome.request_error,     std::string(write_plain_log_reply(outcome, arena))};
}

// A record's line without the observed time and the brace, which all lines here begin with.
inline std::string shortened(std::string_view line) {
  constexpr std::string_view kHead = R"({"observed_timestamp":"2026-01-02T03:04:05.000000000Z",)";
  return std::string(line.starts_with(kHead) ? line.substr(kHead.size()) : line);
}

}  // namespace logboom::handlers
