# The Debian package: the server component, its configuration, and the scripts of debian/.
add_custom_command(
  OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/changelog.gz"
  COMMAND gzip -9n < "${PROJECT_SOURCE_DIR}/CHANGELOG.md"
          > "${CMAKE_CURRENT_BINARY_DIR}/changelog.gz"
  DEPENDS "${PROJECT_SOURCE_DIR}/CHANGELOG.md")
add_custom_target(debian_changelog ALL DEPENDS "${CMAKE_CURRENT_BINARY_DIR}/changelog.gz")

install(FILES logboom.yaml COMPONENT server DESTINATION /etc/logboom)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/changelog.gz" debian/copyright COMPONENT server
        DESTINATION "${doc_dir}")

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL server)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_SERVER_PACKAGE_NAME logboom)
set(CPACK_DEBIAN_SERVER_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "Logboom maintainers <logboom@localhost>")
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_COMPONENT_SERVER_DESCRIPTION
"HTTP log-ingest server that stores before it answers
Applications and shippers POST JSON, NDJSON or text. Every record is on
stable storage before the request is answered 2xx, so that an acknowledged
record survives a crash of the process and a loss of power.")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# The one that is there already; else the small one, so that systemd is not forced on anybody.
set(CPACK_DEBIAN_SERVER_PACKAGE_DEPENDS "systemd-standalone-sysusers | systemd-sysusers")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(control_files conffiles postinst prerm postrm)
list(TRANSFORM control_files PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/debian/")
set(CPACK_DEBIAN_SERVER_PACKAGE_CONTROL_EXTRA "${control_files}")
