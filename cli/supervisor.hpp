#pragma once

#include <string_view>
#include <vector>

namespace logboom::cli {

// The listening sockets that whoever started this process has opened for it, by the protocol of
// sd_listen_fds(3): LISTEN_PID names this process, LISTEN_FDS says how many there are, from
// descriptor 3 on. Empty if there are none. They are not passed on to processes that this one
// starts. Call once, before there are other threads: it takes the variables out of the environment.
[[nodiscard]] std::vector<int> inherited_sockets();

// Tells the supervisor how it stands with this process, by the protocol of sd_notify(3), such as
// `READY=1`: a datagram to the socket that NOTIFY_SOCKET names. Without one, or if that is gone,
// nothing happens.
void notify_supervisor(std::string_view state);

// The same for the beginning of a reload, with the time that systemd wants to know; `READY=1` ends
// it.
void notify_supervisor_of_reload();

}  // namespace logboom::cli
