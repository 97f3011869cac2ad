#pragma once

#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "store/format.hpp"

namespace logboom::store {

// Gives stored records the number that their segment keeps beside the line.
class LineSplicer {
 public:
  // The record's line with its `_seq`; valid until the next call.
  [[nodiscard]] std::string_view splice(const StoredRecord& record, std::uint64_t seq) {
    if (line_.size() < record.line.size() + kKey.size() + kDigitsMax) {
      line_.resize(record.line.size() + kKey.size() + kDigitsMax);
    }
    char* out = line_.data();
    out = put(out, record.line.substr(0, record.splice_offset));
    out = put(out, kKey);
    out = std::to_chars(out, out + kDigitsMax, seq).ptr;
    out = put(out, record.line.substr(record.splice_offset));
    return {line_.data(), static_cast<std::size_t>(out - line_.data())};
  }

 private:
  static constexpr std::string_view kKey = ",\"_seq\":";
  static constexpr std::size_t kDigitsMax = 20;

  static char* put(char* out, std::string_view bytes) noexcept {
    std::memcpy(out, bytes.data(), bytes.size());
    return out + bytes.size();
  }

  std::string line_;
};

}  // namespace logboom::store
