/// What products do on the way when there is one row: y = x w^T (+ bias) + z,
/// y = A(x g^T) * (x u^T), several products of one row, and x may be what a norm makes of a row.
/// Each is one call where there would be two or more, and to the bit what those give.
#pragma once

#include "templates/cpu/activation.h"
#include "templates/cpu/linear_quantized.h"
#include "templates/cpu/linear_rows.h"
#include "templates/cpu/norm.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// What a norm makes of a row of C columns. Each thread computes that for itself when it first
/// needs it, which takes less than to wait for each other. `Make` gives the norm of a step's row.
template <int64_t C, class Make> struct Normed { Make make; };

template <int64_t C, class Make> ASHLAR_INLINE inline Normed<C, Make> normed(Make make) {
  return {make};
}
template <int64_t C, int64_t S>
ASHLAR_INLINE inline auto rmsnormed(host::Rows<F32, C, S> x, host::Vector<F32, C> w, float eps) {
  return normed<C>([=](const StepState &step)
                       ASHLAR_INLINE { return RmsNormOf<C>(x.at(step), w.at(step), eps); });
}
template <int64_t C, int64_t S>
ASHLAR_INLINE inline auto layernormed(host::Rows<F32, C, S> x, host::Vector<F32, C> w,
                                      host::Vector<F32, C> b, float eps) {
  return normed<C>([=](const StepState &step) ASHLAR_INLINE {
    return LayerNormOf<C>(x.at(step), w.at(step), b.at(step), eps);
  });
}
template <int64_t C, int64_t S>
ASHLAR_INLINE inline auto layernormed(host::Rows<F32, C, S> x, host::Vector<F32, C> w, float eps) {
  return normed<C>([=](const StepState &step) ASHLAR_INLINE {
    return LayerNormOf<C>(x.at(step), w.at(step), nullptr, eps);
  });
}
template <int64_t C, int64_t S>
ASHLAR_INLINE inline auto layernormed(host::Rows<F32, C, S> x, float eps) {
  return normed<C>([=](const StepState &step)
                       ASHLAR_INLINE { return LayerNormOf<C>(x.at(step), nullptr, nullptr, eps); });
}

template <int64_t C, class Make> class NormedRow {
public:
  ASHLAR_INLINE NormedRow(const StepState &step, Make make) : step(step), make(make) {}
  ASHLAR_INLINE const float *get() {
    if (!made) {
      auto norm = make(step);
      for (int64_t i = 0; i < C; i += Width)
        store(values + i, norm.at(i), C - i);
      made = true;
    }
    return values;
  }

private:
  static_assert(C <= host::StackColumns);
  const StepState &step;
  Make make;
  bool made = false;
  alignas(64) float values[C];
};

/// The one row, as it is given or made.
template <int64_t C, int64_t S>
ASHLAR_INLINE inline GivenRow rowOf(const StepState &step, host::Rows<F32, C, S> x) {
  return {x.at(step)};
}
template <int64_t C, class Make>
ASHLAR_INLINE inline NormedRow<C, Make> rowOf(const StepState &step, Normed<C, Make> x) {
  return {step, x.make};
}

/// The same as it is multiplied with weights of either layout.
template <class T, class Input, int64_t N, int64_t K>
ASHLAR_INLINE inline RowTimesPanels<T, Input> rowFor(const StepState &step, Input &x,
                                                     host::Panels<T, N, K>) {
  return {step, x, K};
}
template <class T, class Input, int64_t N, int64_t K>
ASHLAR_INLINE inline RowTimesMatrix<T, Input> rowFor(const StepState &step, Input &x,
                                                     host::Matrix<T, N, K>) {
  return {step, x, K};
}

/// y may be z's bytes.
template <template <class, int64_t, int64_t> class Weights, class T, int64_t N, int64_t K,
          int64_t S, int64_t Z>
void linear(const Step<1> &step, host::Rows<F32, K, S> x, Weights<T, N, K> w,
            host::Rows<F32, N, Z> z, host::Rows<F32, N> y) {
  GivenRow row = rowOf(step, x);
  linearOfRow<N>(step, rowFor(step, row, w), w.address(step), nullptr, z.at(step), y.at(step));
}

