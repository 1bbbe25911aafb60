/// y = x w^T (+ bias), the weights in panels of f32, f16 or bf16, all sums in f32, and all products
/// unless rows are to be rounded.
///
/// One token: each thread reads the panels of its part as one stream. More: each panel stays in
/// the cache while all rows of x pass over it, so that weights come from memory once a step.
#pragma once

#include "templates/cpu/block.h"
#include "templates/cpu/linear_bf16.h"

#include <type_traits>

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// Products that are summed up before their sum is added to that of the others: one sum of
/// thousands would lose a digit.
inline constexpr int64_t SumDepth = 512;

/// One block of outputs: R rows, `columns` of the V vectors.
template <int64_t R, int64_t V, class Weights>
[[gnu::noinline]] void linearBlock(Weights weights, const float *x, int64_t xStride, int64_t depth,
                                   const float *bias, float *y, int64_t stride, int64_t columns) {
  Floats sums[R][V] = {};
  for (int64_t k = 0; k < depth; k += SumDepth) {
    Floats part[R][V] = {};
    accumulate(weights.from(k), x + k, xStride, depth - k < SumDepth ? depth - k : SumDepth, part);
    unrolled<R>([&](auto r) ASHLAR_INLINE {
      unrolled<V>([&](auto v) ASHLAR_INLINE { sums[r][v] += part[r][v]; });
    });
  }
  if (columns >= V * Width) {
    unrolled<V>([&](auto v) ASHLAR_INLINE {
      Floats add = bias ? load(bias + v * Width) : Floats{};
      unrolled<R>([&](auto r)
                      ASHLAR_INLINE { store(y + r * stride + v * Width, sums[r][v] + add); });
    });
    return;
  }
  for (int64_t v = 0; v < V && v * Width < columns; ++v) {
    Floats add = bias ? load(bias + v * Width, columns - v * Width) : Floats{};
    for (int64_t r = 0; r < R; ++r)
      store(y + r * stride + v * Width, sums[r][v] + add, columns - v * Width);
  }
}

/// One row that weights in panels are multiplied with.
template <class T, class Input = GivenRow> class RowTimesPanels {
public:
  using Weight = typename T::storage;
  RowTimesPanels(const StepState &step, Input &input, int64_t depth)
      : input(input), depth(depth), ahead(aheadOf<T>(step)) {}

  int64_t panelBytes() const { return panelSize<T>(depth) * static_cast<int64_t>(sizeof(Weight)); }
  template <int64_t N>
  ASHLAR_INLINE void multiply(const Weight *weights, const float *bias, int64_t panel, int64_t end,
                              float *to) {
    const float *x = input.get();
    for (; panel < end; ++panel, to += host::PanelRows) {
      int64_t first = panel * host::PanelRows;
      const float *add = bias ? bias + first : bias;
      PanelColumns<T> columns{weights + panel * panelSize<T>(depth)};
      asking(ahead, [&](auto how) ASHLAR_INLINE {
        linearBlock<1, PanelVectors>(PanelColumnsAhead<T, Asks(how.value)>{columns, ahead}, x,
                                     depth, depth, add, to, N, N - first);
      });
    }
  }

private:
  Input &input;
  int64_t depth, ahead;
};

template <uint32_t Max, class T, int64_t N>
void linearChunks(const Step<Max> &step, const float *x, int64_t xStride,
                  const typename T::storage *weights, const float *bias, float *y, int64_t depth) {
  if constexpr (Max == 1) {
    GivenRow row{x};
    linearOfRow<N>(step, RowTimesPanels<T>(step, row, depth), weights, bias, nullptr, y);
  } else {
    constexpr int64_t outputs = N;
    int64_t size = panelSize<T>(depth);
    int64_t bytes = size * static_cast<int64_t>(sizeof(*weights));
    constexpr int64_t Rows = Max < BlockRows ? Max : BlockRows; // all sequences of a batch at once
    auto run = [&](int64_t panel, int64_t begin, int64_t end) ASHLAR_INLINE {
      for (int64_t part = 0; part < host::PanelRows; part += BlockColumns) {
        int64_t first = panel * host::PanelRows + part;
        if (first >= outputs)
          break;
        forRows<Rows>(begin, end, [&](auto r, int64_t row) ASHLAR_INLINE {
          linearBlock<r.value, BlockVectors>(
              PanelColumns<T>{weights + panel * size + part * PanelPair<T>}, x + row * xStride,
              xStride, depth, bias ? bias + first : bias, y + row * outputs + first, outputs,
              outputs - first);
        });
      }
    };
    forChunksOfBlocks<BlockRows>(step, weights, panelCount(N), bytes, step.count(), run);
  }
}

/// `A` is what rows of x are rounded to before they are multiplied: F32, or BF16 where there are
/// several rows, weights of bf16 and a processor that multiplies them.
template <class A, uint32_t Max, class T, int64_t N>
void linearRows(const Step<Max> &step, const float *x, int64_t xStride,
                const typename T::storage *weights, const float *bias, float *y, int64_t depth) {
  if constexpr (std::is_same_v<A, F32>) {
    linearChunks<Max, T, N>(step, x, xStride, weights, bias, y, depth);
  } else {
    static_assert(Max > 1 && std::is_same_v<A, BF16> && std::is_same_v<T, BF16>);
#ifdef __AVX512BF16__
    linearChunksOfBF16(step, x, xStride, weights, bias, y, N, depth);
#else // of the same app, the form that does without its processor's instructions
    linearChunks<Max, T, N>(step, x, xStride, weights, bias, y, depth);
#endif
  }
}

template <class A = F32, uint32_t Max, class T, int64_t N, int64_t K, int64_t S>
requires(!Quantized<T>) void linear(const Step<Max> &step, host::Rows<F32, K, S> x,
                                    host::Panels<T, N, K> w, host::Rows<F32, N> y) {
  linearRows<A, Max, T, N>(step, x.at(step), S, w.address(step), nullptr, y.at(step), K);
}

template <class A = F32, uint32_t Max, class T, int64_t N, int64_t K, int64_t S>
requires(!Quantized<T>) void linear(const Step<Max> &step, host::Rows<F32, K, S> x,
                                    host::Panels<T, N, K> w, host::Vector<F32, N> bias,
                                    host::Rows<F32, N> y) {
  linearRows<A, Max, T, N>(step, x.at(step), S, w.address(step), bias.at(step), y.at(step), K);
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
