#include "cli/event_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/repeat_limit.hpp"
#include "config/load.hpp"

namespace logboom::cli {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::MatchesRegex;

// A file that a log is written to; lines() after the log has ended.
class LogFile {
 public:
  LogFile() : file_(std::tmpfile()) {}
  ~LogFile() { std::fclose(file_); }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  [[nodiscard]] int descriptor() const { return ::fileno(file_); }
  [[nodiscard]] std::vector<std::string> lines() const {
    std::string text(1 << 20, '\0');
    text.resize(static_cast<std::size_t>(::pread(descriptor(), text.data(), text.size(), 0)));
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  }

 private:
  std::FILE* file_;
};

config::Settings::Log settings(config::LogLevel level, config::LogFormat format) {
  return {.level = level, .format = format};
}

const auto kText = settings(config::LogLevel::info, config::LogFormat::text);
const auto kJson = settings(config::LogLevel::info, config::LogFormat::json);

TEST(EventLogTest, WritesOneEventALineWhateverIsInIt) {
  const LogFile file;
  {
    EventLog log(kText, file.descriptor());
    log.write(EventLog::Level::warning, "two\nlines\x1b[31m");
    log.configure(kJson);
    log.write(EventLog::Level::error, "a \"quoted\"\nline");
  }
  const std::string time = "[0-9]+-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+\\.[0-9]+Z";
  EXPECT_THAT(file.lines(),
              ElementsAre(MatchesRegex(time + " warning two\\\\x0alines\\\\x1b\\[31m"),
                          MatchesRegex("\\{\"time\":\"" + time +
                                       "\",\"level\":\"error\",\"message\":\"a "
                                       "\\\\\"quoted\\\\\"\\\\nline\"\\}")));
}

TEST(EventLogTest, LeavesOutWhatIsBelowItsLevel) {
  const LogFile file;
  {
    EventLog log(settings(config::LogLevel::error, config::LogFormat::text), file.descriptor());
    log.write(EventLog::Level::warning, "no");
    log.write(EventLog::Level::error, "yes");
    log.configure(settings(config::LogLevel::off, config::LogFormat::text));
    log.write(EventLog::Level::error, "off");
  }
  EXPECT_THAT(file.lines(), ElementsAre(EndsWith("error yes")));
}

TEST(EventLogTest, SaysHowOftenAMessageWasLeftOut) {
  const LogFile file;
  {
    EventLog log(kText, file.descriptor());
    for (int i = 0; i < 100; ++i) {
      log.write(EventLog::Level::error, fmt::format("cannot delete {}", i));
    }
    log.write(EventLog::Level::info, "stopped");
  }
  const auto lines = file.lines();
  ASSERT_EQ(lines.size(), RepeatLimit::kPassesMax + 2);
  EXPECT_THAT(lines.back(),
              EndsWith("warning 80 more messages like this one were left out: cannot delete 99"));
}

TEST(EventLogTest, TakesEventsFromSeveralThreadsWholeAndLosesNone) {
  const LogFile file;
  {
    EventLog log(kText, file.descriptor());
    std::vector<std::thread> threads;
    for (const char* name : {"a", "b", "c", "d"}) {
      threads.emplace_back([&log, name] {
        for (std::size_t i = 0; i < RepeatLimit::kPassesMax; ++i) {
          log.write(EventLog::Level::info, fmt::format("{}{:05}", name, i));
          log.configure(kText);
        }
      });
    }
    for (auto& thread : threads) thread.join();
  }
  EXPECT_EQ(file.lines().size(), 4 * RepeatLimit::kPassesMax);
  for (const std::string& line : file.lines())
    EXPECT_THAT(line, MatchesRegex(".* info [a-d]....."));
}

}  // namespace
}  // namespace logboom::cli
