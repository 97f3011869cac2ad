# logboom_module(NAME SOURCES ... HEADERS ... [LINKS modules and libraries that users see too]
#                [PRIVATE_LINKS libraries only its sources see])
# One static library per folder. HEADERS are compiled on their own by the target
# all_verify_interface_header_sets, so each is self-contained.
function(logboom_module name)
  cmake_parse_arguments(arg "" "" "SOURCES;HEADERS;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(logboom_${name} STATIC ${arg_SOURCES})
  target_sources(logboom_${name} PUBLIC FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}"
                                        FILES ${arg_HEADERS})
  set_target_properties(logboom_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  list(TRANSFORM arg_LINKS REPLACE "^(arena|metrics|record|store|query|handlers|config|server)$"
                                   "logboom_\\1")
  # What is installed leaves the project's own warnings and sanitizers behind.
  target_link_libraries(logboom_${name} PUBLIC $<BUILD_INTERFACE:logboom_base> ${arg_LINKS}
                                        PRIVATE ${arg_PRIVATE_LINKS})
endfunction()

# logboom_test(NAME SOURCES ... LINKS ...): one test program a folder, found by ctest case by case.
function(logboom_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name}_test ${arg_SOURCES})
  target_link_libraries(${name}_test PRIVATE logboom_base ${arg_LINKS} GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${name}_test TEST_PREFIX "${name}." NO_PRETTY_VALUES
                       DISCOVERY_MODE PRE_TEST
                       PROPERTIES TIMEOUT 120)
endfunction()
