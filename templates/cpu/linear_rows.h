/// y = x w^T (+ bias), the weights row by row: as LibTorch takes them, who computes what is left of
/// such products. All sums are f32.
///
/// One token: each thread reads the rows of its part one after another, as one stream. More: some
/// rows stay in the cache while all rows of x pass over them.
#pragma once

#include "templates/cpu/block.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// Width outputs, or fewer, of R rows of x. If it asks, each load of weights does for what lies
/// `ahead` bytes further on, as panels do (block.h).
template <class T, int64_t R, Asks How = Asks::Nothing>
[[gnu::noinline]] void
outputsOfRows(const typename T::storage *weights, int64_t count, int64_t depth, const float *x,
              int64_t xStride, const float *bias, float *y, int64_t stride, int64_t ahead = 0) {
  // With one row, several sums for each output: an addition takes four cycles.
  constexpr int64_t Lanes = R == 1 ? 8 : R == 2 ? 4 : 2;
  const float *rows[R];
  unrolled<R>([&](auto r) ASHLAR_INLINE { rows[r] = x + r * xStride; });
  Floats parts[R][Width] = {};
  for (int64_t i = 0; i < count; ++i) {
    const typename T::storage *row = weights + i * depth;
    Floats sums[R][Lanes] = {};
    auto add = [&](auto lane, int64_t k, Floats w, auto part) ASHLAR_INLINE {
      unrolled<R>([&](auto r) ASHLAR_INLINE {
        Floats value = part ? load(rows[r] + k, depth - k) : load(rows[r] + k);
        sums[r][lane] = multiplyAdd(w, value, sums[r][lane]);
      });
    };
    int64_t k = 0;
    for (; k + Lanes * Width <= depth; k += Lanes * Width) {
      prefetch<Lanes * Width * sizeof(*row), How>(reinterpret_cast<const char *>(row + k) + ahead);
      unrolled<Lanes>([&](auto lane) ASHLAR_INLINE {
        add(lane, k + lane * Width, load<T>(row + k + lane * Width), Constant<0>());
      });
    }
    for (; k < depth; k += Width)
      add(Constant<0>(), k, load<T>(row + k, depth - k), Constant<1>());
    unrolled<R>([&](auto r) ASHLAR_INLINE {
      unrolled<Lanes>([&](auto lane) ASHLAR_INLINE { parts[r][i] += sums[r][lane]; });
    });
  }
  Floats constant = bias ? load(bias, count) : Floats{};
  unrolled<R>([&](auto r)
                  ASHLAR_INLINE { store(y + r * stride, cpu::sums(parts[r]) + constant, count); });
}

/// One row that weights row by row are multiplied with.
template <class T, class Input = GivenRow> class RowTimesMatrix {
public:
  using Weight = typename T::storage;
  RowTimesMatrix(const StepState &step, Input &input, int64_t depth)
      : input(input), depth(depth), ahead(aheadOf<T>(step)) {}

  int64_t panelBytes() const {
    return host::PanelRows * depth * static_cast<int64_t>(sizeof(Weight));
  }
  template <int64_t N>
  ASHLAR_INLINE void multiply(const Weight *weights, const float *bias, int64_t panel, int64_t end,
                              float *to) {
    constexpr int64_t Rows = host::PanelRows;
    const float *x = input.get();
    asking(ahead, [&](auto how) ASHLAR_INLINE {
      for (int64_t first = panel * Rows; first < end * Rows && first < N; first += Width)
        outputsOfRows<T, 1, Asks(how.value)>(
            weights + first * depth, N - first < Width ? N - first : Width, depth, x, depth,
            bias ? bias + first : bias, to + first - panel * Rows, N, ahead);
    });
  }

private:
  Input &input;
  int64_t depth, ahead;
};

template <uint32_t Max, class T, int64_t N>
void linearByRows(const Step<Max> &step, const float *x, int64_t xStride,
                  const typename T::storage *weights, const float *bias, float *y, int64_t depth) {
  if constexpr (Max == 1) {
    GivenRow row{x};
    linearOfRow<N>(step, RowTimesMatrix<T>(step, row, depth), weights, bias, nullptr, y);
  } else {
    int64_t bytes = depth * static_cast<int64_t>(sizeof(*weights));
    auto run = [&](int64_t group, int64_t begin, int64_t end) ASHLAR_INLINE {
      int64_t first = group * Width;
      forRows<4>(begin, end, [&](auto r, int64_t row) ASHLAR_INLINE {
        outputsOfRows<T, r.value>(weights + first * depth, N - first < Width ? N - first : Width,
                                  depth, x + row * xStride, xStride, bias ? bias + first : bias,
                                  y + row * N + first, N);
      });
    };
    forChunksOfBlocks<BlockRows>(step, weights, (N + Width - 1) / Width, Width * bytes,
                                 step.count(), run);
  }
}

template <uint32_t Max, class T, int64_t N, int64_t K, int64_t S>
void linear(const Step<Max> &step, host::Rows<F32, K, S> x, host::Matrix<T, N, K> w,
            host::Rows<F32, N> y) {
  linearByRows<Max, T, N>(step, x.at(step), S, w.address(step), nullptr, y.at(step), K);
}

template <uint32_t Max, class T, int64_t N, int64_t K, int64_t S>
void linear(const Step<Max> &step, host::Rows<F32, K, S> x, host::Matrix<T, N, K> w,
            host::Vector<F32, N> bias, host::Rows<F32, N> y) {
  linearByRows<Max, T, N>(step, x.at(step), S, w.address(step), bias.at(step), y.at(step), K);
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
