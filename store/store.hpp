#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <boost/system/result.hpp>

#include "store/options.hpp"
#include "store/staging.hpp"

namespace logboom::store {

enum class State : std::uint8_t {
  accepting,
  full,    // no room for a new segment; goes on by itself when there is
  failed,  // a write or sync failed: a restart is needed
};

// A snapshot for /stats and /metrics.
struct Stats;

// The durable segmented log of one data directory, and its committer thread.
class Store {
 public:
  // Locks the directory, recovers what a crash left and starts the committer, in a new segment.
  // The error says in one sentence what is wrong and what to do.
  static boost::system::result<std::unique_ptr<Store>, std::string> open(Options options);
  // Commits everything published, closes the segment with a mark, joins its threads.
  ~Store();

  [[nodiscard]] Producer& producer(std::size_t index);
  [[nodiscard]] State state() const noexcept;  // any thread
  [[nodiscard]] std::string state_reason() const;  // why it is not accepting, else empty
  [[nodiscard]] Stats stats() const;  // any thread
  [[nodiscard]] const std::string& store_id() const noexcept;
};

}  // namespace logboom::store
