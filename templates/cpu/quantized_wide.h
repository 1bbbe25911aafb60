/// Many rows of x times weights that were whole numbers of a few bits and are made wide for all of
/// them. With AVX2 those are numbers of 16 bits, and x is quantized: an instruction multiplies
/// twice as many of them as of floats. Elsewhere they are f32 and x stays as it is.
#pragma once

#include "templates/cpu/linear.h"
#include "templates/cpu/quantized_dot.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

#if ASHLAR_VECTOR_BYTES == 32

/// Some columns of a panel, without the 128 that was added to them, and the scales of their groups.
/// Of four columns first and third lie side by side for each row, then second and fourth, as
/// numbers of x do.
struct WidePanel {
  static constexpr int64_t Depth = SumDepth;
  alignas(64) int16_t numbers[Depth * host::PanelRows];
  alignas(64) float scales[Depth / GroupColumns * host::PanelRows];

  template <class T>
  ASHLAR_INLINE void takeGroup(const uint8_t *panel, const uint8_t *bundle, int64_t group,
                               int64_t column) {
    Floats parts[PanelVectors];
    loadScales<T>(bundle, group, parts);
    timesRowScales<T>(panel, parts);
    unrolled<PanelVectors>([&](auto v) ASHLAR_INLINE {
      store(scales + column / GroupColumns * host::PanelRows + v * Width, parts[v]);
    });
    int16_t *to = numbers + column * host::PanelRows;
    const uint8_t *from = bundle + BundleScaleBytes + group * GroupBytes<T>;
    for (int64_t k = 0; k < GroupColumns; k += QuadColumns) {
      Words quads[2][PanelVectors];
      loadQuads<T>(from, k, quads);
      unrolled<2>([&](auto d) ASHLAR_INLINE {
        unrolled<PanelVectors>([&](auto v) ASHLAR_INLINE {
          typedef uint16_t Pairs __attribute__((vector_size(4 * Width)));
          auto put = [&](int64_t pair, Pairs levels) ASHLAR_INLINE {
            int16_t *place = to + (k / 2 + 2 * d + pair) * 2 * host::PanelRows + v * 2 * Width;
            _mm256_store_si256((__m256i *)place, (__m256i)(levels - 128));
          };
          put(0, (Pairs)(quads[d][v] & 0x00ff00ff));
          put(1, (Pairs)quads[d][v] >> 8);
        });
      });
    }
  }
};

/// Some columns of rows of x.
struct WideRows {
  static constexpr int64_t Most = 64, Panels = 32; // that they are multiplied with
  QuantizedRow<WidePanel::Depth> rows[Most];

  void take(const float *x, int64_t stride, int64_t count, int64_t columns) {
    for (int64_t row = 0; row < count; ++row)
      rows[row].take(x + row * stride, columns);
  }
};

/// sums += R rows, from `row` on, times the columns of a panel that begin with `column`.
template <int64_t R>
ASHLAR_INLINE inline void addWide(const WidePanel &panel, int64_t column, const WideRows &x,
                                  int64_t row, int64_t columns, Floats (&sums)[R][BlockVectors]) {
  for (int64_t at = 0; at < columns; at += GroupColumns) {
    Integers totals[R][BlockVectors] = {};
    const int16_t *numbers = panel.numbers + at * host::PanelRows + column * 2;
    unrolled<GroupColumns / 2>([&](auto pair) ASHLAR_INLINE {
      __m256i w[BlockVectors];
      unrolled<BlockVectors>([&](auto v) ASHLAR_INLINE {
        const int16_t *from = numbers + pair * 2 * host::PanelRows + v * 2 * Width;
        w[v] = _mm256_load_si256((const __m256i *)from);
      });
      unrolled<R>([&](auto r) ASHLAR_INLINE {
        Integers two = broadcastWord(x.rows[row + r].numbers + at + pair * 2);
        unrolled<BlockVectors>([&](auto v) ASHLAR_INLINE {
          totals[r][v] += (Integers)_mm256_madd_epi16(w[v], (__m256i)two);
          asm("" : "+v"(totals[r][v])); // as in addQuad
        });
      });
    });
    unrolled<R>([&](auto r) ASHLAR_INLINE {
      float scale = x.rows[row + r].scales[at / GroupColumns];
      unrolled<BlockVectors>([&](auto v) ASHLAR_INLINE {
        Floats total = __builtin_convertvector(totals[r][v], Floats);
        Floats scales = load(panel.scales + at + column + v * Width);
        sums[r][v] = multiplyAdd(total, scales * scale, sums[r][v]);
      });
    });
  }
}

#else

/// Some columns of a panel as f32, in the layout of panels of f32.
struct WidePanel {
  static constexpr int64_t Depth = SumDepth;
  alignas(64) float values[Depth * host::PanelRows];

