# Every box of the layer picture (docs/ARCHITECTURE.md) is one static library made by reel_box();
# every test program is made by reel_test(). Flags are set here and nowhere else.

add_library(reel_flags INTERFACE)
target_compile_options(reel_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wcast-align -Wundef -Werror
  -fno-omit-frame-pointer)
# Some seventy programs with all of the engine in each: where it is there, the fast linker.
find_program(REEL_LLD ld.lld)
if(REEL_LLD)
  target_link_options(reel_flags INTERFACE -fuse-ld=lld)
endif()
if(REEL_SANITIZE)
  target_compile_options(reel_flags INTERFACE -fsanitize=${REEL_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(reel_flags INTERFACE -fsanitize=${REEL_SANITIZE})
endif()
if(REEL_BUILD_FUZZERS)
  # Every box counts its edges; without it a fuzzer is blind outside its own file.
  target_compile_options(reel_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
# reel_united(TARGET): under a sanitizer its files are compiled eight at a time. Each of them instantiates
# half of CLI11, nlohmann_json or gRPC, which takes ten instrumented seconds a file. The other builds see every
# file by itself, with the headers it names.
function(reel_united target)
  if(REEL_SANITIZE)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  endif()
endfunction()

# reel_box(NAME DIR DEPS...): the library reel_NAME from every .cc of DIR.
function(reel_box name)
  cmake_parse_arguments(BOX "" "" "DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  if(sources)
    add_library(reel_${name} STATIC ${sources})
    target_include_directories(reel_${name} PUBLIC ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/engine/include)
    target_link_libraries(reel_${name} PUBLIC ${BOX_DEPS} PRIVATE reel_flags)
  else()
    add_library(reel_${name} INTERFACE)
    target_include_directories(reel_${name} INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/engine/include)
    target_link_libraries(reel_${name} INTERFACE ${BOX_DEPS})
  endif()
  if(REEL_SANITIZE)
    target_link_options(reel_${name} INTERFACE -fsanitize=${REEL_SANITIZE})
  endif()
endfunction()

# reel_test(NAME DEPS...): one GoogleTest program from every *_test.cc of the current folder.
function(reel_test name)
  cmake_parse_arguments(TEST "" "" "DEPS;ARGS;LABELS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${name}_test ${sources})
  target_link_libraries(${name}_test PRIVATE ${TEST_DEPS} GTest::gmock GTest::gtest_main reel_flags)
  target_compile_definitions(${name}_test PRIVATE REEL_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name}_test ${TEST_ARGS})
  set_tests_properties(${name} PROPERTIES TIMEOUT 600 LABELS "${TEST_LABELS}")
endfunction()
