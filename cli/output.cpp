#include "cli/output.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "cli/diagnostics.hpp"
#include "cli/exit_code.hpp"

namespace logboom::cli {
namespace {

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

}  // namespace

Output::Output() {
  buffer_.reserve(2 * kFlushBytes);
}

bool Output::wants_colour() {
  const char* terminal = std::getenv("TERM");
  bool dumb = terminal != nullptr && std::strcmp(terminal, "dumb") == 0;
  return isatty(STDOUT_FILENO) == 1 && !is_set("NO_COLOR") && !dumb;
}

void Output::flush() {
  std::string_view rest = buffer_;
  while (error_ == 0 && !rest.empty()) {
    ssize_t written = write(STDOUT_FILENO, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd descriptor{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
      poll(&descriptor, 1, -1);
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
  buffer_.clear();
}

void Output::wait(std::chrono::milliseconds time) {
  pollfd descriptor{.fd = STDOUT_FILENO, .events = 0, .revents = 0};
  if (poll(&descriptor, 1, static_cast<int>(time.count())) > 0 && error_ == 0) error_ = EPIPE;
}

int Output::finish() {
  flush();
  if (error_ == 0 || error_ == EPIPE) return kExitOk;
  complain(fmt::format("cannot write to stdout: {}", std::strerror(error_)));
  return kExitIo;
}

}  // namespace logboom::cli
