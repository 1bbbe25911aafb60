/// y = x w^T (+ bias), the weights as whole numbers in panels.
///
/// One token: each thread reads the panels of its part as one stream. More: some columns of some
/// panels stay in the cache while all rows of x pass over them, as integers where instructions for
/// that are fast, else with weights that are made f32 for all rows.
#pragma once

#include "templates/cpu/linear.h"
#include "templates/cpu/quantized_dot.h"

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
/// So many rows are worked on one by one: to make weights wide takes as long as four rows or so.
inline constexpr int64_t QuantizedRows = 1, FewRows = Width > 4 ? 4 : 1;
#endif

/// Many rows as integers: some of them at a time, quantized once for some panels.
template <class T>
void linearAsIntegers(const StepState &step, int64_t rows, const float *x, int64_t xStride,
                      const uint8_t *weights, const float *bias, float *y, int64_t outputs,
                      int64_t depth) {
  constexpr int64_t Columns = 1024;
  int64_t panels = panelCount(outputs), size = panelSize<T>(depth);
  // Half a megabyte of int8, but something for each thread.
  int64_t together = panels / step.threads < 16 ? panels / step.threads : 16;
  together = together > 0 ? together : 1;
  int64_t groups = (panels + together - 1) / together;
  auto run = [&](int64_t group, int64_t begin, int64_t end) ASHLAR_INLINE {
    int64_t lastPanel = (group + 1) * together < panels ? (group + 1) * together : panels;
    for (int64_t k = 0; k < depth; k += Columns) {
      int64_t count = depth - k < Columns ? depth - k : Columns;
      forRows<QuantizedRows>(begin, end, [&](auto r, int64_t row) ASHLAR_INLINE {
        QuantizedRow<Columns> quantized[r.value];
        for (int64_t i = 0; i < r; ++i)
          quantized[i].take(x + (row + i) * xStride + k, count);
        for (int64_t panel = group * together; panel < lastPanel; ++panel) {
          int64_t first = panel * host::PanelRows;
          panelOfQuantized<T, Asks::Nothing>(weights + panel * size, quantized, k, count,
                                             bias ? bias + first : bias, y + row * outputs + first,
                                             outputs, outputs - first);
        }
      });
    }
  };
  forChunksOfBlocks<QuantizedRows>(step, weights, groups, together * size, rows, run);
}

/// Some columns of a panel as f32, `Depth` at most, in the layout of panels of f32.
struct WidePanel {
  static constexpr int64_t Depth = SumDepth;
  alignas(64) float values[Depth * host::PanelRows];

  template <class T>
  [[gnu::noinline]] void take(const uint8_t *panel, int64_t column, int64_t columns) {
    static_assert(Depth % BundleColumns<T> == 0);
    const uint8_t *bundle = panel + bundleAt<T>(column);
    for (int64_t at = 0; at < columns; at += BundleColumns<T>, bundle += BundleBytes<T>)
      for (int64_t group = 0; group < BundleGroups<T>; ++group)
        takeGroup<T>(panel, bundle, group, values + (at + group * GroupColumns) * host::PanelRows);
  }

private:
  template <class T>
  ASHLAR_INLINE static void takeGroup(const uint8_t *panel, const uint8_t *bundle, int64_t group,
                                      float *to) {
    Floats scales[PanelVectors];
    loadScales<T>(bundle, group, scales);
    timesRowScales<T>(panel, scales);
    for (int64_t column = 0; column < GroupColumns; column += QuadColumns) {
      Words quads[2][PanelVectors];
      loadQuads<T>(bundle + BundleScaleBytes + group * GroupBytes<T>, column, quads);
      unrolled<2>([&](auto d) ASHLAR_INLINE {
        Floats levels[4][PanelVectors];
        widenQuads(quads[d], levels);
        unrolled<4>([&](auto k) ASHLAR_INLINE {
          unrolled<PanelVectors>([&](auto v) ASHLAR_INLINE {
            store(to + (column + 4 * d + k) * host::PanelRows + v * Width,
                  levels[k][v] * (scales[v] * (1.0f / 128)));
          });
        });
      });
    }
  }
};

/// One block of outputs: R rows, `columns` of two vectors. Products of these columns of x are added
/// to what is in y, or to the bias.
template <int64_t R>
[[gnu::noinline]] void blockOfWide(const float *weights, const float *x, int64_t xStride,
                                   int64_t depth, bool first, const float *bias, float *y,
                                   int64_t stride, int64_t columns) {
  Floats sums[R][BlockVectors] = {};
  accumulate(PanelColumns<F32>{weights}, x, xStride, depth, sums);
  if (!first)
    bias = nullptr;
  for (int64_t v = 0; v < BlockVectors && v * Width < columns; ++v) {
    int64_t at = v * Width, count = columns - at;
    Floats add = bias ? load(bias + at, count) : Floats{};
    unrolled<R>([&](auto r) ASHLAR_INLINE {
      float *to = y + r * stride + at;
      store(to, sums[r][v] + (first ? add : load(to, count)), count);
    });
  }
}

template <class T, int64_t N, uint32_t Max>
void linearOfQuantized(const Step<Max> &step, const float *x, int64_t xStride,
                       const uint8_t *weights, const float *bias, float *y, int64_t depth) {
  constexpr int64_t outputs = N, panels = panelCount(N);
  int64_t size = panelSize<T>(depth);
  int64_t rows = step.count();
  if (rows <= FewRows)
    return linearAsIntegers<T>(step, rows, x, xStride, weights, bias, y, outputs, depth);
  WidePanel wide;
  auto run = [&](int64_t panel, int64_t begin, int64_t end) ASHLAR_INLINE {
    for (int64_t k = 0; k < depth; k += WidePanel::Depth) {
      int64_t part = depth - k < WidePanel::Depth ? depth - k : WidePanel::Depth;
      wide.take<T>(weights + panel * size, k, part);
      for (int64_t column = 0; column < host::PanelRows; column += BlockColumns) {
        int64_t first = panel * host::PanelRows + column;
        if (first >= outputs)
          break;
        forRows(begin, end, [&](auto r, int64_t row) ASHLAR_INLINE {
          blockOfWide<r.value>(wide.values + column, x + row * xStride + k, xStride, part, k == 0,
                               bias ? bias + first : bias, y + row * outputs + first, outputs,
                               outputs - first);
        });
      }
    }
  };
  forChunksOfBlocks<BlockRows>(step, weights, panels, size, rows, run);
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
