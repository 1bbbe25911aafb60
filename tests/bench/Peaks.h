/// The most that processors multiply and add up, with the instructions that kernels of many rows do
/// it with: loops over sums that are independent of each other and stay in registers.
#pragma once

#include "templates/cpu/attention_tiles.h"
#include "templates/cpu/panels.h"
#include "tests/bench/Bench.h"

namespace bench {

extern const Peak floats; // of f32
#ifdef __AVX512BF16__
extern const Peak pairs; // of bf16
#endif
#ifdef __AMX_BF16__
extern const Peak tiles;      // of bf16
extern const Peak splitTiles; // the same where one factor is two numbers
#endif
#if defined(__AVX512VNNI__) || ASHLAR_VECTOR_BYTES == 32
extern const Peak wholeNumbers;
#endif

/// Of products with weights of a type, of rows that are rounded where the processor multiplies
/// bf16.
template <class T> const Peak &peakOf() {
#if defined(__AVX512VNNI__) || ASHLAR_VECTOR_BYTES == 32
  if constexpr (cpu::Quantized<T>)
    return wholeNumbers;
#endif
#if defined(__AMX_BF16__)
  if constexpr (std::is_same_v<T, BF16>)
    return tiles;
#elif defined(__AVX512BF16__)
  if constexpr (std::is_same_v<T, BF16>)
    return pairs;
#endif
  return floats;
}

/// Of rows that are rounded by the product itself.
inline const Peak &peakOfRounding() {
#ifdef __AVX512BF16__
  return pairs;
#else
  return floats;
#endif
}

/// Of attention over caches of a type.
template <class T> const Peak &peakOfAttention() {
#ifdef __AMX_BF16__
  if constexpr (cpu::AttendsByTiles<T, Dim>)
    return splitTiles;
#endif
  return floats;
}

} // namespace bench
