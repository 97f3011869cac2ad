#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "store/format.hpp"
#include "store/time_text.hpp"

namespace logboom::store {

// Makes lines of stored records: with the times and the number that their segment keeps beside the
// text. One thread.
class LineSplicer {
 public:
  // The record's line, without a newline; valid until the next call.
  [[nodiscard]] std::string_view splice(const StoredRecord& record, std::uint64_t seq) {
    const std::size_t room = record.text.size() + kSplicedBytesMax;
    if (line_.size() < room) line_.resize(room);
    char* out = line_.data();
    if (record.times) out = put_times(out, *record.times);
    out = put(out, record.text.substr(0, record.splice_offset));
    out = put(out, kSeq);
    out = std::to_chars(out, out + kDigitsMax, seq).ptr;
    out = put(out, record.text.substr(record.splice_offset));
    return {line_.data(), static_cast<std::size_t>(out - line_.data())};
  }

 private:
  static constexpr std::string_view kSeq = ",\"_seq\":";
  static constexpr std::size_t kDigitsMax = 20;
  static constexpr std::string_view kTimestamp = "\"timestamp\":\"";
  static constexpr std::string_view kObserved = "\"observed_timestamp\":\"";
  // With a brace, two quotes and a comma.
  static constexpr std::size_t kSplicedBytesMax =
      kTimestamp.size() + kObserved.size() + 2 * kTimeBytes + 4 + kSeq.size() + kDigitsMax;

  static char* put(char* out, std::string_view bytes) noexcept {
    std::memcpy(out, bytes.data(), bytes.size());
    return out + bytes.size();
  }

  char* put_times(char* out, const RecordTimes& times) noexcept {
    *out++ = '{';
    if (times.timestamp_ns != kNoTime) {
      out = write_time(times.timestamp_ns, put(out, kTimestamp));
      out = put(out, "\",");
    }
    out = put_observed(put(out, kObserved), times.observed_ns);
    *out++ = '"';
    return out;
  }

  // All records of a request arrived at the same time.
  char* put_observed(char* out, std::int64_t ns) noexcept {
    if (observed_ns_ != ns) {
      observed_ns_ = ns;
      write_time(ns, observed_);
    }
    return put(out, {observed_, kTimeBytes});
  }

  std::string line_;
  // The observed time written last.
  std::int64_t observed_ns_ = kNoTime;
  char observed_[kTimeBytes] = {};
};

}  // namespace logboom::store
