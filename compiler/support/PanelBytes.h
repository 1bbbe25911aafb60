/// The size of a matrix in panels, the layout of kernels for the cpu.
#pragma once

#include "compiler/support/DataType.h"

namespace ashlar {

/// Sizes are not checked for overflow: the matrix exists.
uint64_t panelBytes(DataType type, uint64_t rows, uint64_t columns);

} // namespace ashlar
