/// Exact widening and rounded narrowing between the types that weights are stored in.
#pragma once

#include "compiler/checkpoint/Checkpoint.h"
#include "compiler/support/DataType.h"

#include <bit>
#include <cstdint>

namespace ashlar {

float fromHalf(uint16_t bits);
uint16_t toHalf(float value); // to nearest, ties to even

inline float fromBrain(uint16_t bits) { return std::bit_cast<float>(uint32_t(bits) << 16); }
inline uint16_t toBrain(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffff) > 0x7f800000)
    return uint16_t(bits >> 16 | 0x40); // a NaN stays one
  return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// Converts `count` numbers as a checkpoint holds them (F32, F16 or BF16) to their stored type.
/// False when a number is too large for it.
bool convert(const void *from, TensorType fromType, void *to, DataType toType, uint64_t count);

} // namespace ashlar
