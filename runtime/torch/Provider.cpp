/// The operations of LibTorch, on bytes of the caller's arena.
///
/// Results are written where the caller has room for them: operations are called in the form that
/// takes its output. What LibTorch takes behind that is a sum that plans count, as it was measured:
/// its code and tables, tensors' headers (some hundred bytes, freed at once), and the buffers in
/// which MKL and oneDNN pack operands (a few MiB a thread, kept).
#define TORCH_ASSERT_ONLY_METHOD_OPERATORS
#include "runtime/torch/Operations.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm.h>
#include <c10/core/InferenceMode.h>
#include <torch/headeronly/version.h>

#include <cstdio>
#include <exception>

// Of LibTorch's libraries, which install no headers for them.
extern "C" {
int omp_get_max_threads();
void omp_set_num_threads(int threads);
int MKL_Set_Num_Threads_Local(int threads);
}

namespace {

/// The calling thread computes alone: its team has a thread for each core already, and threads of
/// two pools would wait for each other's cores. Only this thread's numbers change, and only for a
/// while, so that a program that uses LibTorch itself keeps its own.
class OneThread {
  int threads;
  int mklThreads;

public:
  OneThread() {
    at::internal::lazy_init_num_threads(); // else LibTorch sets the number, at its first operation
    threads = omp_get_max_threads();
    omp_set_num_threads(1);
    mklThreads = MKL_Set_Num_Threads_Local(1);
  }
  OneThread(const OneThread &) = delete;
  OneThread &operator=(const OneThread &) = delete;
  ~OneThread() {
    omp_set_num_threads(threads);
    MKL_Set_Num_Threads_Local(mklThreads);
  }
};

at::Tensor view(const AshlarTorchMatrix &matrix, at::ScalarType type) {
  return at::from_blob(matrix.data, {matrix.rows, matrix.columns}, {matrix.stride, 1}, type);
}

/// Runs `body`; nothing that it throws goes on into the caller, which cannot take it.
template <class Body> int32_t guarded(char *error, uint64_t errorBytes, Body &&body) {
  try {
    OneThread alone;
    c10::InferenceMode noGradients;
    body();
    return 0;
  } catch (const std::exception &e) {
    std::snprintf(error, errorBytes, "%s", e.what());
  } catch (...) {
    std::snprintf(error, errorBytes, "an unknown exception");
  }
  return 1;
}

int32_t product(AshlarTorchType type, const AshlarTorchMatrix *x, const AshlarTorchMatrix *w,
                const AshlarTorchMatrix *y, char *error, uint64_t errorBytes) {
  return guarded(error, errorBytes, [&] {
    at::ScalarType scalar = type == AshlarTorchF32 ? at::kFloat : at::kBFloat16;
    at::Tensor result = view(*y, scalar);
    at::mm_out(result, view(*x, scalar), view(*w, scalar).t());
  });
}

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

constexpr AshlarTorchOperations operations = {
    .version = ASHLAR_TORCH_VERSION,
    .library = "LibTorch " TEXT(TORCH_VERSION_MAJOR) "." TEXT(TORCH_VERSION_MINOR) "." TEXT(
        TORCH_VERSION_PATCH),
    .product = product,
};

} // namespace

extern "C" __attribute__((visibility("default"))) const AshlarTorchOperations *
ashlar_torch_operations() {
  return &operations;
}
