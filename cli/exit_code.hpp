#pragma once

namespace logboom::cli {

// The exit codes scripts and supervisors may rely on; those above 63 are sysexits.h's.
inline constexpr int kExitOk = 0;
inline constexpr int kExitNegative = 1;      // verify: damaged; health: not ready
inline constexpr int kExitUsage = 64;        // wrong command line
inline constexpr int kExitUnavailable = 69;  // something needed is not there, such as a free port
inline constexpr int kExitSoftware = 70;     // a defect
inline constexpr int kExitIo = 74;           // reading or writing failed
inline constexpr int kExitTryLater = 75;     // another server is using the data directory
inline constexpr int kExitConfig = 78;       // wrong configuration or data of a newer version

}  // namespace logboom::cli
