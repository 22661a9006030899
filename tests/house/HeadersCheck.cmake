# reel_headers_check(TARGET INCLUDE_DIR FOLDER): compiles every header of INCLUDE_DIR/FOLDER alone,
# twice over, with nothing but INCLUDE_DIR to include from.
function(reel_headers_check target include_dir folder)
  file(GLOB headers CONFIGURE_DEPENDS RELATIVE ${include_dir} ${include_dir}/${folder}/*.h)
  set(sources)
  foreach(header ${headers})
    set(source ${CMAKE_CURRENT_BINARY_DIR}/${target}/${header}.cc)
    file(CONFIGURE OUTPUT ${source} CONTENT "#include \"@header@\"\n#include \"@header@\"\n" @ONLY)
    list(APPEND sources ${source})
  endforeach()
  add_library(${target} OBJECT ${sources})
  target_include_directories(${target} PRIVATE ${include_dir})
endfunction()
