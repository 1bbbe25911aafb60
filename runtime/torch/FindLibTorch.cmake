# find_package(LibTorch) with LIBTORCH_ROOT, the folder `torch` of a PyTorch wheel that was unpacked
# (`./dev test` leaves one in its cache), gives LibTorch::torch_cpu.
#
# PyTorch's own package would ask for CUDA's compiler and change the flags of the whole project.
set(LIBTORCH_ROOT "" CACHE PATH "the folder `torch` of a PyTorch wheel, with include/ and lib/")

find_path(LibTorch_INCLUDE_DIR ATen/core/Tensor.h HINTS "${LIBTORCH_ROOT}/include" NO_DEFAULT_PATH)
find_library(LibTorch_torch_cpu torch_cpu HINTS "${LIBTORCH_ROOT}/lib" NO_DEFAULT_PATH)
find_library(LibTorch_c10 c10 HINTS "${LIBTORCH_ROOT}/lib" NO_DEFAULT_PATH)
# LibTorch's own OpenMP runtime: one process has room for one.
find_library(LibTorch_gomp libgomp.so.1 HINTS "${LIBTORCH_ROOT}/lib" NO_DEFAULT_PATH)
mark_as_advanced(LibTorch_INCLUDE_DIR LibTorch_torch_cpu LibTorch_c10 LibTorch_gomp)
if(LibTorch_INCLUDE_DIR)
  file(STRINGS "${LibTorch_INCLUDE_DIR}/torch/headeronly/version.h" version
    REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
  string(REGEX REPLACE "[^0-9;]+" "" version "${version}")
  list(JOIN version "." LibTorch_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_INCLUDE_DIR LibTorch_torch_cpu LibTorch_c10 LibTorch_gomp
  VERSION_VAR LibTorch_VERSION)

if(LibTorch_FOUND AND NOT TARGET LibTorch::torch_cpu)
  foreach(library c10 torch_cpu gomp)
    add_library(LibTorch::${library} SHARED IMPORTED)
    # What the libraries need themselves lies where they look for it, and the linker need not.
    set_target_properties(LibTorch::${library} PROPERTIES
      IMPORTED_LOCATION "${LibTorch_${library}}"
      INTERFACE_INCLUDE_DIRECTORIES
        "${LibTorch_INCLUDE_DIR};${LibTorch_INCLUDE_DIR}/torch/csrc/api/include"
      INTERFACE_COMPILE_FEATURES cxx_std_20
      INTERFACE_LINK_OPTIONS "LINKER:--as-needed;LINKER:--allow-shlib-undefined")
  endforeach()
  set_property(TARGET LibTorch::torch_cpu PROPERTY INTERFACE_LINK_LIBRARIES LibTorch::c10 LibTorch::gomp)
endif()
