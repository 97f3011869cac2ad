#include "cli/reloader.hpp"

#include <utility>

#include <fmt/format.h>

#include "config/load.hpp"
#include "config/module_options.hpp"
#include "config/reload.hpp"

namespace logboom::cli {

Reloader::Reloader(SettingsArguments arguments, config::Settings running, EventLog& log,
                   store::Store& store)
    : arguments_(std::move(arguments)), running_(std::move(running)), log_(log), store_(store) {}

std::optional<server::Settings> Reloader::reload() {
  const config::Loaded loaded = load(arguments_);
  for (const std::string& error : loaded.errors) {
    log_.write(EventLog::Level::error, fmt::format("reload: {}", error));
  }
  if (!loaded.ok()) {
    log_.write(
        EventLog::Level::error,
        fmt::format("reload: nothing has changed, because the configuration has {} mistake{}; "
                    "correct it (logboom check {}) and send SIGHUP again",
                    loaded.errors.size(), loaded.errors.size() == 1 ? "" : "s",
                    arguments_.config_file));
    return std::nullopt;
  }
  config::Reload result = config::reload(running_, loaded.settings);
  for (const std::string& change : result.need_restart) {
    log_.write(
        EventLog::Level::warning,
        fmt::format("reload: {} needs a restart; until then the old value is in force", change));
  }
  if (result.changed.empty()) {
    log_.write(EventLog::Level::info, "reload: no key that a reload can change has changed");
    return std::nullopt;
  }
  running_ = std::move(result.settings);
  log_.configure(running_.log);
  store_.set_limits(config::store_limits(running_));
  for (const std::string& change : result.changed) {
    log_.write(EventLog::Level::info, fmt::format("reload: {} is in force", change));
  }
  return config::server_settings(running_);
}

}  // namespace logboom::cli
