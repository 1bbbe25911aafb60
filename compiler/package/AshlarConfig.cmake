# find_package(Ashlar) gives the tool as Ashlar::ashlar, and a function:
#
#   ashlar_add_model(NAME MODEL <dir> [MACHINE <profile>] [OPTIONS <option>...])
#
# places the model into an executable NAME in the current build folder. It is built with everything
# else, or alone as the target build-NAME, and is a target for add_test, add_custom_command and
# $<TARGET_FILE:NAME>. MODEL and MACHINE are relative to the current source folder; MACHINE may be
# a profile that the tool carries, and without it this machine is measured. OPTIONS are those of
# `ashlar build`; paths in them are absolute.
#
# It is built anew when these arguments, a file that it was made from or the tool has changed, and
# a build that fails leaves the executable as it was (but CMake's Makefiles remove what they make when
# its arguments change).
cmake_minimum_required(VERSION 3.24)
include("${CMAKE_CURRENT_LIST_DIR}/AshlarTargets.cmake")

function(ashlar_add_model name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "MODEL;MACHINE" "OPTIONS")
  if(DEFINED arg_UNPARSED_ARGUMENTS OR NOT arg_MODEL OR DEFINED arg_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "write ashlar_add_model(NAME MODEL <dir> [MACHINE <profile>] "
      "[OPTIONS <option>...]), not ashlar_add_model(${ARGV})")
  endif()

  cmake_path(ABSOLUTE_PATH arg_MODEL)
  set(request "${arg_MODEL}")
  if(arg_MACHINE)
    cmake_path(ABSOLUTE_PATH arg_MACHINE OUTPUT_VARIABLE profile)
    if(arg_MACHINE MATCHES "/" OR EXISTS "${profile}")
      set(arg_MACHINE "${profile}")
    endif()
    list(APPEND request --machine "${arg_MACHINE}")
  endif()
  if(CMAKE_CXX_COMPILER AND NOT arg_OPTIONS MATCHES "(^|;)--?cxx(=|;)")
    list(APPEND request --cxx "${CMAKE_CXX_COMPILER}")
  endif()
  list(APPEND request ${arg_OPTIONS})

  set(app "${CMAKE_CURRENT_BINARY_DIR}/${name}")
  set(beside)
  if(arg_OPTIONS MATCHES "(^|;)--?weights[=;]beside(;|$)")
    set(beside BYPRODUCTS "${app}.pack")
  endif()
  # What CMake collects of depfiles for make only grows, and what waits for a file that is gone would
  # be made each time: it is collected anew.
  set(forget)
  if(CMAKE_GENERATOR MATCHES "Makefiles")
    set(forget COMMAND ${CMAKE_COMMAND} -E rm -f
      "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/build-${name}.dir/compiler_depend.internal")
  endif()
  add_custom_command(OUTPUT "${app}" ${beside}
    COMMAND Ashlar::ashlar build ${request} -o "${app}" --depfile "${app}.d"
    ${forget}
    DEPENDS Ashlar::ashlar
    DEPFILE "${app}.d"
    COMMENT "Placing ${name}"
    VERBATIM)
  # As a source: DEPENDS would take the file for the executable below, and so for what depends on it.
  add_custom_target(build-${name} ALL SOURCES "${app}")

  add_executable(${name} IMPORTED GLOBAL)
  set_target_properties(${name} PROPERTIES IMPORTED_LOCATION "${app}")
  add_dependencies(${name} build-${name})
endfunction()
