/// What products do on the way when a step has one row, where each call and each wait for threads
/// counts: they add to a residual, or multiply what an activation makes of another product. With
/// more rows that would be done while weights wait, and gains nothing.
#pragma once

#include "compiler/spec/Model.h"

namespace ashlar {

enum class OneRow : uint8_t {
  Alone, // does nothing but its own
  Sum,   // Add: computes one of its inputs, the product before it
  Gated, // Glu: computes both of its inputs, the products before it
};

/// For each op of a block.
std::vector<OneRow> inOneRow(const Block &block);

} // namespace ashlar
