/// y = x w^T (+ bias) for many rows, by LibTorch: each thread asks it for the columns of its
/// chunks, so that the team works as it does otherwise. Where the step has no LibTorch, by kernels
/// of ours.
///
/// LibTorch multiplies bf16 by bf16 into bf16: rows of x are rounded first, by a call of its own
/// that serves all products of the same rows, and what comes out is widened.
#pragma once

#include "runtime/torch/Product.h"
#include "templates/cpu/linear_rows.h"

namespace ashlar::torch {
inline namespace ASHLAR_ISA {

/// scratch = x, rounded to bf16.
template <uint32_t Max, int64_t K, int64_t S, int64_t Inputs, int64_t Outputs>
void round(const Step<Max> &step, host::Rows<F32, K, S> x,
           host::TorchRows<Inputs, Outputs> scratch) {
  static_assert(K <= Inputs);
  using namespace cpu;
  uint16_t *to = reinterpret_cast<uint16_t *>(step.host + scratch.in);
  forChunks(step, {step.count(), 1, 6 * K}, [&](int64_t begin, int64_t end) ASHLAR_INLINE {
    for (int64_t row = begin; row < end; ++row)
      for (int64_t k = 0; k < K; k += Width)
        store<BF16>(to + row * K + k, load(x.at(step) + row * S + k, K - k), K - k);
  });
}

template <uint32_t Max, int64_t N, int64_t K, int64_t S>
void linearOfF32(const Step<Max> &step, host::Rows<F32, K, S> x, host::Matrix<F32, N, K> w,
                 const float *bias, host::Rows<F32, N> y) {
  using namespace cpu;
  forChunks(step, {N, host::TorchGroup, 4 * K}, [&](int64_t begin, int64_t end) {
    int64_t rows = step.count(), columns = end - begin;
    float *to = y.at(step) + begin, *weights = w.address(step) + begin * K;
    step.await(weights, columns * K * 4);
    torchProduct(step, AshlarTorchF32, {x.at(step), rows, K, S}, {weights, columns, K, K},
                 {to, rows, columns, N});
    for (int64_t row = 0; bias && row < rows; ++row)
      for (int64_t i = 0; i < columns; i += Width)
        store(to + row * N + i,
              load(to + row * N + i, columns - i) + load(bias + begin + i, columns - i),
              columns - i);
  });
}

template <uint32_t Max, int64_t N, int64_t K, int64_t Inputs, int64_t Outputs>
void linearOfBF16(const Step<Max> &step, host::Matrix<BF16, N, K> w, const float *bias,
                  host::Rows<F32, N> y, host::TorchRows<Inputs, Outputs> scratch) {
  static_assert(K <= Inputs && Outputs % host::TorchGroup == 0);
  using namespace cpu;
  uint16_t *in = reinterpret_cast<uint16_t *>(step.host + scratch.in);
  uint16_t *out =
      reinterpret_cast<uint16_t *>(step.host + scratch.out) + int64_t(step.thread) * Max * Outputs;
  forChunks(step, {N, host::TorchGroup, 2 * K, Outputs}, [&](int64_t begin, int64_t end) {
    int64_t rows = step.count(), columns = end - begin;
    uint16_t *weights = w.address(step) + begin * K;
    step.await(weights, columns * K * 2);
    torchProduct(step, AshlarTorchBF16, {in, rows, K, K}, {weights, columns, K, K},
                 {out, rows, columns, columns});
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t i = 0; i < columns; i += Width) {
        Floats add = bias ? load(bias + begin + i, columns - i) : Floats{};
        store(y.at(step) + row * N + begin + i,
              load<BF16>(out + row * columns + i, columns - i) + add, columns - i);
      }
  });
}

template <uint32_t Max, int64_t N, int64_t K, int64_t S>
void linear(const Step<Max> &step, host::Rows<F32, K, S> x, host::Matrix<F32, N, K> w,
            host::Rows<F32, N> y) {
  if (!step.torch)
    return cpu::linear(step, x, w, y);
  linearOfF32(step, x, w, nullptr, y);
}

template <uint32_t Max, int64_t N, int64_t K, int64_t S>
void linear(const Step<Max> &step, host::Rows<F32, K, S> x, host::Matrix<F32, N, K> w,
            host::Vector<F32, N> bias, host::Rows<F32, N> y) {
  if (!step.torch)
    return cpu::linear(step, x, w, bias, y);
  linearOfF32(step, x, w, bias.at(step), y);
}

/// `round` must have been called for x.
template <uint32_t Max, int64_t N, int64_t K, int64_t S, int64_t Inputs, int64_t Outputs>
void linear(const Step<Max> &step, host::Rows<F32, K, S> x, host::Matrix<BF16, N, K> w,
            host::Rows<F32, N> y, host::TorchRows<Inputs, Outputs> scratch) {
  if (!step.torch)
    return cpu::linear(step, x, w, y);
  linearOfBF16(step, w, nullptr, y, scratch);
}

template <uint32_t Max, int64_t N, int64_t K, int64_t S, int64_t Inputs, int64_t Outputs>
void linear(const Step<Max> &step, host::Rows<F32, K, S> x, host::Matrix<BF16, N, K> w,
            host::Vector<F32, N> bias, host::Rows<F32, N> y,
            host::TorchRows<Inputs, Outputs> scratch) {
  if (!step.torch)
    return cpu::linear(step, x, w, bias, y);
  linearOfBF16(step, w, bias.at(step), y, scratch);
}

} // namespace ASHLAR_ISA
} // namespace ashlar::torch
