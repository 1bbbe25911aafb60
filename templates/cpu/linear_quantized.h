/// y = x w^T (+ bias), the weights as whole numbers in panels.
///
/// One token: each thread reads the panels of its part as one stream. More: some columns of some
/// panels stay in the cache while all rows of x pass over them, as they are where instructions for
/// that are fast, else made wide for all rows (quantized_wide.h).
#pragma once

#include "templates/cpu/linear.h"
#include "templates/cpu/quantized_wide.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// One panel of outputs of R rows: `count` columns from `column` on, which x holds, added to what
/// is in y, or to the bias if they are the first. A bundle may reach beyond them: x is zero there.
/// If it asks, then for what lies `ahead` bytes further on.
template <class T, Asks How, int64_t R, int64_t Columns>
[[gnu::noinline]] void panelOfQuantized(const uint8_t *panel, const QuantizedRow<Columns> (&x)[R],
                                        int64_t column, int64_t count, const float *bias, float *y,
                                        int64_t stride, int64_t outputs, int64_t ahead = 0) {
  static_assert(Columns % BundleColumns<T> == 0);
  Floats sums[R][PanelVectors] = {};
  const uint8_t *bundle = panel + bundleAt<T>(column);
  if constexpr (RowScaleBytes<T> != 0)
    prefetch<RowScaleBytes<T>, How>(panel + ahead); // as far as the last panel's requests came
  for (int64_t at = 0; at < count; at += BundleColumns<T>, bundle += BundleBytes<T>) {
    unrolled<BundleGroups<T>>([&](auto group) ASHLAR_INLINE {
      addGroup<T>(bundle, group, x, at + group * GroupColumns, sums, [&](auto step) ASHLAR_INLINE {
        askAhead<T, How, group.value>(bundle, step, ahead);
      });
    });
  }
  unrolled<R>([&](auto r) ASHLAR_INLINE { timesRowScales<T>(panel, sums[r]); });
  bool first = column == 0;
  unrolled<PanelVectors>([&](auto v) ASHLAR_INLINE {
    int64_t at = v * Width, left = outputs - at;
    if (left <= 0)
      return;
    Floats add = first && bias ? load(bias + at, left) : Floats{};
    unrolled<R>([&](auto r) ASHLAR_INLINE {
      float *to = y + r * stride + at;
      store(to, sums[r][v] + (first ? add : load(to, left)), left);
    });
  });
}

/// Quantized when it is first needed, and for all panels unless it has more columns.
template <Quantized T, class Input> class RowTimesPanels<T, Input> {
public:
  using Weight = uint8_t;
  RowTimesPanels(const StepState &step, Input &input, int64_t depth)
      : input(input), depth(depth), ahead(aheadOf<T>(step)) {}

  int64_t panelBytes() const { return panelSize<T>(depth); }
  template <int64_t N>
  ASHLAR_INLINE void multiply(const Weight *weights, const float *bias, int64_t begin, int64_t end,
                              float *to) {
    for (int64_t k = 0; k < depth; k += Columns) {
      int64_t count = depth - k < Columns ? depth - k : Columns;
      if (taken != k)
        row[0].take(input.get() + k, count);
      taken = k;
      for (int64_t panel = begin; panel < end; ++panel) {
        int64_t first = panel * host::PanelRows;
        asking(ahead, [&](auto how) ASHLAR_INLINE {
          panelOfQuantized<T, Asks(how.value)>(
              weights + panel * panelSize<T>(depth), row, k, count, bias ? bias + first : bias,
              to + first - begin * host::PanelRows, N, N - first, ahead);
        });
      }
    }
  }

private:
  // 36 KiB; more of them are a stream with gaps.
  static constexpr int64_t Columns = host::StackColumns;
  Input &input;
  int64_t depth, ahead, taken = -1;
  QuantizedRow<Columns> row[1];
};

template <class T, int64_t N>
void linearOfQuantized(const Step<1> &step, const float *x, int64_t, const uint8_t *weights,
                       const float *bias, float *y, int64_t depth) {
  GivenRow row{x};
  linearOfRow<N>(step, RowTimesPanels<T>(step, row, depth), weights, bias, nullptr, y);
}

#ifdef __AVX512VNNI__
inline constexpr int64_t QuantizedRows = 4, FewRows = INT64_MAX;
#else
/// So many rows are worked on one by one: to make weights wide takes as long as they do.
inline constexpr int64_t QuantizedRows = 1, FewRows = Width > 4 ? 4 : 1;
#endif

/// Weights as they are: some rows at a time, quantized once for some panels.
template <class T>
void linearOfNarrow(const StepState &step, int64_t rows, const float *x, int64_t xStride,
                    const uint8_t *weights, const float *bias, float *y, int64_t outputs,
                    int64_t depth) {
  constexpr int64_t Columns = 1024;
  constexpr int64_t Panels = 16; // half a megabyte of int8
  int64_t size = panelSize<T>(depth);
  auto run = [&](int64_t firstPanel, int64_t lastPanel, int64_t begin, int64_t end) ASHLAR_INLINE {
    for (int64_t k = 0; k < depth; k += Columns) {
      int64_t count = depth - k < Columns ? depth - k : Columns;
      forRows<QuantizedRows>(begin, end, [&](auto r, int64_t row) ASHLAR_INLINE {
        QuantizedRow<Columns> quantized[r.value];
        for (int64_t i = 0; i < r; ++i)
          quantized[i].take(x + (row + i) * xStride + k, count);
        for (int64_t panel = firstPanel; panel < lastPanel; ++panel) {
          int64_t first = panel * host::PanelRows;
          panelOfQuantized<T, Asks::Nothing>(weights + panel * size, quantized, k, count,
                                             bias ? bias + first : bias, y + row * outputs + first,
                                             outputs, outputs - first);
        }
      });
    }
  };
  forBlocksOfPanels<QuantizedRows>(step, weights, panelCount(outputs), size, Panels, rows, run);
}

template <class T, int64_t N, uint32_t Max>
void linearOfQuantized(const Step<Max> &step, const float *x, int64_t xStride,
                       const uint8_t *weights, const float *bias, float *y, int64_t depth) {
  int64_t rows = step.count();
  auto linear = rows <= FewRows ? linearOfNarrow<T> : linearOfWide<T>;
  linear(step, rows, x, xStride, weights, bias, y, N, depth);
}

template <uint32_t Max, Quantized T, int64_t N, int64_t K, int64_t S>
void linear(const Step<Max> &step, host::Rows<F32, K, S> x, host::Panels<T, N, K> w,
            host::Rows<F32, N> y) {
  linearOfQuantized<T, N>(step, x.at(step), S, w.address(step), nullptr, y.at(step), K);
}

template <uint32_t Max, Quantized T, int64_t N, int64_t K, int64_t S>
void linear(const Step<Max> &step, host::Rows<F32, K, S> x, host::Panels<T, N, K> w,
            host::Vector<F32, N> bias, host::Rows<F32, N> y) {
  linearOfQuantized<T, N>(step, x.at(step), S, w.address(step), bias.at(step), y.at(step), K);
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
