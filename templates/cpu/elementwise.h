/// What is done to each number alone. Outputs may be the bytes of an input.
#pragma once

#include "templates/cpu/vector.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// Calls body(i, count) for the vectors of this thread's share of `total` floats.
template <class Body>
ASHLAR_INLINE inline void forShare(const StepState &step, int64_t total, Body &&body) {
  Share mine = share(step, total, 16); // a cache line
  for (int64_t i = mine.begin; i < mine.end; i += Width)
    body(i, mine.end - i);
}

/// x * sigmoid(x)
ASHLAR_INLINE inline Floats silu(Floats x) { return x / (1.0f + exponential(-x)); }

template <uint32_t Max, int64_t C>
void silu(const Step<Max> &step, host::Rows<F32, C> x, host::Rows<F32, C> y) {
  const float *from = x.at(step);
  float *to = y.at(step);
  forShare(step, step.count() * C, [&](int64_t i, int64_t count) ASHLAR_INLINE {
    store(to + i, silu(load(from + i, count)), count);
  });
}

/// silu(gate) * up
template <uint32_t Max, int64_t C>
void glu(const Step<Max> &step, host::Rows<F32, C> gate, host::Rows<F32, C> up,
         host::Rows<F32, C> y) {
  const float *g = gate.at(step), *u = up.at(step);
  float *to = y.at(step);
  forShare(step, step.count() * C, [&](int64_t i, int64_t count) ASHLAR_INLINE {
    store(to + i, silu(load(g + i, count)) * load(u + i, count), count);
  });
}

template <uint32_t Max, int64_t C>
void add(const Step<Max> &step, host::Rows<F32, C> a, host::Rows<F32, C> b, host::Rows<F32, C> y) {
  const float *left = a.at(step), *right = b.at(step);
  float *to = y.at(step);
  forShare(step, step.count() * C, [&](int64_t i, int64_t count) ASHLAR_INLINE {
    store(to + i, load(left + i, count) + load(right + i, count), count);
  });
}

template <uint32_t Max, int64_t C>
void multiply(const Step<Max> &step, host::Rows<F32, C> a, host::Rows<F32, C> b,
              host::Rows<F32, C> y) {
  const float *left = a.at(step), *right = b.at(step);
  float *to = y.at(step);
  forShare(step, step.count() * C, [&](int64_t i, int64_t count) ASHLAR_INLINE {
    store(to + i, load(left + i, count) * load(right + i, count), count);
  });
}

template <uint32_t Max, int64_t C>
void copy(const Step<Max> &step, host::Rows<F32, C> x, host::Rows<F32, C> y) {
  const float *from = x.at(step);
  float *to = y.at(step);
  forShare(step, step.count() * C, [&](int64_t i, int64_t count) ASHLAR_INLINE {
    store(to + i, load(from + i, count), count);
  });
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
