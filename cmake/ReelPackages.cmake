# The installation of the command and the recorder, and Debian packages by CPack (`./dev package`):
# libreel0, libreel-dev, reel-tools, reeld. Their dependencies are found by dpkg-shlibdeps.
install(TARGETS reel RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/reel COMPONENT tools)

set(daemon ${PROJECT_SOURCE_DIR}/server/daemon)
install(TARGETS reeld RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT reeld)
install(TARGETS reel-feed RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/reel COMPONENT reeld)
install(FILES ${daemon}/reeld.toml DESTINATION etc/reel COMPONENT reeld)
install(FILES ${daemon}/reeld.service DESTINATION lib/systemd/system COMPONENT reeld)
install(FILES ${daemon}/reeld.sysusers DESTINATION lib/sysusers.d RENAME reeld.conf COMPONENT reeld)
install(FILES ${PROJECT_SOURCE_DIR}/docs/REELD.md ${PROJECT_SOURCE_DIR}/docs/RPC.md
  ${PROJECT_SOURCE_DIR}/docs/OPERATIONS.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/reeld COMPONENT reeld)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/server/proto/reel DESTINATION ${CMAKE_INSTALL_DATADIR}/reel/proto
  COMPONENT reeld FILES_MATCHING PATTERN *.proto)

set(library_package libreel${PROJECT_VERSION_MAJOR})
set(packaging ${CMAKE_CURRENT_LIST_DIR}/packaging)

# What Debian's policy asks of each package, and a plain installation does without.
string(TIMESTAMP today "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(${packaging}/changelog.in ${PROJECT_BINARY_DIR}/packaging/changelog @ONLY)
find_program(GZIP gzip REQUIRED)
execute_process(COMMAND ${GZIP} -9nf ${PROJECT_BINARY_DIR}/packaging/changelog COMMAND_ERROR_IS_FATAL ANY)
function(reel_manual_page page section component)
  configure_file(${PROJECT_SOURCE_DIR}/docs/${page} ${PROJECT_BINARY_DIR}/packaging/${page} COPYONLY)
  execute_process(COMMAND ${GZIP} -9nf ${PROJECT_BINARY_DIR}/packaging/${page} COMMAND_ERROR_IS_FATAL ANY)
  install(FILES ${PROJECT_BINARY_DIR}/packaging/${page}.gz
    DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section} COMPONENT ${component})
endfunction()
reel_manual_page(reel.1 1 tools)
reel_manual_page(reeld.8 8 reeld)
function(reel_package_docs component package)
  set(doc ${CMAKE_INSTALL_DATADIR}/doc/${package})
  install(FILES ${packaging}/copyright DESTINATION ${doc} COMPONENT ${component} EXCLUDE_FROM_ALL)
  install(FILES ${PROJECT_BINARY_DIR}/packaging/changelog.gz DESTINATION ${doc}
    RENAME changelog.gz COMPONENT ${component} EXCLUDE_FROM_ALL)
endfunction()
reel_package_docs(library ${library_package})
reel_package_docs(dev libreel-dev)
reel_package_docs(tools reel-tools)
reel_package_docs(reeld reeld)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_THREADS 0)
set(CPACK_COMPONENTS_ALL library dev tools reeld)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # each package has its own
set(CPACK_PACKAGE_CONTACT "Reel maintainers <maintainers@reel.example>")
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME ${library_package})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_DESCRIPTION "recording and indexing storage for surveillance video (library)
Reel writes many streams of H.264 and H.265 video, with audio and metadata,
into preallocated files and says of each picture when it is durable. Camera
and time lead to a picture with one lookup and one read.

This package holds the shared library.")
# The loader's cache is refreshed by a trigger (packaging/finish.cmake says what CPack would do).
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${packaging}/triggers)
set(CPACK_POST_BUILD_SCRIPTS ${packaging}/finish.cmake)
# C programs run with every version of this library, C++ ones with the version they were built for.
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY "=")
set(CPACK_DEBIAN_DEV_PACKAGE_NAME libreel-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "${library_package} (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_DEV_DESCRIPTION "recording and indexing storage for surveillance video (headers)
Reel writes many streams of H.264 and H.265 video, with audio and metadata,
into preallocated files and says of each picture when it is durable.

This package holds the headers for C++20 and C, and what CMake and pkg-config
find the library with.")
set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME reel-tools)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION video)
set(CPACK_DEBIAN_TOOLS_DESCRIPTION "recording and indexing storage for surveillance video (command)
Reel writes many streams of H.264 and H.265 video, with audio and metadata,
into preallocated files and says of each picture when it is durable.

This package holds the reel command: imports, finds, shows and exports
footage, verifies and repairs a node.")
set(CPACK_DEBIAN_REELD_PACKAGE_NAME reeld)
set(CPACK_DEBIAN_REELD_PACKAGE_SECTION video)
set(CPACK_DEBIAN_REELD_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers")
set(CPACK_DEBIAN_REELD_PACKAGE_RECOMMENDS reel-tools)
set(scripts ${packaging}/reeld)
set(CPACK_DEBIAN_REELD_PACKAGE_CONTROL_EXTRA
  ${scripts}/postinst ${scripts}/prerm ${scripts}/postrm ${scripts}/conffiles)
set(CPACK_DEBIAN_REELD_DESCRIPTION "recording and indexing storage for surveillance video (server)
Reel writes many streams of H.264 and H.265 video, with audio and metadata,
into preallocated files and says of each picture when it is durable.

This package holds reeld, which records network cameras and serves what it
holds to viewers and programs by gRPC.")
include(CPack)