template <template <class, int64_t, int64_t> class Weights, class T, int64_t N, int64_t K,
          int64_t S, int64_t Z>
void linear(const Step<1> &step, host::Rows<F32, K, S> x, Weights<T, N, K> w,
            host::Vector<F32, N> bias, host::Rows<F32, N, Z> z, host::Rows<F32, N> y) {
  GivenRow row = rowOf(step, x);
  linearOfRow<N>(step, rowFor(step, row, w), w.address(step), bias.at(step), z.at(step),
                 y.at(step));
}

template <class A, class X, template <class, int64_t, int64_t> class Weights, class T, int64_t N,
          int64_t K>
void glu(const Step<1> &step, X x, Weights<T, N, K> gate, Weights<T, N, K> up,
         host::Rows<F32, N> y) {
  auto row = rowOf(step, x);
  gluOfRow<A, N>(step, rowFor(step, row, gate), gate.address(step), up.address(step), y.at(step));
}

/// One of several products.
template <class Weights, int64_t N, bool Biased> struct Product {
  Weights weights;
  host::Vector<F32, N> bias;
  host::Rows<F32, N> y;
  static constexpr int64_t Outputs = N;
  ASHLAR_INLINE const float *biasAt(const StepState &step) const {
    return Biased ? bias.at(step) : nullptr;
  }
};
template <template <class, int64_t, int64_t> class Weights, class T, int64_t N, int64_t K>
ASHLAR_INLINE inline Product<Weights<T, N, K>, N, false> to(Weights<T, N, K> w,
                                                            host::Rows<F32, N> y) {
  return {w, {}, y};
}
template <template <class, int64_t, int64_t> class Weights, class T, int64_t N, int64_t K>
ASHLAR_INLINE inline Product<Weights<T, N, K>, N, true>
to(Weights<T, N, K> w, host::Vector<F32, N> bias, host::Rows<F32, N> y) {
  return {w, bias, y};
}

/// Some products of one row, with weights of one type and layout: their panels are shared among
/// threads as if they were those of one matrix.
template <class X, class First, class... Others>
void products(const Step<1> &step, X x, First first, Others... others) {
  constexpr int64_t Panels = panelCount(First::Outputs) + (panelCount(Others::Outputs) + ... + 0);
  constexpr int64_t Rows = host::PanelRows, Outputs = Panels * Rows;
  // Each with the panels, or outputs, of a range that are its own: where they begin there and here.
  auto within = [&](int64_t begin, int64_t end, auto body) ASHLAR_INLINE {
    int64_t before = 0;
    auto one = [&](auto product) ASHLAR_INLINE {
      int64_t after = before + panelCount(product.Outputs);
      int64_t from = begin > before ? begin : before, until = end < after ? end : after;
      if (from < until)
        body(product, from - before, until - before, (from - begin) * Rows);
      before = after;
    };
    one(first);
    (one(others), ...);
  };
  auto row = rowOf(step, x);
  auto times = rowFor(step, row, first.weights);
  forChunksOfRow<Outputs>(
      step, times.panelBytes(),
      [&](int64_t begin, int64_t end, RowOutputs<Outputs, 1> &outputs) ASHLAR_INLINE {
        within(begin, end,
               [&](auto product, int64_t from, int64_t until, int64_t at) ASHLAR_INLINE {
                 multiplyPanels<product.Outputs>(step, times, product.weights.address(step),
                                                 product.biasAt(step), from, until,
                                                 outputs.of[0] + at);
               });
      },
      [&](int64_t first, int64_t count, const RowOutputs<Outputs, 1> &outputs) ASHLAR_INLINE {
        within(first / Rows, (first + count) / Rows,
               [&](auto product, int64_t from, int64_t until, int64_t at) ASHLAR_INLINE {
                 int64_t end = until * Rows < product.Outputs ? until * Rows : product.Outputs;
                 __builtin_memcpy(product.y.at(step) + from * Rows, outputs.of[0] + at,
                                  static_cast<size_t>(end - from * Rows) * sizeof(float));
               });
      });
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
