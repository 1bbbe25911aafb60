/// Products with weights of bf16 of many rows that whoever wrote them has rounded (rows.h): by
/// tiles, by pairs of columns, or as f32 where rows are that. On the way they add to a residual, or
/// multiply by what an activation makes of another product: what lies between is more than the
/// caches hold.
#pragma once

#include "templates/cpu/activation.h"
#include "templates/cpu/linear.h"
#include "templates/cpu/linear_tiles.h"
#include "templates/cpu/rows.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// R rows of x times one panel.
template <int64_t R>
[[gnu::noinline]] void sumsOfRounded(const Rounded::storage *x, int64_t stride, int64_t depth,
                                     const uint16_t *panel, float (&sums)[R][host::PanelRows]) {
#ifdef __AVX512BF16__
  blockOfBF16<R>(panel, GivenPairs{x, stride}, depth, nullptr, 0, nullptr, sums[0], host::PanelRows,
                 host::PanelRows);
#else
  for (int64_t part = 0; part < host::PanelRows; part += BlockColumns)
    linearBlock<R, BlockVectors>(PanelColumns<BF16>{panel + part * PanelPair<BF16>}, x, stride,
                                 depth, nullptr, sums[0] + part, host::PanelRows, BlockColumns);
#endif
}

/// Calls body(panel, row, count) for blocks of rows times panels of N outputs of K columns.
template <int64_t N, int64_t K, uint32_t Max, class Body>
ASHLAR_INLINE inline void forBlocksOfRounded(const Step<Max> &step, const uint16_t *weights,
                                             Body &&body) {
  auto run = [&](int64_t panel, int64_t begin, int64_t end) ASHLAR_INLINE {
    forRows<BlockRows>(begin, end, [&](auto r, int64_t row) ASHLAR_INLINE { body(panel, row, r); });
  };
  forChunksOfBlocks<BlockRows>(step, weights, panelCount(N), panelSize<BF16>(K) * 2, step.count(),
                               run);
}

/// y = x w^T (+ bias) (+ z), of which z begins its rows `zStride` values apart and may be y.
template <int64_t N, uint32_t Max, int64_t K, int64_t S>
void linearOfRounded(const Step<Max> &step, host::RoundedRows<K, S> rounded,
                     const uint16_t *weights, const float *bias, const float *z, int64_t zStride,
                     float *y) {
  static_assert(Max > 1);
  auto x = stored(rounded);
#ifdef __AMX_BF16__
  if constexpr (K % TileDepth == 0)
    return linearOfTiles(step, step.count(), x.at(step), x.RowStride, weights, bias, z, zStride, y,
                         N, K);
#endif
  auto finish = [&](int64_t row, int64_t column, const float *sums) ASHLAR_INLINE {
    for (int64_t i = 0; i < host::PanelRows && column + i < N; i += Width) {
      int64_t left = N - column - i;
      Floats value = load(sums + i);
      if (bias)
        value += load(bias + column + i, left);
      if (z)
        value += load(z + row * zStride + column + i, left);
      store(y + row * N + column + i, value, left);
    }
  };
  forBlocksOfRounded<N, K>(step, weights, [&](int64_t panel, int64_t row, auto r) ASHLAR_INLINE {
    alignas(64) float sums[r.value][host::PanelRows];
    sumsOfRounded(x.row(step, row), x.RowStride, K, weights + panel * panelSize<BF16>(K), sums);
    for (int64_t i = 0; i < r; ++i)
      finish(row + i, panel * host::PanelRows, sums[i]);
  });
}

template <uint32_t Max, int64_t N, int64_t K, int64_t S>
void linear(const Step<Max> &step, host::RoundedRows<K, S> x, host::Panels<BF16, N, K> w,
            host::Rows<F32, N> y) {
  linearOfRounded<N>(step, x, w.address(step), nullptr, nullptr, 0, y.at(step));
}
template <uint32_t Max, int64_t N, int64_t K, int64_t S>
void linear(const Step<Max> &step, host::RoundedRows<K, S> x, host::Panels<BF16, N, K> w,
            host::Vector<F32, N> bias, host::Rows<F32, N> y) {
  linearOfRounded<N>(step, x, w.address(step), bias.at(step), nullptr, 0, y.at(step));
}
template <uint32_t Max, int64_t N, int64_t K, int64_t S, int64_t Z>
void linear(const Step<Max> &step, host::RoundedRows<K, S> x, host::Panels<BF16, N, K> w,
            host::Rows<F32, N, Z> z, host::Rows<F32, N> y) {
  linearOfRounded<N>(step, x, w.address(step), nullptr, z.at(step), Z, y.at(step));
}
template <uint32_t Max, int64_t N, int64_t K, int64_t S, int64_t Z>
void linear(const Step<Max> &step, host::RoundedRows<K, S> x, host::Panels<BF16, N, K> w,
            host::Vector<F32, N> bias, host::Rows<F32, N, Z> z, host::Rows<F32, N> y) {
  linearOfRounded<N>(step, x, w.address(step), bias.at(step), z.at(step), Z, y.at(step));
}

/// y = A(x gate^T) * (x up^T).
template <class A, uint32_t Max, int64_t N, int64_t K, int64_t S, RowsOf<N> Y>
void glu(const Step<Max> &step, host::RoundedRows<K, S> rounded, host::Panels<BF16, N, K> gate,
         host::Panels<BF16, N, K> up, Y y) {
  static_assert(Max > 1);
  auto x = stored(rounded);
  const uint16_t *g = gate.address(step), *u = up.address(step);
  auto finish = [&](int64_t row, int64_t column, const float *gates,
                    const float *ups) ASHLAR_INLINE {
    for (int64_t i = 0; i < host::PanelRows && column + i < N; i += Width)
      put(step, stored(y), row, column + i, A::of(load(gates + i)) * load(ups + i), N - column - i);
  };
#ifdef __AMX_BF16__
  if constexpr (K % TileDepth == 0)
    return gluOfTiles(step, step.count(), x.at(step), x.RowStride, g, u, N, K, finish);
#endif
  forBlocksOfRounded<N, K>(step, g, [&](int64_t panel, int64_t row, auto r) ASHLAR_INLINE {
    alignas(64) float gates[r.value][host::PanelRows], ups[r.value][host::PanelRows];
    const auto *from = x.row(step, row);
    int64_t size = panelSize<BF16>(K);
    step.await(u + panel * size, size * 2);
    sumsOfRounded(from, x.RowStride, K, g + panel * size, gates);
    sumsOfRounded(from, x.RowStride, K, u + panel * size, ups);
    for (int64_t i = 0; i < r; ++i)
      finish(row + i, panel * host::PanelRows, gates[i], ups[i]);
  });
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
