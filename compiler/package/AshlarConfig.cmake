# find_package(Ashlar) gives the tool as Ashlar::ashlar, and a function:
#
#   ashlar_add_model(NAME MODEL <dir> [MACHINE <profile>] [LIBTORCH <root>] [OPTIONS <option>...])
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
#
# With LIBTORCH, the folder `torch` of an unpacked PyTorch wheel, NAME is a library instead, for
# programs that hold at::Tensors: they link it, include runtime/torch/Model.h, and find the weights at
# ASHLAR_MODEL_PACK, which it defines. It is a project of emitted sources, NAME-sources, that is built
# in NAME-build; the project here must have the language CXX.
cmake_minimum_required(VERSION 3.24)
set(ASHLAR_PACKAGE_FOLDER "${CMAKE_CURRENT_LIST_DIR}")
include("${CMAKE_CURRENT_LIST_DIR}/AshlarTargets.cmake")

function(ashlar_add_model name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "MODEL;MACHINE;LIBTORCH" "OPTIONS")
  if(DEFINED arg_UNPARSED_ARGUMENTS OR NOT arg_MODEL OR DEFINED arg_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "write ashlar_add_model(NAME MODEL <dir> [MACHINE <profile>] "
      "[LIBTORCH <root>] [OPTIONS <option>...]), not ashlar_add_model(${ARGV})")
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
  if(arg_LIBTORCH)
    ashlar_add_torch_library(${name} "${arg_LIBTORCH}" ${request} ${arg_OPTIONS})
    return()
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

# The part of ashlar_add_model that makes a library: NAME LIBTORCH_ROOT REQUEST...
function(ashlar_add_torch_library name LIBTORCH_ROOT)
  list(APPEND CMAKE_MODULE_PATH "${ASHLAR_PACKAGE_FOLDER}")
  find_package(LibTorch 2.11 REQUIRED)
  find_package(Threads REQUIRED)
  set(sources "${CMAKE_CURRENT_BINARY_DIR}/${name}-sources")
  set(built "${CMAKE_CURRENT_BINARY_DIR}/${name}-build")
  set(libraries "${built}/libplaced_torch.a" "${built}/libplaced.a")
  add_custom_command(OUTPUT "${sources}/model.plan" BYPRODUCTS ${libraries} "${sources}/model.pack"
    COMMAND Ashlar::ashlar build ${ARGN} --sources "${sources}" --depfile "${sources}.d"
    COMMAND ${CMAKE_COMMAND} -G "${CMAKE_GENERATOR}" -S "${sources}" -B "${built}"
      "-DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}" -DCMAKE_BUILD_TYPE=Release
      "-DLIBTORCH_ROOT=${LIBTORCH_ROOT}"
    COMMAND ${CMAKE_COMMAND} --build "${built}" --target placed_torch
    DEPENDS Ashlar::ashlar
    DEPFILE "${sources}.d"
    COMMENT "Placing ${name}"
    VERBATIM)
  add_custom_target(build-${name} ALL SOURCES "${sources}/model.plan")

  file(MAKE_DIRECTORY "${sources}") # which must be there to be named below
  add_library(${name} INTERFACE)
  add_dependencies(${name} build-${name})
  target_include_directories(${name} INTERFACE "${sources}")
  target_compile_definitions(${name} INTERFACE "ASHLAR_MODEL_PACK=\"${sources}/model.pack\"")
  target_link_libraries(${name} INTERFACE ${libraries} LibTorch::torch_cpu Threads::Threads)
  target_compile_features(${name} INTERFACE cxx_std_20)
endfunction()
