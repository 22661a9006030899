# What CPack leaves to be done on each package.
#
# It gives a package with a shared library scripts that call ldconfig; Debian's policy wants the
# trigger that is there already, and no script. And it installs below one prefix, so that what Debian
# keeps elsewhere is moved there.
function(reel_move tree from to)
  if(EXISTS ${tree}/${from})
    get_filename_component(folder ${tree}/${to} DIRECTORY)
    file(MAKE_DIRECTORY ${folder})
    file(RENAME ${tree}/${from} ${tree}/${to})
    file(READ ${tree}/DEBIAN/md5sums sums)
    string(REPLACE "  ${from}/" "  ${to}/" sums "${sums}")
    file(WRITE ${tree}/DEBIAN/md5sums "${sums}")
  endif()
endfunction()

foreach(package IN LISTS CPACK_PACKAGE_FILES)
  set(tree ${package}.tree)
  execute_process(COMMAND dpkg-deb -R ${package} ${tree} COMMAND_ERROR_IS_FATAL ANY)
  if(EXISTS ${tree}/DEBIAN/triggers)
    file(REMOVE ${tree}/DEBIAN/postinst ${tree}/DEBIAN/postrm)
  endif()
  reel_move(${tree} usr/etc etc)
  reel_move(${tree} usr/lib/systemd lib/systemd)
  execute_process(COMMAND dpkg-deb --root-owner-group -b ${tree} ${package}
    OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  file(REMOVE_RECURSE ${tree})
endforeach()
