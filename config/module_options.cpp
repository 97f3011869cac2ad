#include "config/module_options.hpp"

namespace logboom::config {

store::Options store_options(const Settings& settings) {
  const Settings::Store& from = settings.store;
  store::Options options;
  options.dir = from.dir;
  options.durability = from.durability;
  options.commit_window = std::chrono::microseconds{-1};
  if (from.commit_window) {
    options.commit_window = std::chrono::ceil<std::chrono::microseconds>(*from.commit_window);
  }
  options.segment_bytes_max = from.segment.max_bytes;
  options.segment_age_max = std::chrono::ceil<std::chrono::seconds>(from.segment.max_age);
  options.rejected_bytes_max = from.rejected_max;
  return options;
}

handlers::RecordLimits record_limits(const Settings& settings) {
  return {.record_bytes_max = settings.limits.record,
          .json_depth_max = settings.limits.json_depth,
          .attributes_max = settings.limits.attributes,
          .on_oversize = settings.limits.on_oversize};
}

}  // namespace logboom::config
