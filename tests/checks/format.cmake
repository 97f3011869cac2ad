# cmake -DCLANG_FORMAT=... -DROOT=... -P format.cmake: fails if a C++ file is not formatted.
file(GLOB_RECURSE sources "${ROOT}/*.hpp" "${ROOT}/*.cpp")
list(FILTER sources EXCLUDE REGEX "^${ROOT}/build/")
execute_process(COMMAND "${CLANG_FORMAT}" --dry-run -Werror ${sources} RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "run clang-format-14 -i on the files above")
endif()
