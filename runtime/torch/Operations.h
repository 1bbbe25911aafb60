/// What apps ask of LibTorch: a C interface of our own. A program opens the module and takes its
/// table; neither it nor what is emitted sees a header of LibTorch.
#pragma once

#include <stdint.h>

extern "C" {

/// Of this interface. A module of another version is refused.
#define ASHLAR_TORCH_VERSION 1u

enum AshlarTorchType : uint32_t { AshlarTorchF32 = 0, AshlarTorchBF16 = 1 };

/// [rows, columns], row by row, with rows `stride` elements apart.
struct AshlarTorchMatrix {
  void *data;
  int64_t rows, columns, stride;
};

struct AshlarTorchOperations {
  uint32_t version;    // ASHLAR_TORCH_VERSION: the first word, whatever follows
  const char *library; // "LibTorch 2.11.0"

  /// y = x w^T, all of one type, on the calling thread alone: the threads of a team call it side by
  /// side, each for its own part of w and y. Returns 0; or 1, and why in `error`, a text that ends
  /// within its bytes.
  int32_t (*product)(AshlarTorchType type, const AshlarTorchMatrix *x, const AshlarTorchMatrix *w,
                     const AshlarTorchMatrix *y, char *error, uint64_t errorBytes);
};

/// The module's one symbol.
typedef const AshlarTorchOperations *(*AshlarTorchEntry)();
#define ASHLAR_TORCH_ENTRY "ashlar_torch_operations"

} // extern "C"
