/// Norms over the columns of each row.
#pragma once

#include "templates/cpu/rows.h"

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

/// A row of C columns as its norm makes it, some columns at a time.
template <int64_t C> class RmsNormOf {
public:
  ASHLAR_INLINE RmsNormOf(const float *x, const float *w, float eps)
      : x(x), w(w),
        scale(1.0f / __builtin_sqrtf(sumOfSquares(x, C) / static_cast<float>(C) + eps)) {}
  ASHLAR_INLINE Floats at(int64_t i) const {
    return load(x + i, C - i) * scale * load(w + i, C - i);
  }

private:
  const float *x, *w;
  float scale;
};

/// y = x / sqrt(mean(x^2) + eps) * w. y must not be x's bytes: of a single token, every thread
/// reads all of x while the others write their columns of y.
template <uint32_t Max, int64_t C, int64_t S, RowsOf<C> Y>
void rmsnorm(const Step<Max> &step, host::Rows<F32, C, S> x, host::Vector<F32, C> w, Y y,
             float eps) {
  const float *weight = w.at(step);
  forRowsOrColumns<C, Width>(step, 8, [&](int64_t row, int64_t begin, int64_t end) ASHLAR_INLINE {
    RmsNormOf<C> norm(x.at(step) + row * S, weight, eps);
    for (int64_t i = begin; i < end; i += Width)
      put(step, stored(y), row, i, norm.at(i), C - i);
  });
}

/// The same of each head by itself, all with one weight. y may be x's bytes.
template <int64_t Heads, int64_t Dim, uint32_t Max, int64_t C, int64_t S>
void rmsnorm(const Step<Max> &step, host::Rows<F32, C, S> x, host::Vector<F32, Dim> w,
             host::Rows<F32, C> y, float eps) {
  static_assert(C == Heads * Dim);
  const float *weight = w.at(step);
  Task task{step.count() * Heads, 1, 8 * Dim};
  forChunks(step, task, [&](int64_t begin, int64_t end) ASHLAR_INLINE {
    for (int64_t item = begin; item < end; ++item) {
      const float *from = x.at(step) + item / Heads * S + item % Heads * Dim;
      float *to = y.at(step) + item * Dim;
      float scale = 1.0f / __builtin_sqrtf(sumOfSquares(from, Dim) / static_cast<float>(Dim) + eps);
      for (int64_t i = 0; i < Dim; i += Width)
        store(to + i, load(from + i, Dim - i) * scale * load(weight + i, Dim - i), Dim - i);
    }
  });
}

ASHLAR_INLINE inline float sumOf(const float *x, int64_t count) {
  Floats sums[2] = {};
  int64_t i = 0;
  for (; i + 2 * Width <= count; i += 2 * Width) {
    sums[0] += load(x + i);
    sums[1] += load(x + i + Width);
  }
  for (; i < count; i += Width)
    sums[0] += load(x + i, count - i);
  return sum(sums[0] + sums[1]);
}

/// The sum of the squares of what is left of x after `mean` is taken away.
ASHLAR_INLINE inline float sumOfDeviations(const float *x, int64_t count, float mean) {
  Floats sums[2] = {};
  int64_t i = 0;
  for (; i + 2 * Width <= count; i += 2 * Width)
    unrolled<2>([&](auto lane) ASHLAR_INLINE {
      Floats value = load(x + i + lane * Width) - mean;
      sums[lane] = multiplyAdd(value, value, sums[lane]);
    });
  for (; i + Width <= count; i += Width) {
    Floats value = load(x + i) - mean;
    sums[0] = multiplyAdd(value, value, sums[0]);
  }
  float rest = 0;
  for (; i < count; ++i)
    rest += (x[i] - mean) * (x[i] - mean);
  return sum(sums[0] + sums[1]) + rest;
}

/// A row of C columns as its layer norm makes it; w and b may be missing.
template <int64_t C> class LayerNormOf {
public:
  ASHLAR_INLINE LayerNormOf(const float *x, const float *w, const float *b, float eps)
      : x(x), w(w), b(b), mean(sumOf(x, C) / static_cast<float>(C)) {
    float variance = sumOfDeviations(x, C, mean) / static_cast<float>(C);
    scale = 1.0f / __builtin_sqrtf(variance + eps);
  }
  ASHLAR_INLINE Floats at(int64_t i) const {
    Floats value = (load(x + i, C - i) - mean) * scale;
    if (w)
      value *= load(w + i, C - i);
    if (b)
      value += load(b + i, C - i);
    return value;
  }

private:
  const float *x, *w, *b;
  float mean, scale;
};

/// y = (x - mean(x)) / sqrt(variance(x) + eps) * w + b, of which w and b may be missing. As above,
/// y must not be x's bytes.
template <uint32_t Max, int64_t C, int64_t S, RowsOf<C> Y>
void layernormRows(const Step<Max> &step, host::Rows<F32, C, S> x, const float *w, const float *b,
                   Y y, float eps) {
  forRowsOrColumns<C, Width>(step, 8, [&](int64_t row, int64_t begin, int64_t end) ASHLAR_INLINE {
    LayerNormOf<C> norm(x.at(step) + row * S, w, b, eps);
    for (int64_t i = begin; i < end; i += Width)
      put(step, stored(y), row, i, norm.at(i), C - i);
  });
}

template <uint32_t Max, int64_t C, int64_t S, RowsOf<C> Y>
void layernorm(const Step<Max> &step, host::Rows<F32, C, S> x, host::Vector<F32, C> w,
               host::Vector<F32, C> b, Y y, float eps) {
  layernormRows(step, x, w.at(step), b.at(step), y, eps);
}
template <uint32_t Max, int64_t C, int64_t S, RowsOf<C> Y>
void layernorm(const Step<Max> &step, host::Rows<F32, C, S> x, host::Vector<F32, C> w, Y y,
               float eps) {
  layernormRows(step, x, w.at(step), nullptr, y, eps);
}
template <uint32_t Max, int64_t C, int64_t S, RowsOf<C> Y>
void layernorm(const Step<Max> &step, host::Rows<F32, C, S> x, Y y, float eps) {
  layernormRows(step, x, nullptr, nullptr, y, eps);
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
