#include "compiler/pack/Convert.h"

#include <cmath>
#include <cstring>

namespace ashlar {

float fromHalf(uint16_t bits) {
  uint32_t sign = uint32_t(bits & 0x8000) << 16, exponent = bits >> 10 & 31, fraction = bits & 1023;
  if (exponent == 31)
    return std::bit_cast<float>(sign | 0x7f800000 | fraction << 13);
  if (exponent == 0) { // zero or subnormal: fraction * 2^-24, exact in f32
    float magnitude = std::ldexp(float(fraction), -24);
    return sign ? -magnitude : magnitude;
  }
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
}

uint16_t toHalf(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  uint16_t sign = uint16_t(bits >> 16 & 0x8000);
  uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000)
    return sign | 0x7e00;
  if (magnitude >= 0x477ff000) // rounds to 2^16 or more
    return sign | 0x7c00;
  if (magnitude < 0x38800000) { // subnormal: a multiple of 2^-24, rounded to even
    float scaled = std::ldexp(std::bit_cast<float>(magnitude), 24);
    return sign | uint16_t(std::nearbyint(scaled));
  }
  uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
  return sign | uint16_t((rounded - 0x38000000) >> 13);
}

static float widen(const void *from, TensorType type, uint64_t at) {
  if (type == TensorType::F32) {
    float value;
    std::memcpy(&value, static_cast<const char *>(from) + 4 * at, 4);
    return value;
  }
  uint16_t bits;
  std::memcpy(&bits, static_cast<const char *>(from) + 2 * at, 2);
  return type == TensorType::F16 ? fromHalf(bits) : fromBrain(bits);
}

static bool sameType(TensorType from, DataType to) {
  return (from == TensorType::F32 && to == DataType::F32) ||
         (from == TensorType::F16 && to == DataType::F16) ||
         (from == TensorType::BF16 && to == DataType::BF16);
}

bool convert(const void *from, TensorType fromType, void *to, DataType toType, uint64_t count) {
  if (sameType(fromType, toType)) {
    std::memcpy(to, from, count * bytesOf(toType));
    return true;
  }
  bool held = true;
  for (uint64_t i = 0; i < count; ++i) {
    float value = widen(from, fromType, i);
    if (toType == DataType::F32) {
      static_cast<float *>(to)[i] = value;
      continue;
    }
    uint16_t bits = toType == DataType::F16 ? toHalf(value) : toBrain(value);
    held &= !std::isfinite(value) ||
            std::isfinite(toType == DataType::F16 ? fromHalf(bits) : fromBrain(bits));
    static_cast<uint16_t *>(to)[i] = bits;
  }
  return held;
}

} // namespace ashlar
