#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "store/os_file.hpp"

namespace logboom::store {

// What is in a data directory. A torn tail is what a crash left of a commit that was never
// acknowledged in `sync`; damage is bytes that had been durable and are not readable any more.
struct VerifyCounts {
  std::uint64_t files = 0;   // of records, sealed or not
  std::uint64_t sealed = 0;  // of them
  std::uint64_t frames = 0;  // of segments, and chunks of sealed files
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  // of records' text, as the files have it
  std::uint64_t torn_tails = 0;
  std::uint64_t damaged_regions = 0;
  std::uint64_t damaged_bytes = 0;
  std::uint64_t quarantined = 0;  // files in quarantine/: what was found damaged or torn before

  [[nodiscard]] bool intact() const noexcept { return damaged_regions == 0; }
};

// Called for each finding with one sentence that has the words "torn tail" or "damage".
using Finding = std::function<void(std::string_view sentence)>;

// Checks every checksum of every segment and sealed file. Takes no lock; on a live directory it
// sees what is there at the time. The error is one sentence.
[[nodiscard]] boost::system::result<VerifyCounts, std::string> verify(const std::string& dir,
                                                                      const Finding& finding = {},
                                                                      FileSystem* files = nullptr);

}  // namespace logboom::store
