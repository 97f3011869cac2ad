#include "config/conflicts.hpp"

#include <fmt/format.h>

#include "config/units.hpp"

namespace logboom::config {

std::vector<Conflict> conflicts(const Settings& settings) {
  const Settings::Store& store = settings.store;
  const std::uint64_t wall = store.max_bytes.bytes;  // 0 where it is a share
  std::vector<Conflict> found;
  if (store.commit_window && *store.commit_window >= store.commit_timeout) {
    found.push_back({"store.commit_window", "store.commit_timeout",
                     fmt::format("{} is not below store.commit_timeout, {}: requests would give up "
                                 "while their commit waits for company",
                                 format_duration(*store.commit_window),
                                 format_duration(store.commit_timeout))});
  }
  if (store.max_bytes.percent == 0 && wall < store.segment.max_bytes) {
    found.push_back({"store.max_bytes", "store.segment.max_bytes",
                     fmt::format("{} is below store.segment.max_bytes, {}: the store would be full "
                                 "before its first segment",
                                 format_size(wall), format_size(store.segment.max_bytes))});
  }
  if (store.max_bytes.percent == 0 && store.on_full == store::OnFull::reject &&
      store.retention.bytes > wall) {
    found.push_back({"store.retention.bytes", "store.max_bytes",
                     fmt::format("{} is above store.max_bytes, {}: the store would be full before "
                                 "anything is deleted",
                                 format_size(store.retention.bytes), format_size(wall))});
  }
  return found;
}

}  // namespace logboom::config
