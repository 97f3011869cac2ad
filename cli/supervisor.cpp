#include "cli/supervisor.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

namespace logboom::cli {
namespace {

constexpr int kFirstSocket = 3;  // SD_LISTEN_FDS_START

// The variable's number, or 0.
int number_in(const char* name) {
  const char* const text = std::getenv(name);
  int number = 0;
  if (text == nullptr) return 0;
  const char* const end = text + std::strlen(text);
  const auto parsed = std::from_chars(text, end, number);
  return parsed.ec == std::errc{} && parsed.ptr == end && number > 0 ? number : 0;
}

}  // namespace

std::vector<int> inherited_sockets() {
  const int count = number_in("LISTEN_PID") == ::getpid() ? number_in("LISTEN_FDS") : 0;
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
  std::vector<int> sockets;
  for (int fd = kFirstSocket; fd < kFirstSocket + count; ++fd) {
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) break;  // there are not as many as was said
    sockets.push_back(fd);
  }
  return sockets;
}

void notify_supervisor(std::string_view state) {
  const char* const path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = path == nullptr ? 0 : std::strlen(path);
  if (length < 2 || length >= sizeof address.sun_path) return;
  if (path[0] != '/' && path[0] != '@') return;
  std::memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';  // of the abstract namespace
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  // A supervisor that does not listen has itself to blame.
  static_cast<void>(::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
                             reinterpret_cast<const sockaddr*>(&address), size));
  ::close(fd);
}

void notify_supervisor_of_reload() {
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
  notify_supervisor(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.count()));
}

}  // namespace logboom::cli
