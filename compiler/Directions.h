/// What options say about homes, in the terms of one machine.
#pragma once

#include "compiler/place/Solve.h"

namespace ashlar {

/// Turns the caps of a request, which name memories or devices, into caps of memories.
bool resolveCaps(const Machine &machine, Request &request, Diagnostics &diags);

/// Pins, and later the device map.
std::optional<Directions> directionsOf(const Machine &machine, const Model &model,
                                       const Request &request, Diagnostics &diags);

} // namespace ashlar
