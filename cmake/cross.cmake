# Builds with Debian's compiler for LOGBOOM_ARCHITECTURE, amd64 or arm64, wherever it runs. The libraries
# of that architecture stand in LOGBOOM_ROOT, where `./dev arm64` unpacks them and whence qemu takes them
# to run what is built; where that is not set, they are installed beside the machine's own (multiarch),
# as in the Dockerfile.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES LOGBOOM_ARCHITECTURE LOGBOOM_ROOT)
set(CMAKE_SYSTEM_NAME Linux)
if(LOGBOOM_ARCHITECTURE STREQUAL "amd64")
  set(CMAKE_SYSTEM_PROCESSOR x86_64)
elseif(LOGBOOM_ARCHITECTURE STREQUAL "arm64")
  set(CMAKE_SYSTEM_PROCESSOR aarch64)
else()
  message(FATAL_ERROR "LOGBOOM_ARCHITECTURE is amd64 or arm64, not `${LOGBOOM_ARCHITECTURE}`")
endif()
set(CMAKE_CXX_COMPILER ${CMAKE_SYSTEM_PROCESSOR}-linux-gnu-g++)
if(LOGBOOM_ROOT)
  set(CMAKE_SYSROOT "${LOGBOOM_ROOT}")
  set(CMAKE_CROSSCOMPILING_EMULATOR qemu-${CMAKE_SYSTEM_PROCESSOR}-static -L "${LOGBOOM_ROOT}")
  set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
  set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
  set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
  set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
endif()
