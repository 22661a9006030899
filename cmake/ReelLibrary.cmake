# libreel: the engine and its index as one shared library, and what an embedder finds it with.
#
# It exports what carries REEL_API, and nothing of what its own templates and libraries would add
# (libreel.map.in). What is exported at present stands in tests/embed; a test compares.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Where Debian looks, whatever the prefix: packages and a plain install have one layout.
if(EXISTS /etc/debian_version AND CMAKE_LIBRARY_ARCHITECTURE)
  set(CMAKE_INSTALL_LIBDIR lib/${CMAKE_LIBRARY_ARCHITECTURE})
  set(CMAKE_INSTALL_FULL_LIBDIR ${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR})
endif()

set(objects)
foreach(box base media format io segment volume store index embed)
  list(APPEND objects $<TARGET_OBJECTS:reel_${box}>)
endforeach()
set(map ${PROJECT_BINARY_DIR}/libreel.map)
configure_file(${CMAKE_CURRENT_LIST_DIR}/libreel.map.in ${map} @ONLY)
add_library(reel_shared SHARED ${objects})
add_library(reel::reel ALIAS reel_shared)
set_target_properties(reel_shared PROPERTIES
  OUTPUT_NAME reel EXPORT_NAME reel LINKER_LANGUAGE CXX
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
  LINK_DEPENDS ${map})
target_include_directories(reel_shared INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/engine/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(reel_shared PRIVATE
  PkgConfig::ISAL OpenSSL::Crypto PkgConfig::URING RocksDB::rocksdb-shared Threads::Threads)
target_link_options(reel_shared PRIVATE
  -Wl,--version-script=${map} -Wl,--as-needed)
if(REEL_SANITIZE)
  target_link_options(reel_shared PRIVATE -fsanitize=${REEL_SANITIZE})
else()
  target_link_options(reel_shared PRIVATE -Wl,--no-undefined)
endif()

install(TARGETS reel_shared EXPORT reelTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT dev)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/engine/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/docs/EMBEDDING.md
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libreel-dev COMPONENT dev)

# find_package(reel): needs nothing but the compiler, as no other library shows in the headers.
set(cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/reel)
install(EXPORT reelTargets NAMESPACE reel:: DESTINATION ${cmake_dir} COMPONENT dev)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/reelConfig.cmake.in
  ${PROJECT_BINARY_DIR}/reelConfig.cmake INSTALL_DESTINATION ${cmake_dir})
# Before 1.0 a minor version may change the C++ surface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/reelConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/reelConfig.cmake ${PROJECT_BINARY_DIR}/reelConfigVersion.cmake
  DESTINATION ${cmake_dir} COMPONENT dev)

# pkg-config reel: found from where the file lies, so the prefix may be moved.
file(RELATIVE_PATH pc_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${CMAKE_CURRENT_LIST_DIR}/reel.pc.in ${PROJECT_BINARY_DIR}/reel.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/reel.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
