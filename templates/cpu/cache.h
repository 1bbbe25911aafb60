/// The cache of keys and values: its rows, and the appending to it.
#pragma once

#include "templates/cpu/vector.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// Whether the numbers of a row of a cache share a scale.
template <class T> inline constexpr bool Scaled = std::is_same_v<T, Int8Rows>;

/// Of a row of a cache, with its scale.
template <class T, int64_t Dim>
inline constexpr int64_t RowBytes = static_cast<int64_t>(sizeof(typename T::storage)) * Dim +
                                    (Scaled<T> ? static_cast<int64_t>(sizeof(float)) : 0);

/// Keys or values of one head, from a position on.
template <class T, int64_t Dim> struct HeadRows {
  typename T::storage *values; // [positions][Dim]
  float *scales;               // [positions], of what is Scaled

  ASHLAR_INLINE HeadRows from(int64_t position) const {
    return {values + position * Dim, Scaled<T> ? scales + position : nullptr};
  }
  /// Part of a row, from column d on: zeros beyond it.
  ASHLAR_INLINE Floats part(int64_t position, int64_t d) const {
    Floats part = load<T>(values + position * Dim + d, Dim - d);
    if constexpr (Scaled<T>)
      part *= scales[position];
    return part;
  }
};

template <class T, int64_t Heads, int64_t Context, int64_t Dim, int64_t Sequences>
ASHLAR_INLINE inline HeadRows<T, Dim> headRows(const StepState &step,
                                               host::Cache<T, Heads, Context, Dim, Sequences> cache,
                                               uint32_t sequence, int64_t head) {
  float *scales = nullptr;
  if constexpr (Scaled<T>)
    scales = cache.scales(step, sequence) + head * Context;
  return {cache.of(step, sequence) + head * Context * Dim, scales};
}

/// Writes a row, of which the largest number becomes 127. A NaN or an infinity makes all of it NaN:
/// in whole numbers it would look like any other.
template <int64_t Dim>
ASHLAR_INLINE inline void storeScaled(const float *from, int8_t *to, float *scale) {
  Floats most = {}, zeros = {};
  for (int64_t i = 0; i < Dim; i += Width) {
    Floats x = load(from + i, Dim - i);
    most = larger(larger(x, -x), most);
    zeros = multiplyAdd(x, Floats{}, zeros);
  }
  float top = largest(most);
  *scale = top * (1.0f / 127) + sum(zeros);
  // Its inverse is no number where all are next to nothing, which zeros are, too.
  float levels = top > 0x1p-100f ? 127 / top : 0;
  for (int64_t i = 0; i < Dim; i += Width)
    store<Int8Rows>(to + i, load(from + i, Dim - i) * levels, Dim - i);
}

/// Writes the rows of this step to their sequences, at their positions.
template <class AnyStep, class T, int64_t C, int64_t S, int64_t Heads, int64_t Context, int64_t Dim,
          int64_t Sequences>
void store(const AnyStep &step, host::Rows<F32, C, S> x,
           host::Cache<T, Heads, Context, Dim, Sequences> cache) {
  static_assert(C == Heads * Dim);
  Task task{step.count() * Heads, 1, 8 * Dim};
  forChunks(step, task, [&](int64_t begin, int64_t end) ASHLAR_INLINE {
    for (int64_t item = begin; item < end; ++item) {
      TokenPlace place = step.place(item / Heads);
      auto position = static_cast<int64_t>(place.position);
      const float *from = x.at(step) + item / Heads * S + item % Heads * Dim;
      HeadRows<T, Dim> to = headRows(step, cache, place.sequence, item % Heads).from(position);
      if constexpr (Scaled<T>)
        storeScaled<Dim>(from, to.values, to.scales);
      else
        for (int64_t i = 0; i < Dim; i += Width)
          store<T>(to.values + i, load(from + i, Dim - i), Dim - i);
    }
  });
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
