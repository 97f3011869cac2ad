# The version stands once, in project(VERSION); the commit comes from git, or from
# -DLOGBOOM_COMMIT=... where the sources are built without their repository.
set(LOGBOOM_COMMIT "" CACHE STRING "Commit that `logboom --version` names; empty: asks git")

# Sets `result` to what git answers, to nothing if it cannot.
function(logboom_ask_git result)
  execute_process(COMMAND "${GIT_EXECUTABLE}" ${ARGN} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
                  OUTPUT_VARIABLE answer OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  set(${result} "${answer}" PARENT_SCOPE)
endfunction()

set(logboom_commit "${LOGBOOM_COMMIT}")
find_package(Git QUIET)
if(GIT_FOUND AND NOT logboom_commit)
  # A copy of the sources inside another project's repository is not at that one's commit.
  logboom_ask_git(prefix rev-parse --show-prefix)
  if(NOT prefix)
    logboom_ask_git(logboom_commit rev-parse --short=12 HEAD)
    # Git writes there whenever HEAD moves, so the next build configures anew and names the new
    # commit. Asking at every build instead would leave ninja always something to do.
    logboom_ask_git(head_log rev-parse --git-path logs/HEAD)
    cmake_path(ABSOLUTE_PATH head_log BASE_DIRECTORY "${PROJECT_SOURCE_DIR}")
    if(EXISTS "${head_log}" AND NOT IS_DIRECTORY "${head_log}")
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${head_log}")
    endif()
  endif()
endif()
