/// The strategies: each makes a placement of a problem, none of them checks it.
#pragma once

#include "compiler/place/Problem.h"

namespace ashlar {

/// Fills memories in execution order and counts everything: weights, caches, activations, slots.
/// Several orders are tried, with units that find no room on an accelerator streamed to it or
/// computed by the cpu; the fastest that fits is taken. Where none fits it is the one that exceeds
/// the memories least.
Placement fill(const Problem &problem, const Machine &machine);

/// The home of a unit's weights: a memory or, with nothing, the disk.
using Home = std::optional<MemoryId>;

/// Follows a device map: each unit's weights stay where the map has them, and are used there. What
/// the map leaves on the cpu or the disk is computed by `main`, as Accelerate does. Units without
/// weights have no home in it.
Placement follow(const Problem &problem, const Machine &machine,
                 const std::vector<std::optional<Home>> &homes, ProcessorId main);

} // namespace ashlar
