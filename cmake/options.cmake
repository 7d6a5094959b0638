# Build options that the presets set, and the warnings that every target of ours is built with.
set(CITYLOOM_SANITIZE "" CACHE STRING "Sanitizers for all targets, as -fsanitize takes them")
option(CITYLOOM_FUZZ "Build the fuzzers (clang with libFuzzer)" OFF)
option(CITYLOOM_TESTS "Build the unit tests" ON)

add_library(cityloom_options INTERFACE)
target_compile_options(cityloom_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wunused -Woverloaded-virtual
  -Wcast-align -Wnull-dereference -Wdouble-promotion -Wimplicit-fallthrough
  # Boost 1.74's awaitable.hpp uses std::exchange without including it.
  "SHELL:-include utility")
target_compile_options(cityloom_options INTERFACE -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False positives of g++ 12 inside the standard library under optimisation.
  target_compile_options(cityloom_options INTERFACE
    -Wno-null-dereference -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds -Wno-restrict -fcoroutines)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # std::stable_sort of g++ 12's library calls what that library itself calls deprecated.
  target_compile_options(cityloom_options INTERFACE -Wno-deprecated-declarations)
endif()
target_include_directories(cityloom_options INTERFACE "${CMAKE_SOURCE_DIR}/src")
target_compile_definitions(cityloom_options INTERFACE
  CITYLOOM_VERSION="${PROJECT_VERSION}" BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_CONCEPTS)

if(CITYLOOM_SANITIZE)
  add_compile_options("-fsanitize=${CITYLOOM_SANITIZE}" -fno-omit-frame-pointer)
  add_link_options("-fsanitize=${CITYLOOM_SANITIZE}")
  if(CITYLOOM_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio's fences, beside the locks that the sanitizer does see.
    add_compile_options(-Wno-tsan)
  endif()
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE}")
endif()
