#include "config/reload.hpp"

#include <fmt/format.h>

#include "config/keys.hpp"

namespace logboom::config {

Reload reload(const Settings& running, const Settings& wanted) {
  Reload result{.settings = running, .changed = {}, .need_restart = {}};
  for (const Key& key : keys()) {
    const std::string before = key.codec.print(running);
    const std::string after = key.codec.print(wanted);
    if (before == after) continue;
    const std::string change = fmt::format("{}: {} -> {}", key.path, before, after);
    if (key.change == Change::reload) {
      key.codec.copy(wanted, result.settings);
      result.changed.push_back(change);
    } else {
      result.need_restart.push_back(change);
    }
  }
  return result;
}

}  // namespace logboom::config
