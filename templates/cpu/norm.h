/// Norms over the columns of each row.
#pragma once

#include "templates/cpu/vector.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

ASHLAR_INLINE inline float sumOfSquares(const float *x, int64_t count) {
  constexpr int64_t Lanes = 4;
  Floats sums[Lanes] = {};
  int64_t i = 0;
  for (; i + Lanes * Width <= count; i += Lanes * Width)
    unrolled<Lanes>([&](auto lane) ASHLAR_INLINE {
      Floats value = load(x + i + lane * Width);
      sums[lane] = multiplyAdd(value, value, sums[lane]);
    });
  for (; i < count; i += Width) {
    Floats value = load(x + i, count - i);
    sums[0] = multiplyAdd(value, value, sums[0]);
  }
  return sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

/// y = x / sqrt(mean(x^2) + eps) * w. y must not be x's bytes: of a single token, every thread
/// reads all of x while the others write their columns of y.
template <uint32_t Max, int64_t C>
void rmsnorm(const Step<Max> &step, host::Rows<F32, C> x, host::Vector<F32, C> w,
             host::Rows<F32, C> y, float eps) {
  Share rows = Max == 1 ? Share{0, 1} : share(step, step.count());
  Share columns = Max == 1 ? share(step, C, Width) : Share{0, C};
  const float *weight = w.at(step);
  for (int64_t row = rows.begin; row < rows.end; ++row) {
    const float *from = x.at(step) + row * C;
    float *to = y.at(step) + row * C;
    float scale = 1.0f / __builtin_sqrtf(sumOfSquares(from, C) / static_cast<float>(C) + eps);
    for (int64_t i = columns.begin; i < columns.end; i += Width) {
      Floats value = load(from + i, C - i) * scale * load(weight + i, C - i);
      store(to + i, value, C - i);
    }
  }
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
