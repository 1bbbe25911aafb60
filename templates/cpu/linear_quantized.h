/// y = x w^T (+ bias), the weights as whole numbers in panels.
///
/// One token, or a few: each thread reads the panels of its share as one stream. More: a part of a
/// panel becomes f32, small enough for the cache, and all rows of x pass over it.
#pragma once

#include "templates/cpu/linear.h"
#include "templates/cpu/quantized_dot.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// One panel of outputs of one row: `count` columns of x, which begin where `panel` begins.
template <class T>
[[gnu::noinline]] void panelOfQuantized(const uint8_t *panel, const QuantizedRow &x, int64_t count,
                                        const float *add, float *y, int64_t outputs) {
  Floats sums[PanelVectors] = {};
  for (int64_t at = 0; at < count; at += GroupColumns, panel += GroupBytes<T>)
    addGroup<T>(panel, x, at, sums);
  if (outputs >= host::PanelRows) {
    unrolled<PanelVectors>([&](auto v) ASHLAR_INLINE {
      store(y + v * Width, sums[v] + (add ? load(add + v * Width) : Floats{}));
    });
    return;
  }
  for (int64_t at = 0; at < outputs; at += Width)
    store(y + at, sums[at / Width] + (add ? load(add + at, outputs - at) : Floats{}), outputs - at);
}

template <class T>
void linearOfQuantized(const Step<1> &step, const float *x, int64_t, const uint8_t *weights,
                       const float *bias, float *y, int64_t outputs, int64_t depth) {
  int64_t size = panelSize<T>(depth);
  Share mine = share(step, panelCount(outputs));
  if (mine.begin == mine.end)
    return;
  QuantizedRow row;
  for (int64_t k = 0; k < depth; k += QuantizedRow::Columns) {
    int64_t count = depth - k < QuantizedRow::Columns ? depth - k : QuantizedRow::Columns;
    const float *add = k ? y : bias;
    row.take(x + k, count);
    for (int64_t panel = mine.begin; panel < mine.end; ++panel) {
      int64_t first = panel * host::PanelRows;
      panelOfQuantized<T>(weights + panel * size + k / GroupColumns * GroupBytes<T>, row, count,
                          add ? add + first : add, y + first, outputs - first);
    }
  }
}

/// Some columns of a panel as f32, `Depth` at most, in the layout of panels of f32.
struct WidePanel {
  static constexpr int64_t Depth = SumDepth;
  alignas(64) float values[Depth * host::PanelRows];

  template <class T> [[gnu::noinline]] void take(const uint8_t *panel, int64_t columns) {
    for (int64_t first = 0; first < columns; first += GroupColumns, panel += GroupBytes<T>)
      takeGroup<T>(panel, values + first * host::PanelRows);
  }

private:
  template <class T> ASHLAR_INLINE static void takeGroup(const uint8_t *group, float *to) {
    Floats scales[PanelVectors];
    loadScales(group, 0, scales);
    for (int64_t column = 0; column < GroupColumns; column += QuadColumns) {
      Words quads[2][PanelVectors];
      loadQuads<T>(group + GroupScaleBytes, column, quads);
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

/// So many rows are worked on one by one: to make weights wide takes as long as four rows or so.
inline constexpr int64_t FewRows = Width > 4 ? 4 : 1;

template <class T, uint32_t Max>
void linearOfQuantized(const Step<Max> &step, const float *x, int64_t xStride,
                       const uint8_t *weights, const float *bias, float *y, int64_t outputs,
                       int64_t depth) {
  int64_t panels = panelCount(outputs), size = panelSize<T>(depth);
  int64_t rows = step.count(), blocks = (rows + BlockRows - 1) / BlockRows;
  if (rows <= FewRows) {
    for (int64_t row = 0; row < rows; ++row)
      linearOfQuantized<T>(Step<1>(step), x + row * xStride, xStride, weights, bias,
                           y + row * outputs, outputs, depth);
    return;
  }
  Share mine = share(step, panels * blocks);
  WidePanel wide;
  while (mine.begin < mine.end) {
    int64_t panel = mine.begin / blocks, block = mine.begin % blocks;
    int64_t last = mine.end < (panel + 1) * blocks ? block + mine.end - mine.begin : blocks;
    mine.begin += last - block;
    int64_t lastRow = last * BlockRows < rows ? last * BlockRows : rows;
    for (int64_t k = 0; k < depth; k += WidePanel::Depth) {
      int64_t part = depth - k < WidePanel::Depth ? depth - k : WidePanel::Depth;
      wide.take<T>(weights + panel * size + k / GroupColumns * GroupBytes<T>, part);
      for (int64_t column = 0; column < host::PanelRows; column += BlockColumns) {
        int64_t first = panel * host::PanelRows + column;
        if (first >= outputs)
          break;
        forRows(block * BlockRows, lastRow, [&](auto r, int64_t row) ASHLAR_INLINE {
          blockOfWide<r.value>(wide.values + column, x + row * xStride + k, xStride, part, k == 0,
                               bias ? bias + first : bias, y + row * outputs + first, outputs,
                               outputs - first);
        });
      }
    }
  }
}

template <uint32_t Max, Quantized T, int64_t N, int64_t K, int64_t S>
void linear(const Step<Max> &step, host::Rows<F32, K, S> x, host::Panels<T, N, K> w,
            host::Rows<F32, N> y) {
  linearOfQuantized<T>(step, x.at(step), S, w.at(step), nullptr, y.at(step), N, K);
}

template <uint32_t Max, Quantized T, int64_t N, int64_t K, int64_t S>
void linear(const Step<Max> &step, host::Rows<F32, K, S> x, host::Panels<T, N, K> w,
            host::Vector<F32, N> bias, host::Rows<F32, N> y) {
  linearOfQuantized<T>(step, x.at(step), S, w.at(step), bias.at(step), y.at(step), N, K);
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
