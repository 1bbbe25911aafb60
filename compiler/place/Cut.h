/// Cuts blocks into pieces, so that every piece can have one home: a device map may put a norm's
/// weight on one device and the matrix behind it on another.
///
/// What a later piece reads of an earlier one crosses as a stream. A piece writes one stream, so
/// there are as many pieces as values that cross; where nothing is cut, the model stays as it is.
#pragma once

#include "compiler/spec/Model.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace ashlar {

/// By block: the ops that begin a new piece, ascending. Empty: the block stays whole.
using Cuts = std::vector<std::vector<uint32_t>>;

/// Cuts wherever an op's weight has another place than the weights before it in its block. An op
/// has one place: of its weight, whatever the place of its bias.
Cuts cutsBetween(const Model &model, llvm::function_ref<uint32_t(WeightId)> place);

/// The model with these cuts, and those that follow from them. Pieces are named by their block and
/// by the value that they make: "head.norm".
Model cut(const Model &model, Cuts cuts);

} // namespace ashlar
