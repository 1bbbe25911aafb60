/// y = x w^T for many rows of f32, which are rounded to bf16, or of bf16 (linear_rounded.h): with
/// instructions that multiply pairs of bf16 and add up in f32, twice as fast as f32 throughout.
/// Only where the processor has them.
#pragma once

#include "templates/cpu/block.h"

#ifdef __AVX512BF16__

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// Columns that are worked on together: of x they stay in the first cache, of some panels in the
/// second.
inline constexpr int64_t RoundedDepth = 512;
inline constexpr int64_t RoundedPanels = 16;

/// A part of R rows of x, which is rounded, as pairs of columns.
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
  ASHLAR_INLINE uint32_t pair(int64_t r, int64_t k) const { return pairs[r][k]; }
  ASHLAR_INLINE uint32_t half(int64_t r, int64_t k) const { return pairs[r][k]; }
};

/// Rows that are rounded as they lie in memory.
struct GivenPairs {
  const uint16_t *x;
  int64_t stride;
  ASHLAR_INLINE uint32_t pair(int64_t r, int64_t k) const {
    uint32_t pair;
    __builtin_memcpy(&pair, x + r * stride + 2 * k, sizeof(pair));
    return pair;
  }
  /// The last one of an odd number of columns: what is behind it is no number of the row.
  ASHLAR_INLINE uint32_t half(int64_t r, int64_t k) const { return x[r * stride + 2 * k]; }
};

/// One block of outputs: R rows, a panel of columns. Its sums begin as what is at `from`, if there
/// is anything, plus the bias.
template <int64_t R, class Rows>
ASHLAR_INLINE inline void blockOfBF16(const uint16_t *panel, const Rows &x, int64_t depth,
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
  auto add = [&](int64_t k, auto word) ASHLAR_INLINE {
    const uint16_t *from = panel + k * 2 * host::PanelRows;
    __m512bh low = (__m512bh)_mm512_loadu_si512(from);
    __m512bh high = (__m512bh)_mm512_loadu_si512(from + 2 * Width);
    unrolled<R>([&](auto r) ASHLAR_INLINE {
      __m512bh value = (__m512bh)_mm512_set1_epi32(static_cast<int>(word(r, k)));
      sums[r][0] = _mm512_dpbf16_ps(sums[r][0], low, value);
      sums[r][1] = _mm512_dpbf16_ps(sums[r][1], high, value);
    });
  };
  for (int64_t k = 0; k < depth / 2; ++k)
    add(k, [&](int64_t r, int64_t k) ASHLAR_INLINE { return x.pair(r, k); });
  if (depth % 2)
    add(depth / 2, [&](int64_t r, int64_t k) ASHLAR_INLINE { return x.half(r, k); });
  for (int64_t v = 0; v < 2 && v * Width < columns; ++v)
    unrolled<R>([&](auto r) ASHLAR_INLINE {
      store(y + r * stride + v * Width, sums[r][v], columns - v * Width);
    });
}

/// R rows of a part of x times the same part of `panels` panels of w.
template <int64_t R>
[[gnu::noinline]] void rowsOfBF16(const float *x, int64_t xStride, int64_t depth,
                                  const uint16_t *weights, int64_t panels, int64_t panelSize,
                                  bool first, const float *bias, float *y, int64_t stride,
                                  int64_t outputs) {
  PairedRows<R> rounded;
  rounded.take(x, xStride, depth);
  for (int64_t panel = 0; panel < panels; ++panel) {
    int64_t column = panel * host::PanelRows;
    blockOfBF16<R>(weights + panel * panelSize, rounded, depth, first ? nullptr : y + column,
                   stride, bias ? bias + column : nullptr, y + column, stride, outputs - column);
  }
}

/// Some panels, a part of their columns at a time, and all rows pass over it. So weights come from
/// memory once, and rows are rounded once for all of these panels.
template <uint32_t Max>
void linearChunksOfBF16(const Step<Max> &step, const float *x, int64_t xStride,
                        const uint16_t *weights, const float *bias, float *y, int64_t outputs,
                        int64_t depth) {
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
