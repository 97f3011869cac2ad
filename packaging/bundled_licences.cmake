# At installation: the copyright file of each Debian package that a bundled library comes from.
file(GLOB libraries "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/lib/logboom/*.so*")
foreach(library IN LISTS libraries)
  cmake_path(GET library FILENAME name)
  execute_process(COMMAND dpkg-query --search "*-linux-gnu/${name}" OUTPUT_VARIABLE answer
                  COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCH "^[^:,]+" package "${answer}")
  file(INSTALL "/usr/share/doc/${package}/copyright" RENAME "${package}"
       DESTINATION "${CMAKE_INSTALL_PREFIX}/${doc_dir}/licences" FOLLOW_SYMLINK_CHAIN)
endforeach()
