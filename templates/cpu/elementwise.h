/// What is done to each number alone, or to two of one place. Outputs may be the bytes of an input.
#pragma once

#include "templates/cpu/activation.h"
#include "templates/cpu/rows.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// Calls body(row, column, count) for the vectors that this thread comes to do of [step.count(),
/// C]. Where all rows lie one behind the other, they count as one. Outputs that are rounded may lie
/// on inputs of the same row (`roundedInPlace`): a thread does whole rows then, from the left.
template <int64_t C, class Y, int64_t... Strides, uint32_t Max, class Body>
ASHLAR_INLINE inline void forVectors(const Step<Max> &step, Body &&body) {
  constexpr bool rounds = !std::is_same_v<decltype(stored(Y())), host::Rows<F32, C>>;
  constexpr bool Whole = !rounds && ((Strides == C) && ...);
  // A cache line at least; two are read, one is written.
  Task task{step.count() * C, rounds ? C : 16, 12};
  forChunks(step, task, [&](int64_t begin, int64_t end) ASHLAR_INLINE {
    if constexpr (Whole) {
      for (int64_t i = begin; i < end; i += Width)
        body(0, i, end - i);
    } else {
      for (int64_t i = begin; i < end;) {
        int64_t row = i / C, column = i % C;
        int64_t last = end - i < C - column ? column + end - i : C;
        i += last - column;
        for (; column < last; column += Width)
          body(row, column, last - column);
      }
    }
  });
}

template <class A, uint32_t Max, int64_t C, int64_t S, RowsOf<C> Y>
void activate(const Step<Max> &step, host::Rows<F32, C, S> x, Y y) {
  const float *from = x.at(step);
  forVectors<C, Y, S>(step, [&](int64_t row, int64_t i, int64_t count) ASHLAR_INLINE {
    put(step, stored(y), row, i, A::of(load(from + row * S + i, count)), count);
  });
}

/// The activation of gate, times up.
template <class A, uint32_t Max, int64_t C, int64_t S, int64_t Z, RowsOf<C> Y>
void glu(const Step<Max> &step, host::Rows<F32, C, S> gate, host::Rows<F32, C, Z> up, Y y) {
  const float *g = gate.at(step), *u = up.at(step);
  forVectors<C, Y, S, Z>(step, [&](int64_t row, int64_t i, int64_t count) ASHLAR_INLINE {
    Floats value = A::of(load(g + row * S + i, count)) * load(u + row * Z + i, count);
    put(step, stored(y), row, i, value, count);
  });
}

template <uint32_t Max, int64_t C, int64_t S, int64_t Z>
void add(const Step<Max> &step, host::Rows<F32, C, S> a, host::Rows<F32, C, Z> b,
         host::Rows<F32, C> y) {
  const float *left = a.at(step), *right = b.at(step);
  float *to = y.at(step);
  forVectors<C, host::Rows<F32, C>, S, Z>(
      step, [&](int64_t row, int64_t i, int64_t count) ASHLAR_INLINE {
        Floats value = load(left + row * S + i, count) + load(right + row * Z + i, count);
        store(to + row * C + i, value, count);
      });
}

template <uint32_t Max, int64_t C, int64_t S, int64_t Z>
void multiply(const Step<Max> &step, host::Rows<F32, C, S> a, host::Rows<F32, C, Z> b,
              host::Rows<F32, C> y) {
  const float *left = a.at(step), *right = b.at(step);
  float *to = y.at(step);
  forVectors<C, host::Rows<F32, C>, S, Z>(
      step, [&](int64_t row, int64_t i, int64_t count) ASHLAR_INLINE {
        Floats value = load(left + row * S + i, count) * load(right + row * Z + i, count);
        store(to + row * C + i, value, count);
      });
}

template <uint32_t Max, int64_t C>
void copy(const Step<Max> &step, host::Rows<F32, C> x, host::Rows<F32, C> y) {
  const float *from = x.at(step);
  float *to = y.at(step);
  forVectors<C, host::Rows<F32, C>>(step, [&](int64_t, int64_t i, int64_t count) ASHLAR_INLINE {
    store(to + i, load(from + i, count), count);
  });
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
