#include "cli/event_log.hpp"

#include <string>
#include <utility>

#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>

#include "record/json_text.hpp"

namespace logboom::cli {
namespace {

constexpr std::size_t kQueuedEventsMax = 8192;

spdlog::level::level_enum to_spdlog(config::LogLevel level) {
  switch (level) {
    case config::LogLevel::trace: return spdlog::level::trace;
    case config::LogLevel::debug: return spdlog::level::debug;
    case config::LogLevel::info: return spdlog::level::info;
    case config::LogLevel::warn: return spdlog::level::warn;
    case config::LogLevel::error: return spdlog::level::err;
    case config::LogLevel::off: return spdlog::level::off;
  }
  return spdlog::level::info;
}

spdlog::level::level_enum to_spdlog(EventLog::Level level) {
  switch (level) {
    case EventLog::Level::info: return spdlog::level::info;
    case EventLog::Level::warning: return spdlog::level::warn;
    case EventLog::Level::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string escaped(std::string_view message) {
  std::string out(message.size() * record::kEscapedBytesMax, '\0');
  out.resize(static_cast<std::size_t>(record::escape(message, out.data()) - out.data()));
  return out;
}

}  // namespace

struct EventLog::Implementation {
  std::shared_ptr<spdlog::sinks::ansicolor_stderr_sink_mt> sink =
      std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>();
  std::shared_ptr<spdlog::async_logger> logger;
  bool json = false;
  // Ends first, when its thread has written all that is queued.
  std::shared_ptr<spdlog::details::thread_pool> pool =
      std::make_shared<spdlog::details::thread_pool>(kQueuedEventsMax, 1);
};

EventLog::EventLog(const config::Settings::Log& settings)
    : implementation_(std::make_unique<Implementation>()) {
  Implementation& log = *implementation_;
  log.json = settings.format == config::LogFormat::json;
  log.logger = std::make_shared<spdlog::async_logger>(
      "logboom", log.sink, log.pool, spdlog::async_overflow_policy::overrun_oldest);
  log.logger->set_level(to_spdlog(settings.level));
  const char* const pattern =
      log.json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":"%v"})"
               : "%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v";
  log.logger->set_formatter(
      std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
}

EventLog::~EventLog() {
  const std::size_t dropped = implementation_->pool->overrun_counter();
  if (dropped > 0) {
    write(Level::warning, fmt::format("{} events of this log were dropped because it could not be "
                                      "written fast enough",
                                      dropped));
  }
}

void EventLog::write(Level level, std::string_view message) {
  Implementation& log = *implementation_;
  if (log.json) {
    log.logger->log(to_spdlog(level), escaped(message));
  } else {
    log.logger->log(to_spdlog(level), message);
  }
}

}  // namespace logboom::cli
