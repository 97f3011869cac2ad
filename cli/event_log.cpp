#include "cli/event_log.hpp"

#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "cli/repeat_limit.hpp"
#include "record/json_text.hpp"

namespace logboom::cli {
namespace {

constexpr std::size_t kQueuedEventsMax = 8192;

std::string_view name_of(EventLog::Level level) {
  switch (level) {
    case EventLog::Level::info: return "info";
    case EventLog::Level::warning: return "warning";
    case EventLog::Level::error: return "error";
  }
  return "info";
}

bool is_wanted(EventLog::Level level, config::LogLevel least) {
  switch (least) {
    case config::LogLevel::trace:
    case config::LogLevel::debug:
    case config::LogLevel::info: return true;
    case config::LogLevel::warn: return level != EventLog::Level::info;
    case config::LogLevel::error: return level == EventLog::Level::error;
    case config::LogLevel::off: return false;
  }
  return true;
}

std::string time_text(std::chrono::system_clock::time_point time) {
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     ms % 1000);
}

// An event is one line, whatever names and messages of others are in it.
std::string line_text(std::string_view message) {
  std::string out;
  for (const char c : message) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (control) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out;
}

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(descriptor, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return;  // nobody is left to be told
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace

class EventLog::Implementation {
 public:
  Implementation(const config::Settings::Log& settings, int descriptor)
      : descriptor_(descriptor), settings_(settings), thread_([this] { run(); }) {}

  ~Implementation() {
    {
      const std::scoped_lock lock(mutex_);
      queue_suppressed(limit_.take_all());
      if (dropped_ > 0) {
        push(Level::warning,
             fmt::format("{} events of this log were dropped because it could not be written fast "
                         "enough",
                         dropped_));
      }
      stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  void configure(const config::Settings::Log& settings) {
    const std::scoped_lock lock(mutex_);
    settings_ = settings;
  }

  void write(Level level, std::string_view message) {
    {
      const std::scoped_lock lock(mutex_);
      if (!is_wanted(level, settings_.level)) return;
      if (limit_.admit(message, RepeatLimit::Clock::now())) push(level, message);
    }
    changed_.notify_one();
  }

 private:
  struct Event {
    std::chrono::system_clock::time_point time;
    Level level;
    bool json;
    std::string message;
  };

  void push(Level level, std::string_view message) {
    if (queue_.size() == kQueuedEventsMax) {
      queue_.pop_front();
      ++dropped_;
    }
    const bool json = settings_.format == config::LogFormat::json;
    queue_.push_back({std::chrono::system_clock::now(), level, json, std::string(message)});
  }

  void queue_suppressed(const std::vector<RepeatLimit::Suppressed>& suppressed) {
    for (const auto& kind : suppressed) {
      push(Level::warning, fmt::format("{} more messages like this one were left out: {}",
                                       kind.count, kind.message));
    }
  }

  void run() {
    ::pthread_setname_np(::pthread_self(), "log");
    std::unique_lock lock(mutex_);
    for (;;) {
      queue_suppressed(limit_.take_due(RepeatLimit::Clock::now()));
      if (!queue_.empty()) {
        const std::deque<Event> events = std::exchange(queue_, {});
        lock.unlock();
        for (const Event& event : events) write_line(event);
        lock.lock();
        continue;
      }
      if (stopping_) return;
      wait(lock);
    }
  }

  void wait(std::unique_lock<std::mutex>& lock) {
    if (const auto due = limit_.next_due()) {
      changed_.wait_until(lock, *due);
    } else {
      changed_.wait(lock);
    }
  }

  void write_line(const Event& event) const {
    const std::string time = time_text(event.time);
    const std::string_view level = name_of(event.level);
    write_all(descriptor_,
              event.json ? fmt::format("{{\"time\":\"{}\",\"level\":\"{}\",\"message\":{}}}\n",
                                       time, level, record::quote(event.message))
                         : fmt::format("{} {} {}\n", time, level, line_text(event.message)));
  }

  const int descriptor_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // All below are guarded by mutex_.
  config::Settings::Log settings_;
  RepeatLimit limit_;
  std::deque<Event> queue_;
  std::uint64_t dropped_ = 0;
  bool stopping_ = false;

  std::thread thread_;  // last: it uses all of the above
};

EventLog::EventLog(const config::Settings::Log& settings, int descriptor)
    : implementation_(std::make_unique<Implementation>(settings, descriptor)) {}

EventLog::~EventLog() = default;

void EventLog::configure(const config::Settings::Log& settings) {
  implementation_->configure(settings);
}

void EventLog::write(Level level, std::string_view message) {
  implementation_->write(level, message);
}

}  // namespace logboom::cli
