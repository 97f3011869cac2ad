# Tests that drive the real binary: Python, one ctest per file so that failures are named.
include_guard(DIRECTORY)

# Debian's interpreter, for that is where its python3-pytest is; another one may come first in PATH.
find_program(LOGBOOM_TEST_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)

set(logboom_test_binary "${PROJECT_BINARY_DIR}/logboom")
if(CMAKE_CROSSCOMPILING)
  # The tests start one program; this one has the emulator run the binary.
  list(JOIN CMAKE_CROSSCOMPILING_EMULATOR " " logboom_emulator)
  set(logboom_test_binary "${PROJECT_BINARY_DIR}/emulated/logboom")
  file(WRITE "${logboom_test_binary}"
       "#!/bin/sh\nexec ${logboom_emulator} \"${PROJECT_BINARY_DIR}/logboom\" \"$@\"\n")
  file(CHMOD "${logboom_test_binary}" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
endif()

set(logboom_test_environment "LOGBOOM_BINARY=${logboom_test_binary}" PYTHONDONTWRITEBYTECODE=1)
if(LOGBOOM_SANITIZE OR CMAKE_CROSSCOMPILING)
  # Such servers start and answer several times slower; deadlines stretch, nothing else changes.
  list(APPEND logboom_test_environment LOGBOOM_TEST_TIME_FACTOR=4)
endif()

# logboom_whole_binary_test(LABEL FILE [WIDER]): the test LABEL.<name of the file without _test.py>.
# WIDER ones need more than `./dev test` installs: they run with `ctest -C wider -L wider`.
function(logboom_whole_binary_test label file)
  cmake_parse_arguments(arg "WIDER" "" "" ${ARGN})
  set(labels ${label})
  if(arg_WIDER)
    set(only_wider CONFIGURATIONS wider)
    list(APPEND labels wider)
  endif()
  string(REGEX REPLACE "_test\\.py$" "" name "${file}")
  add_test(NAME ${label}.${name}
           COMMAND "${LOGBOOM_TEST_PYTHON}" -m pytest -q -p no:cacheprovider --tb=short -rs
                   "${CMAKE_CURRENT_SOURCE_DIR}/${file}"
           ${only_wider})
  set_tests_properties(${label}.${name} PROPERTIES LABELS "${labels}" TIMEOUT 300
                                                   ENVIRONMENT "${logboom_test_environment}")
endfunction()
