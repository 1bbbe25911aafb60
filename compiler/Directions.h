/// What options say about homes, in the terms of one machine: pins, caps, device maps.
#pragma once

#include "compiler/place/Solve.h"

namespace ashlar {

/// Reads the pins and the device map of a request. Its caps become caps of memories; with a device
/// map they were the map's budgets and cap nothing else.
std::optional<Directions> directionsOf(const Machine &machine, const Model &model, Request &request,
                                       Diagnostics &diags);

} // namespace ashlar