  template <class T>
  ASHLAR_INLINE void takeGroup(const uint8_t *panel, const uint8_t *bundle, int64_t group,
                               int64_t column) {
    float *to = values + column * host::PanelRows;
    Floats scales[PanelVectors];
    loadScales<T>(bundle, group, scales);
    timesRowScales<T>(panel, scales);
    for (int64_t k = 0; k < GroupColumns; k += QuadColumns) {
      Words quads[2][PanelVectors];
      loadQuads<T>(bundle + BundleScaleBytes + group * GroupBytes<T>, k, quads);
      unrolled<2>([&](auto d) ASHLAR_INLINE {
        Floats levels[4][PanelVectors];
        widenQuads(quads[d], levels);
        unrolled<4>([&](auto i) ASHLAR_INLINE {
          unrolled<PanelVectors>([&](auto v) ASHLAR_INLINE {
            store(to + (k + 4 * d + i) * host::PanelRows + v * Width,
                  levels[i][v] * (scales[v] * (1.0f / 128)));
          });
        });
      });
    }
  }
};

struct WideRows {
  static constexpr int64_t Most = int64_t(1) << 32, Panels = 1;
  const float *x;
  int64_t stride;

  void take(const float *from, int64_t step, int64_t, int64_t) {
    x = from;
    stride = step;
  }
};

template <int64_t R>
ASHLAR_INLINE inline void addWide(const WidePanel &panel, int64_t column, const WideRows &x,
                                  int64_t row, int64_t columns, Floats (&sums)[R][BlockVectors]) {
  accumulate(PanelColumns<F32>{panel.values + column}, x.x + row * x.stride, x.stride, columns,
             sums);
}

#endif

/// Makes `columns` of a panel wide, from `column` on.
template <class T>
[[gnu::noinline]] void widen(const uint8_t *panel, int64_t column, int64_t columns,
                             WidePanel &wide) {
  static_assert(WidePanel::Depth % BundleColumns<T> == 0);
  const uint8_t *bundle = panel + bundleAt<T>(column);
  for (int64_t at = 0; at < columns; at += BundleColumns<T>, bundle += BundleBytes<T>)
    for (int64_t group = 0; group < BundleGroups<T>; ++group)
      wide.takeGroup<T>(panel, bundle, group, at + group * GroupColumns);
}

/// One block of outputs: R rows, `left` of two vectors at most. Products of these columns of x are
/// added to what is in y, or to the bias if they are the first.
template <int64_t R>
[[gnu::noinline]] void blockOfWide(const WidePanel &panel, int64_t column, const WideRows &x,
                                   int64_t row, int64_t columns, bool first, const float *bias,
                                   float *y, int64_t stride, int64_t left) {
  Floats sums[R][BlockVectors] = {};
  addWide(panel, column, x, row, columns, sums);
  if (!first)
    bias = nullptr;
  for (int64_t v = 0; v < BlockVectors && v * Width < left; ++v) {
    int64_t at = v * Width, count = left - at;
    Floats add = bias ? load(bias + at, count) : Floats{};
    unrolled<R>([&](auto r) ASHLAR_INLINE {
      float *to = y + r * stride + at;
      store(to, sums[r][v] + (first ? add : load(to, count)), count);
    });
  }
}

/// y = x w^T (+ bias). Some rows of x are taken once for some panels, each of which is then made
/// wide once for these rows.
template <class T>
void linearOfWide(const StepState &step, int64_t rows, const float *x, int64_t xStride,
                  const uint8_t *weights, const float *bias, float *y, int64_t outputs,
                  int64_t depth) {
  int64_t size = panelSize<T>(depth);
  WidePanel wide;
  WideRows taken;
  auto multiply = [&](int64_t panel, int64_t k, int64_t columns, int64_t begin,
                      int64_t count) ASHLAR_INLINE {
    widen<T>(weights + panel * size, k, columns, wide);
    for (int64_t column = 0; column < host::PanelRows; column += BlockColumns) {
      int64_t first = panel * host::PanelRows + column;
      if (first >= outputs)
        break;
      forRows(0, count, [&](auto r, int64_t row) ASHLAR_INLINE {
        blockOfWide<r.value>(wide, column, taken, row, columns, k == 0, bias ? bias + first : bias,
                             y + (begin + row) * outputs + first, outputs, outputs - first);
      });
    }
  };
  auto run = [&](int64_t firstPanel, int64_t lastPanel, int64_t begin, int64_t end) ASHLAR_INLINE {
    for (int64_t count; begin < end; begin += count) {
      count = end - begin < WideRows::Most ? end - begin : WideRows::Most;
      for (int64_t k = 0; k < depth; k += WidePanel::Depth) {
        int64_t columns = depth - k < WidePanel::Depth ? depth - k : WidePanel::Depth;
        taken.take(x + begin * xStride + k, xStride, count, columns);
        for (int64_t panel = firstPanel; panel < lastPanel; ++panel)
          multiply(panel, k, columns, begin, count);
      }
    }
  };
  forBlocksOfPanels<BlockRows>(step, weights, panelCount(outputs), size, WideRows::Panels, rows,
                               run);
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
