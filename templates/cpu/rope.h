/// Rotary positions: the cosines and sines of a step, once, and the rotation of queries and keys.
#pragma once

#include "templates/cpu/vector.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// Row t of y = [cosines | sines] of token t's position, times the amplitude. The angle is the
/// product rounded to f32, as checkpoints were trained with; its cosine and sine are then exact to
/// f32.
template <class AnyStep, int64_t Half>
void angles(const AnyStep &step, const float (&frequencies)[Half], float amplitude,
            host::Rows<F32, 2 * Half> y) {
  // A cosine and a sine take as long as some lines.
  Task task{step.count() * Half, 1, 512};
  forChunks(step, task, [&](int64_t begin, int64_t end) ASHLAR_INLINE {
    for (int64_t i = begin; i < end; ++i) {
      int64_t t = i / Half, j = i % Half;
      float angle = static_cast<float>(step.place(t).position) * frequencies[j];
      float *row = y.at(step) + t * 2 * Half;
      row[j] = static_cast<float>(__builtin_cos(angle)) * amplitude;
      row[Half + j] = static_cast<float>(__builtin_sin(angle)) * amplitude;
    }
  });
}

/// Rotates the first `Dims` of each head, of which number i and number i + Dims / 2 are a pair; the
/// rest is copied. y may be x's bytes.
template <int64_t Heads, int64_t Dim, uint32_t Max, int64_t C, int64_t S, int64_t Dims>
void rotate(const Step<Max> &step, host::Rows<F32, C, S> x, host::Rows<F32, Dims> angles,
            host::Rows<F32, C> y) {
  static_assert(C == Heads * Dim && Dims % 2 == 0 && Dims <= Dim);
  constexpr int64_t Half = Dims / 2;
  Task task{step.count() * Heads, 1, 8 * Dim};
  forChunks(step, task, [&](int64_t begin, int64_t end) ASHLAR_INLINE {
    for (int64_t item = begin; item < end; ++item) {
      const float *from = x.at(step) + item / Heads * S + item % Heads * Dim;
      const float *cosines = angles.at(step) + item / Heads * Dims, *sines = cosines + Half;
      float *to = y.at(step) + item * Dim;
      for (int64_t i = 0; i < Half; i += Width) {
        int64_t count = Half - i;
        Floats a = load(from + i, count), b = load(from + Half + i, count);
        Floats cosine = load(cosines + i, count), sine = load(sines + i, count);
        store(to + i, a * cosine - b * sine, count);
        store(to + Half + i, b * cosine + a * sine, count);
      }
      for (int64_t i = Dims; i < Dim; ++i)
        to[i] = from[i];
    }
  });
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
