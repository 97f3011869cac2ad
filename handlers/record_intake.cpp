#include "handlers/record_intake.hpp"

#include "record/native_line.hpp"
#include "record/oversize.hpp"
#include "record/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>

namespace logboom::handlers {
namespace {

// Room for the longest sentence; longer ones are cut.
constexpr std::size_t kErrorBytesMax = 160;

}  // namespace

std::string_view to_string(RejectReason reason) noexcept {
  switch (reason) {
    case RejectReason::bad_json: return "bad_json";
    case RejectReason::bad_utf8: return "bad_utf8";
    case RejectReason::too_large: return "too_large";
    case RejectReason::too_many_attributes: return "too_many_attributes";
  }
  return "unknown";
}

std::string_view to_string(Protocol protocol) noexcept {
  switch (protocol) {
    case Protocol::json: return "json";
    case Protocol::text: return "text";
    case Protocol::native: return "native";
  }
  return "unknown";
}

void RecordIntake::begin_feed(std::string_view bytes) noexcept {
  feed_begin_ = bytes.data();
  counted_to_ = bytes.data();
}

void RecordIntake::end_feed(std::size_t consumed) noexcept {
  line_of(feed_begin_ + consumed);
}

void RecordIntake::accept(record::LogRecord& record, std::string_view raw) {
  if (record.observed_timestamp_ns == record::kNoTime) {
    record.observed_timestamp_ns = context_.arrival_ns;
  }
  if (!make_fit(record, raw)) return;
  ++outcome_.accepted;
  context_.sink.accept(record);
}

bool RecordIntake::make_fit(record::LogRecord& record, std::string_view raw) {
  const RecordLimits& limits = context_.limits;
  const std::size_t attributes_max =
      limits.attributes_max + (record.native ? record::kNativeAttributesSlack : 0);
  if (std::max(record.attribute_count(), record.resource.size()) > attributes_max) [[unlikely]] {
    char error[kErrorBytesMax];
    const auto end =
        fmt::format_to_n(error, sizeof(error), "more than {} attributes", attributes_max).out;
    reject(RejectReason::too_many_attributes, {error, end}, raw, protocol_of(record));
    return false;
  }
  if (raw.size() <= limits.record_bytes_max) [[likely]]
    return true;
  const std::size_t bytes_max =
      record.native
          ? limits.record_bytes_max * record::kNativeBytesFactor + record::kNativeBytesSlack
          : limits.record_bytes_max;
  return raw.size() <= bytes_max || make_smaller(record, raw, bytes_max);
}

// The body counts as it will be stored where that is more: with U+FFFD for what is not UTF-8.
bool RecordIntake::make_smaller(record::LogRecord& record, std::string_view raw,
                                std::size_t bytes_max) {
  const std::size_t bytes = std::max(raw.size(), record.body.bytes.size());
  if (context_.limits.on_oversize == RecordLimits::OnOversize::truncate &&
      record::cut_body(record, bytes - bytes_max, context_.arena)) {
    return true;
  }
  char error[kErrorBytesMax];
  const auto end =
      fmt::format_to_n(error, sizeof(error), "the record has {} bytes, more than the limit of {}",
                       raw.size(), bytes_max)
          .out;
  reject(RejectReason::too_large, {error, end}, raw, protocol_of(record));
  return false;
}

void RecordIntake::reject_json(const record::JsonVerdict& verdict, std::string_view raw) {
  reject_at(RejectReason::bad_json, record::describe(verdict.fault), verdict.position, raw);
}

void RecordIntake::reject_utf8(std::string_view raw) {
  reject_at(RejectReason::bad_utf8, "invalid UTF-8", record::find_invalid_utf8(raw), raw);
}

void RecordIntake::reject_at(RejectReason reason, std::string_view fault, std::size_t position,
                             std::string_view raw) {
  char error[kErrorBytesMax];
  const auto end = fmt::format_to_n(error, sizeof(error), "{} at byte {}", fault, position + 1).out;
  reject(reason, {error, end}, raw);
}

void RecordIntake::reject(RejectReason reason, std::string_view error, std::string_view raw,
                          Protocol protocol) {
  const Rejection rejection{
      outcome_.accepted + outcome_.rejected, line_of(raw.data()), reason, protocol, error,
      raw.substr(0, kRejectedBytesMax)};
  if (outcome_.rejected < kErrorsReported) keep(rejection);
  ++outcome_.rejected;
  context_.sink.reject(rejection);
}

// The reply is written after the body's bytes may have gone, so only the sentence is kept.
void RecordIntake::keep(const Rejection& rejection) {
  if (kept_.empty()) {
    kept_ = context_.arena.create_span_uninitialized<Rejection>(kErrorsReported);
  }
  Rejection& kept = kept_[outcome_.rejected];
  ::new (&kept) Rejection(rejection);
  kept.error = context_.arena.copy(rejection.error);
  kept.raw = {};
  outcome_.errors = kept_.first(outcome_.rejected + 1);
}

std::uint64_t RecordIntake::line_of(const char* position) noexcept {
  line_ += static_cast<std::uint64_t>(std::count(counted_to_, position, '\n'));
  counted_to_ = position;
  return line_;
}

}  // namespace logboom::handlers
