#pragma once

#include <memory>
#include <string_view>

#include "config/settings.hpp"

namespace logboom::cli {

// The server's own log on stderr, one event a line, as text or JSON. Writing happens on a thread of
// its own; when that cannot keep up, the oldest events are dropped and counted, nobody waits.
// Any thread may write. Destruction writes what is queued.
class EventLog {
 public:
  enum class Level : std::uint8_t { info, warning, error };

  explicit EventLog(const config::Settings::Log& settings);
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  void write(Level level, std::string_view message);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace logboom::cli
