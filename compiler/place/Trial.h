/// One attempt to place a model with sizes that are all given.
#pragma once

#include "compiler/place/Solve.h"

namespace ashlar {

/// What the attempts of one command have in common.
struct Trials {
  const Model &model;
  const Machine &machine;
  const Directions &directions;
  const Fittings &fittings;
  Diagnostics &diags;

  /// A placement, whether it fits or not; nothing after an error.
  std::optional<Solution> attempt(const Request &request, Sizes sizes) const;
};

bool fits(const Solution &solution);
/// Bytes by which a memory is exceeded; zero where it is not.
Bytes shortfall(const Solution &solution, uint32_t memory);

/// Says of a solution that does not fit what is short, what takes most, and what would fit.
void sayDoesNotFit(const Trials &trials, const Request &request, const Solution &solution);

} // namespace ashlar
