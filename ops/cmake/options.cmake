option(CONDUCTOR_TESTS "Build the tests, the scripted Ollama and the bench" ON)
option(CONDUCTOR_FUZZ "Build the fuzz targets instead of the tests (clang)" OFF)
set(CONDUCTOR_SANITIZE "" CACHE STRING "Sanitizers to build with, as in -fsanitize=")

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wno-unused-parameter)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # CAF 0.17 copies aggregates whose tail GCC 12 wrongly calls uninitialised; strings that
  # are put together it wrongly calls overlapping (its bug 105651).
  add_compile_options(-Wno-maybe-uninitialized -Wno-restrict)
endif()
if(CONDUCTOR_SANITIZE)
  # vptr and null trip inside CAF's own headers.
  add_compile_options(-fsanitize=${CONDUCTOR_SANITIZE} -fno-sanitize=vptr,null
                      -fno-omit-frame-pointer)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Of Asio's coroutines it then sees one half inlined.
    add_compile_options(-Wno-mismatched-new-delete)
  endif()
  add_link_options(-fsanitize=${CONDUCTOR_SANITIZE})
  if(CONDUCTOR_SANITIZE STREQUAL "thread")
    # It knows no fences; Asio's stand beside what orders its handlers anyway.
    add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT CONDUCTOR_SANITIZE AND NOT CONDUCTOR_FUZZ)
  # What users run is hard to break into; tests/guards/hardening.py looks at the program.
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong
                      -fstack-clash-protection)
  add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
# Root-relative includes everywhere: "messages/generation.hpp".
include_directories(${CMAKE_CURRENT_SOURCE_DIR})
