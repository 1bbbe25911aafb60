/// Rows of weights to panels, in the types that products read. Panels are shared out among the
/// cores; their bytes are the same on every machine, whatever its instruction sets.
#pragma once

#include "compiler/support/DataType.h"

#include <optional>

namespace ashlar {

/// Sums over weights, and the error that quantization adds to each.
struct QuantizationError {
  double squares = 0; // of the weights
  double errors = 0;  // squared
  /// The root mean square of errors, as a part of that of the weights.
  double relative() const;
  void add(const QuantizationError &other) {
    squares += other.squares;
    errors += other.errors;
  }
};

/// A weight that no group can hold: it is no finite number, or too large.
struct NoLevel {
  uint64_t row = 0, column = 0;
};

/// Writes the panels of `count` rows, the first of which begins a panel. Rows are of `type`, or of
/// f32 where that is quantized.
std::optional<NoLevel> packPanels(DataType type, const char *rows, uint64_t count, uint64_t columns,
                                  char *panels, QuantizationError &error);

} // namespace ashlar
