#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "handlers/handler.hpp"
#include "record/line_writer.hpp"
#include "server/telemetry.hpp"
#include "store/staging.hpp"

namespace logboom::server {

static_assert(record::kNoTime == store::kNoTime, "times go from one to the other as they are");

// Writes a handler's records as they are stored straight into the io thread's staging chain.
// Lives on the stack for one request; what it wrote is taken back with the chain's mark.
class StagingSink final : public handlers::RecordSink {
 public:
  // A request may add `bytes_max` to the chain; what comes beyond is dropped and overflowed() set.
  StagingSink(store::StagingChain& chain, std::size_t bytes_max, std::int64_t arrival_ns)
      : chain_(chain),
        limit_bytes_(chain.totals().held_bytes() + bytes_max),
        arrival_ns_(arrival_ns) {}

  void accept(const record::LogRecord& record) override {
    if (overflowed()) return;
    char* const out = chain_.reserve(record::line_bytes_max(record));
    const record::WrittenLine line = record::write_line(record, out);
    chain_.append(line.bytes, line.splice_offset,
                  {record.timestamp_ns, record.observed_timestamp_ns});
    ++accepted_[static_cast<std::size_t>(handlers::protocol_of(record))];
  }

  void reject(const handlers::Rejection& rejection) override {
    if (overflowed()) return;
    chain_.reject(rejection.raw, to_string(rejection.reason), to_string(rejection.protocol),
                  arrival_ns_);
    if (!rejected_) rejected_.emplace();
    ++(*rejected_)[static_cast<std::size_t>(rejection.protocol)]
                  [static_cast<std::size_t>(rejection.reason)];
  }

  [[nodiscard]] bool overflowed() const noexcept {
    return chain_.totals().held_bytes() > limit_bytes_;
  }
  void count_into(Telemetry& telemetry) const noexcept {
    for (std::size_t protocol = 0; protocol < kProtocols; ++protocol) {
      if (accepted_[protocol] != 0) telemetry.records_accepted[protocol].add(accepted_[protocol]);
    }
    if (rejected_) count_rejected_into(telemetry);
  }

 private:
  static constexpr std::size_t kProtocols = handlers::kProtocols;
  static constexpr std::size_t kReasons = handlers::kRejectReasons;

  void count_rejected_into(Telemetry& telemetry) const noexcept {
    for (std::size_t protocol = 0; protocol < kProtocols; ++protocol) {
      for (std::size_t reason = 0; reason < kReasons; ++reason) {
        telemetry.records_rejected[protocol][reason].add((*rejected_)[protocol][reason]);
      }
    }
  }

  store::StagingChain& chain_;
  const std::size_t limit_bytes_;
  const std::int64_t arrival_ns_;
  std::array<std::uint64_t, kProtocols> accepted_{};
  // Most requests have none.
  std::optional<std::array<std::array<std::uint64_t, kReasons>, kProtocols>> rejected_;
};

}  // namespace logboom::server
