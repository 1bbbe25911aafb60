/// What products do on the way when there is one row: y = x w^T (+ bias) + z, and
/// y = A(x g^T) * (x u^T). Each is one call where there would be two or three, and to the bit what
/// those give.
#pragma once

#include "templates/cpu/activation.h"
#include "templates/cpu/linear_quantized.h"
#include "templates/cpu/linear_rows.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// The one row as it is multiplied with weights of either layout.
template <class T, int64_t N, int64_t K>
ASHLAR_INLINE inline RowTimesPanels<T> rowFor(const StepState &step, const float *x,
                                              host::Panels<T, N, K>) {
  return {step, x, K};
}
template <class T, int64_t N, int64_t K>
ASHLAR_INLINE inline RowTimesMatrix<T> rowFor(const StepState &step, const float *x,
                                              host::Matrix<T, N, K>) {
  return {step, x, K};
}

/// y may be z's bytes.
template <template <class, int64_t, int64_t> class Weights, class T, int64_t N, int64_t K,
          int64_t S, int64_t Z>
void linear(const Step<1> &step, host::Rows<F32, K, S> x, Weights<T, N, K> w,
            host::Rows<F32, N, Z> z, host::Rows<F32, N> y) {
  linearOfRow<N>(step, rowFor(step, x.at(step), w), w.address(step), nullptr, z.at(step),
                 y.at(step));
}

template <template <class, int64_t, int64_t> class Weights, class T, int64_t N, int64_t K,
          int64_t S, int64_t Z>
void linear(const Step<1> &step, host::Rows<F32, K, S> x, Weights<T, N, K> w,
            host::Vector<F32, N> bias, host::Rows<F32, N, Z> z, host::Rows<F32, N> y) {
  linearOfRow<N>(step, rowFor(step, x.at(step), w), w.address(step), bias.at(step), z.at(step),
                 y.at(step));
}

template <class A, template <class, int64_t, int64_t> class Weights, class T, int64_t N, int64_t K,
          int64_t S>
void glu(const Step<1> &step, host::Rows<F32, K, S> x, Weights<T, N, K> gate, Weights<T, N, K> up,
         host::Rows<F32, N> y) {
  gluOfRow<A, N>(step, rowFor(step, x.at(step), gate), gate.address(step), up.address(step),
                 y.at(step));
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
