/// The frequencies of rotary positions, computed in the steps and in the precision (f32) of the
/// reference implementation, since rotations at late positions magnify their last bit.
#pragma once

#include "compiler/checkpoint/Config.h"

#include <cstdint>
#include <vector>

namespace ashlar {

/// One for each pair of the `dims` rotated columns of a head. Knows the types that `readRope` lets
/// through. Numbers beyond f32 may make frequencies that are not finite.
std::vector<float> ropeFrequencies(const RopeConfig &rope, double theta, uint64_t dims);

} // namespace ashlar
