/// What products do on the way instead of other ops: they add to a residual, or multiply by what an
/// activation makes of another product. In a step of one row each call and each wait for threads
/// counts; in steps of many rows, whose products go by tiles, what lies between is more than the
/// caches hold.
#pragma once

#include "compiler/spec/Model.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace ashlar {

enum class OnTheWay : uint8_t {
  Nothing, // an op of its own
  Sum,     // Add: computes one of its inputs, the product before it
  Gated,   // Glu: computes both of its inputs, the products before it
};

/// For each op of a block, in a step of one row.
std::vector<OnTheWay> onTheWay(const Block &block);

/// The same in a step of several rows: of products that read rounded rows.
std::vector<OnTheWay> onTheWay(const Block &block, const std::vector<bool> &rounded);

/// Which values of a block may be rounded to bf16 by who writes them, because products that round
/// their rows, `rounds` of the product, are all that reads them.
std::vector<bool> roundedValues(const Block &block, llvm::function_ref<bool(const Op &)> rounds);

} // namespace ashlar
