# Language level, warnings, sanitizers and ccache: everything that every target shares.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")

find_program(LOGBOOM_CCACHE ccache)
if(LOGBOOM_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${LOGBOOM_CCACHE}")
endif()

# What is delivered does not depend on where it was built. Builds for debugging keep the full paths,
# which editors and debuggers follow.
if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  add_compile_options("-ffile-prefix-map=${PROJECT_SOURCE_DIR}/="
                      "-ffile-prefix-map=${PROJECT_BINARY_DIR}=build")
endif()

find_package(Threads REQUIRED)

# The one place that names warnings; GCC 12 and clang 14 both build clean with them.
add_library(logboom_warnings INTERFACE)
target_compile_options(
  logboom_warnings
  INTERFACE -Wall
            -Wextra
            -Wpedantic
            -Werror
            -Wconversion
            -Wsign-conversion
            -Wshadow
            -Wold-style-cast
            -Wnon-virtual-dtor
            -Woverloaded-virtual
            -Wcast-align
            -Wformat=2
            -Wimplicit-fallthrough
            -Wundef
            -Wunused)

# What every target of the project links: warnings, the root include path, threads, sanitizers.
add_library(logboom_base INTERFACE)
target_include_directories(logboom_base INTERFACE "${PROJECT_SOURCE_DIR}")
target_link_libraries(logboom_base INTERFACE logboom_warnings Threads::Threads)
if(LOGBOOM_SANITIZE)
  target_compile_options(logboom_base INTERFACE -fsanitize=${LOGBOOM_SANITIZE}
                                                -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(logboom_base INTERFACE -fsanitize=${LOGBOOM_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND LOGBOOM_SANITIZE MATCHES "thread")
    # Asio's headers use atomic_thread_fence, which GCC warns that TSan does not model.
    target_compile_options(logboom_base INTERFACE -Wno-tsan)
  endif()
endif()
