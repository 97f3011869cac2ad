#pragma once

#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "config/settings.hpp"

namespace logboom::cli {

// The server's own log, one event a line, as text or JSON. Writing happens on a thread of its own;
// when that cannot keep up, the oldest events are dropped and counted, nobody waits. A message that
// repeats itself is held back and counted: see RepeatLimit. Any thread may write, but none in the
// way of a request: it takes a lock and allocates. Destruction writes what is queued.
class EventLog {
 public:
  enum class Level : std::uint8_t { info, warning, error };

  explicit EventLog(const config::Settings::Log& settings, int descriptor = STDERR_FILENO);
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  // Another level and format, for what is written from now on.
  void configure(const config::Settings::Log& settings);
  void write(Level level, std::string_view message);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace logboom::cli
