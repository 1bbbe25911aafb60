/// Chooses the sizes that the user left open, places the units, and says what would fit when
/// nothing does.
#pragma once

#include "compiler/place/Problem.h"

namespace ashlar {

/// A placed model, with everything that it was decided from.
struct Solution {
  Sizes sizes;
  std::vector<Unit> units;
  Problem problem;
  Placement placement;
};

/// Exit code 2 when it does not fit: the shortfall of each memory, its largest items, and the
/// nearest request that fits, as options of this command.
std::optional<Solution> solve(const Model &model, const Machine &machine, const Request &request,
                              const Fittings &fittings, Diagnostics &diags);

} // namespace ashlar
