# What of Logboom is installed as a library: the arena.
include(CMakeFindDependencyMacro)
find_dependency(logboom_arena PATHS "${CMAKE_CURRENT_LIST_DIR}/../logboom_arena" NO_DEFAULT_PATH)
