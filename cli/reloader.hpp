#pragma once

#include <optional>

#include "cli/event_log.hpp"
#include "cli/settings_arguments.hpp"
#include "config/settings.hpp"
#include "server/options.hpp"
#include "store/store.hpp"

namespace logboom::cli {

// Reads the configuration again and puts what has changed into force: all of it, or, if there is a
// mistake in it, nothing. Owner: the control thread; the log and the store outlive it.
class Reloader {
 public:
  // `running` are the settings in force, read from `arguments`.
  Reloader(SettingsArguments arguments, config::Settings running, EventLog& log,
           store::Store& store);

  // The log and the store have changed already; the server is given its part, unless that is the
  // same or there was a mistake. What became of each key is in the log.
  [[nodiscard]] std::optional<server::Settings> reload();

 private:
  const SettingsArguments arguments_;
  config::Settings running_;
  EventLog& log_;
  store::Store& store_;
};

}  // namespace logboom::cli
