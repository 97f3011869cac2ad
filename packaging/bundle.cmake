# The tarball: the server with every shared library it needs but the C library's own, found by
# their place beside it, and with their licences.
set_target_properties(logboom PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/logboom")
# RUNPATH, the newer way, would not be used for what the libraries themselves need.
target_link_options(logboom PRIVATE -Wl,--disable-new-dtags)
set(glibc "^(ld-linux.*|libc|libm|libdl|libpthread|libresolv|librt)\\.so")
install(TARGETS logboom COMPONENT server RUNTIME_DEPENDENCY_SET libraries
        RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(RUNTIME_DEPENDENCY_SET libraries COMPONENT server
        PRE_EXCLUDE_REGEXES "${glibc}"
        LIBRARY DESTINATION lib/logboom)
install(CODE "set(doc_dir \"${doc_dir}\")" COMPONENT server)
install(SCRIPT bundled_licences.cmake COMPONENT server)

set(CPACK_GENERATOR TGZ)
set(CPACK_COMPONENTS_ALL server)
set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
set(CPACK_COMPONENT_INCLUDE_TOPLEVEL_DIRECTORY ON)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
execute_process(COMMAND dpkg --print-architecture OUTPUT_VARIABLE architecture
                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
set(CPACK_PACKAGE_FILE_NAME "logboom-${PROJECT_VERSION}-linux-${architecture}")
