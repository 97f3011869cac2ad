#pragma once

#include <string_view>

#include "handlers/handler.hpp"
#include "record/line_writer.hpp"
#include "server/telemetry.hpp"
#include "store/staging.hpp"

namespace logboom::server {

// Writes a handler's records as JSON lines straight into the io thread's staging chain.
// Lives on the stack for one request; what it wrote is taken back with the chain's mark.
class StagingSink final : public handlers::RecordSink {
 public:
  StagingSink(store::StagingChain& chain, std::string_view protocol, std::int64_t arrival_ns,
              Telemetry& telemetry)
      : chain_(chain), protocol_(protocol), arrival_ns_(arrival_ns), telemetry_(telemetry) {}

  void accept(const record::LogRecord& record) override {
    char* const out = chain_.reserve(record::line_bytes_max(record));
    const record::WrittenLine line = record::write_line(record, out);
    const bool timed = record.timestamp_ns != record::kNoTime;
    chain_.append(line.bytes, line.splice_offset,
                  timed ? record.timestamp_ns : record.observed_timestamp_ns);
    telemetry_.records_accepted.add();
  }

  void reject(const handlers::Rejection& rejection) override {
    chain_.reject(rejection.raw, to_string(rejection.reason), protocol_, arrival_ns_);
    telemetry_.records_rejected[static_cast<std::size_t>(rejection.reason)].add();
  }

 private:
  store::StagingChain& chain_;
  std::string_view protocol_;
  std::int64_t arrival_ns_;
  Telemetry& telemetry_;
};

}  // namespace logboom::server
