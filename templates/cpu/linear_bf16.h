/// y = x w^T for many rows of f32, which are rounded to bf16, or of bf16: with instructions that
/// multiply pairs of bf16 and add up in f32, twice as fast as f32 throughout. Only where the
/// processor has them.
#pragma once

#include "templates/cpu/block.h"

#ifdef __AVX512BF16__

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// Columns that are worked on together: of x they stay in the first cache, of some panels in the
/// second.
inline constexpr int64_t RoundedDepth = 512;
inline constexpr int64_t RoundedPanels = 16;

/// A part of R rows of x, rounded if they are not yet, as pairs of columns.
template <int64_t R> struct PairedRows {
  // Beyond the columns, a line: else all rows would fall into the same sets of the cache.
  alignas(64) uint32_t pairs[R][RoundedDepth / 2 + 16];

  ASHLAR_INLINE void take(const float *x, int64_t stride, int64_t depth) {
    auto put = [&](int64_t r, int64_t k, Floats low, Floats high) ASHLAR_INLINE {
      *reinterpret_cast<__m512bh *>(pairs[r] + k / 2) = _mm512_cvtne2ps_pbh(high, low);
    };
    int64_t whole = depth / (2 * Width) * (2 * Width);
    for (int64_t r = 0; r < R; ++r) {
      const float *from = x + r * stride;
      for (int64_t k = 0; k < whole; k += 2 * Width)
        put(r, k, load(from + k), load(from + k + Width));
      if (int64_t rest = depth - whole; rest > 0)
        put(r, whole, load(from + whole, rest),
            rest > Width ? load(from + whole + Width, rest - Width) : Floats{});
    }
  }
  ASHLAR_INLINE void take(const uint16_t *x, int64_t stride, int64_t depth) {
    for (int64_t r = 0; r < R; ++r) {
      pairs[r][depth / 2] = 0; // in case half of it is all that is left
      __builtin_memcpy(pairs[r], x + r * stride, static_cast<size_t>(depth) * 2);
    }
  }
};

/// One block of outputs: R rows, a panel of columns. Its sums begin as what is at `from`, if there
/// is anything, plus the bias.
template <int64_t R>
ASHLAR_INLINE inline void blockOfBF16(const uint16_t *panel, const PairedRows<R> &x, int64_t pairs,
                                      const float *from, int64_t fromStride, const float *bias,
                                      float *y, int64_t stride, int64_t columns) {
  static_assert(PanelVectors == 2);
  __m512 sums[R][2];
  for (int64_t v = 0; v < 2; ++v) {
    int64_t at = v * Width;
    bool any = at < columns;
    Floats add = bias && any ? load(bias + at, columns - at) : Floats{};
    unrolled<R>([&](auto r) ASHLAR_INLINE {
      sums[r][v] = from && any ? add + load(from + r * fromStride + at, columns - at) : add;
    });
  }
  for (int64_t k = 0; k < pairs; ++k) {
    const uint16_t *from = panel + k * 2 * host::PanelRows;
    __m512bh low = (__m512bh)_mm512_loadu_si512(from);
    __m512bh high = (__m512bh)_mm512_loadu_si512(from + 2 * Width);
    unrolled<R>([&](auto r) ASHLAR_INLINE {
      __m512bh value = (__m512bh)_mm512_set1_epi32(static_cast<int>(x.pairs[r][k]));
      sums[r][0] = _mm512_dpbf16_ps(sums[r][0], low, value);
      sums[r][1] = _mm512_dpbf16_ps(sums[r][1], high, value);
    });
  }
  for (int64_t v = 0; v < 2 && v * Width < columns; ++v)
    unrolled<R>([&](auto r) ASHLAR_INLINE {
      store(y + r * stride + v * Width, sums[r][v], columns - v * Width);
    });
}

/// R rows of a part of x times the same part of `panels` panels of w.
template <int64_t R, class X>
[[gnu::noinline]] void rowsOfBF16(const X *x, int64_t xStride, int64_t depth,
                                  const uint16_t *weights, int64_t panels, int64_t panelSize,
                                  bool first, const float *bias, float *y, int64_t stride,
                                  int64_t outputs) {
  PairedRows<R> rounded;
  rounded.take(x, xStride, depth);
  for (int64_t panel = 0; panel < panels; ++panel) {
    int64_t column = panel * host::PanelRows;
    blockOfBF16<R>(weights + panel * panelSize, rounded, (depth + 1) / 2,
                   first ? nullptr : y + column, stride, bias ? bias + column : nullptr, y + column,
                   stride, outputs - column);
  }
}

/// Some panels, a part of their columns at a time, and all rows pass over it. So weights come from
/// memory once, and rows are rounded once for all of these panels.
template <uint32_t Max, class X>
void linearChunksOfBF16(const Step<Max> &step, const X *x, int64_t xStride, const uint16_t *weights,
                        const float *bias, float *y, int64_t outputs, int64_t depth) {
  constexpr int64_t Rows = 8;
  int64_t size = panelSize<BF16>(depth), panels = panelCount(outputs);
  int64_t groups = (panels + RoundedPanels - 1) / RoundedPanels;
  auto run = [&](int64_t group, int64_t begin, int64_t end) ASHLAR_INLINE {
    int64_t panel = group * RoundedPanels, column = panel * host::PanelRows;
    int64_t count = panels - panel < RoundedPanels ? panels - panel : RoundedPanels;
    for (int64_t k = 0; k < depth; k += RoundedDepth) {
      int64_t part = depth - k < RoundedDepth ? depth - k : RoundedDepth;
      forRows<Rows>(begin, end, [&](auto r, int64_t row) ASHLAR_INLINE {
        rowsOfBF16<r.value>(x + row * xStride + k, xStride, part,
                            weights + panel * size + k * host::PanelRows, count, size, k == 0,
                            bias && k == 0 ? bias + column : nullptr, y + row * outputs + column,
                            outputs, outputs - column);
      });
    }
  };
  int64_t together = (panels < RoundedPanels ? panels : RoundedPanels) * size;
  forChunksOfBlocks<Rows>(step, weights, groups, together * 2, step.count(), run);
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu

#endif
