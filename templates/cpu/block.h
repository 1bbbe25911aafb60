/// The block of registers that every matrix product is made of: R rows of x times V vectors of
/// columns of w, over the whole depth. Weights are read in the order in which they lie.
#pragma once

#include "templates/cpu/panels.h"
#include "templates/cpu/vector.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

inline constexpr int64_t roundUp(int64_t value, int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

/// Rows and vectors of the block of a product with many rows: as many sums as there are registers,
/// less those for weights and one value of x.
inline constexpr int64_t BlockRows = Width == 16 ? 8 : 4;
inline constexpr int64_t BlockVectors = 2;
inline constexpr int64_t BlockColumns = BlockVectors * Width;
inline constexpr int64_t PanelVectors = host::PanelRows / Width;

/// Columns of a panel, from `base` on.
template <class T> struct PanelColumns {
  static constexpr int64_t Depth = PanelPair<T>; // that come with one load
  const typename T::storage *base;
  ASHLAR_INLINE PanelColumns from(int64_t k) const { return {base + k * host::PanelRows}; }
  template <int64_t V> ASHLAR_INLINE void load(int64_t k, Floats (&out)[Depth][V]) const {
    const typename T::storage *from = base + k * host::PanelRows;
    if constexpr (Depth == 2) {
      typedef uint32_t Unaligned __attribute__((vector_size(4 * Width), aligned(2), may_alias));
      unrolled<V>([&](auto v) ASHLAR_INLINE {
        Words pair = *reinterpret_cast<const Unaligned *>(from + v * Width * 2);
        out[0][v] = (Floats)(pair << 16);
        out[1][v] = (Floats)(pair & 0xffff0000);
      });
    } else {
      unrolled<V>([&](auto v) ASHLAR_INLINE { out[0][v] = cpu::load<T>(from + v * Width); });
    }
  }
};

/// The same, and each load asks, if at all, for what lies `ahead` bytes further on. A processor
/// sees as far as it has room for instructions: some must be told what will be read later.
template <class T, Asks How> struct PanelColumnsAhead {
  static constexpr int64_t Depth = PanelPair<T>;
  PanelColumns<T> columns;
  int64_t ahead;
  ASHLAR_INLINE PanelColumnsAhead from(int64_t k) const { return {columns.from(k), ahead}; }
  template <int64_t V> ASHLAR_INLINE void load(int64_t k, Floats (&out)[Depth][V]) const {
    constexpr int64_t Bytes = Depth * host::PanelRows * sizeof(*columns.base);
    prefetch<Bytes, How>(reinterpret_cast<const char *>(columns.from(k).base) + ahead);
    columns.load(k, out);
  }
};

/// Columns of a matrix that lies row by row: [k][stride].
template <class T> struct RowColumns {
  static constexpr int64_t Depth = 1;
  const typename T::storage *base;
  int64_t stride;
  template <int64_t V> ASHLAR_INLINE void load(int64_t k, Floats (&out)[1][V]) const {
    unrolled<V>([&](auto v)
                    ASHLAR_INLINE { out[0][v] = cpu::load<T>(base + k * stride + v * Width); });
  }
};

/// sums[r][v] += x[r][k] * w[k][v], k below `depth`.
template <int64_t R, int64_t V, class Weights>
ASHLAR_INLINE inline void accumulate(Weights weights, const float *x, int64_t stride, int64_t depth,
                                     Floats (&sums)[R][V]) {
  constexpr int64_t Depth = Weights::Depth;
  // With few rows, several sums for each output: an addition takes four cycles.
  constexpr int64_t Lanes = R * V >= 8 ? 1 : 8 / (R * V);
  const float *rows[R];
  unrolled<R>([&](auto r) ASHLAR_INLINE { rows[r] = x + r * stride; });
  Floats more[Lanes][R][V] = {};
  unrolled<R>([&](auto r) ASHLAR_INLINE {
    unrolled<V>([&](auto v) ASHLAR_INLINE { more[0][r][v] = sums[r][v]; });
  });
  auto step = [&](auto lane, auto values, int64_t k) ASHLAR_INLINE {
    Floats w[Depth][V];
    weights.load(k, w);
    unrolled<values.value>([&](auto d) ASHLAR_INLINE {
      unrolled<R>([&](auto r) ASHLAR_INLINE {
        Floats value = broadcast(rows[r][k + d]);
        unrolled<V>([&](auto v) ASHLAR_INLINE {
          Floats &sum = more[(lane * Depth + d) % Lanes][r][v];
          sum = multiplyAdd(w[d][v], value, sum);
        });
      });
    });
  };
  constexpr int64_t Unroll = Lanes > Depth ? Lanes / Depth : 1;
  int64_t k = 0;
  for (; k + Unroll * Depth <= depth; k += Unroll * Depth)
    unrolled<Unroll>([&](auto lane)
                         ASHLAR_INLINE { step(lane, Constant<Depth>(), k + lane * Depth); });
  for (int64_t left = 1; left < Unroll && k + Depth <= depth; ++left, k += Depth)
    step(Constant<0>(), Constant<Depth>(), k);
  if constexpr (Depth > 1)
    if (k < depth)
      step(Constant<0>(), Constant<1>(), k);
  unrolled<R>([&](auto r) ASHLAR_INLINE {
    unrolled<V>([&](auto v) ASHLAR_INLINE {
      Floats sum = more[0][r][v];
      unrolled<Lanes - 1>([&](auto lane) ASHLAR_INLINE { sum += more[lane + 1][r][v]; });
      sums[r][v] = sum;
    });
  });
}

/// Calls body(Constant<R>, row) for blocks of R rows, and of half as many for what is left of them.
template <int64_t R = BlockRows, class Body>
ASHLAR_INLINE inline void forRows(int64_t begin, int64_t end, Body &&body) {
  for (; begin + R <= end; begin += R)
    body(Constant<R>(), begin);
  if constexpr (R > 1)
    if (begin < end)
      forRows<(R + 1) / 2>(begin, end, body);
}

/// Calls body(group, row, end) for what this thread comes to do of `groups` panels of so many
/// bytes, or groups of them, times `rows` in blocks of R: one group after another, so that few
/// chunks meet in one. Their weights are there.
template <int64_t R, class Body>
ASHLAR_INLINE inline void forChunksOfBlocks(const StepState &step, const void *weights,
                                            int64_t groups, int64_t bytes, int64_t rows,
                                            Body &&body) {
  int64_t blocks = (rows + R - 1) / R;
  forChunks(step, {groups * blocks, 1, bytes}, [&](int64_t begin, int64_t end) ASHLAR_INLINE {
    while (begin < end) {
      int64_t group = begin / blocks, block = begin % blocks;
      int64_t last = end < (group + 1) * blocks ? block + end - begin : blocks;
      begin += last - block;
      step.await(static_cast<const char *>(weights) + group * bytes, bytes);
      body(group, block * R, last * R < rows ? last * R : rows);
    }
  });
}

/// The same for panels of so many bytes, of which a thread multiplies some with rows before it
/// takes others: `most`, but something for each thread. Calls body(panel, last, row, end).
template <int64_t R, class Body>
ASHLAR_INLINE inline void forBlocksOfPanels(const StepState &step, const void *weights,
                                            int64_t panels, int64_t bytes, int64_t most,
                                            int64_t rows, Body &&body) {
  int64_t together = panels / step.threads < most ? panels / step.threads : most;
  together = together > 0 ? together : 1;
  int64_t groups = (panels + together - 1) / together;
  auto run = [&](int64_t group, int64_t begin, int64_t end) ASHLAR_INLINE {
    int64_t first = group * together, last = first + together;
    body(first, last < panels ? last : panels, begin, end);
  };
  forChunksOfBlocks<R>(step, weights, groups, together * bytes, rows, run);
}

/// The most panels that a chunk of a product with N outputs has: the whole part of one of two
/// threads, unless that has more than 4096 outputs, but no less than the largest of all the chunks
/// that a part can have.
template <int64_t N>
inline constexpr int64_t ChunkPanels = panelCount(N) <= 256    ? (panelCount(N) + 1) / 2
                                       : panelCount(N) <= 1024 ? 128
                                                               : (panelCount(N) + 7) / 8;

/// What a thread computes of a chunk of a row of N outputs, of so many products, until it counts.
template <int64_t N, int64_t Products> struct RowOutputs {
  alignas(64) float of[Products][ChunkPanels<N> * host::PanelRows];
};

/// N outputs of one row, in panels of so many bytes. compute(panel, end, outputs) does a chunk of
/// them, and commit(first, count, outputs) writes it to where it belongs.
template <int64_t N, int64_t Products = 1, class Compute, class Commit>
ASHLAR_INLINE inline void forChunksOfRow(const StepState &step, int64_t bytes, Compute &&compute,
                                         Commit &&commit) {
  RowOutputs<N, Products> outputs;
  forRepeatableChunks(
      step, {panelCount(N), 1, bytes, ChunkPanels<N>},
      [&](int64_t begin, int64_t end) ASHLAR_INLINE { compute(begin, end, outputs); },
      [&](int64_t begin, int64_t end) ASHLAR_INLINE {
        int64_t first = begin * host::PanelRows, count = end * host::PanelRows;
        commit(first, (count < N ? count : N) - first, outputs);
      });
}

/// A row that lies in memory as it is multiplied.
struct GivenRow {
  const float *x;
  ASHLAR_INLINE const float *get() const { return x; }
};

/// What `row` gives with some panels of weights, as they arrive.
template <int64_t N, class Row>
ASHLAR_INLINE inline void multiplyPanels(const StepState &step, Row &row,
                                         const typename Row::Weight *weights, const float *bias,
                                         int64_t begin, int64_t end, float *to) {
  for (int64_t panel = begin, there; panel < end; panel = there) {
    there = step.await(weights, row.panelBytes(), panel, end);
    row.template multiply<N>(weights, bias, panel, there, to + (panel - begin) * host::PanelRows);
  }
}

/// y = `row` times weights (+ bias) (+ z): of one row. `Row` is a form of weights, which knows the
/// bytes of a panel of theirs and computes some panels of outputs.
template <int64_t N, class Row>
ASHLAR_INLINE inline void linearOfRow(const StepState &step, Row &&row,
                                      const typename Row::Weight *weights, const float *bias,
                                      const float *z, float *y) {
  forChunksOfRow<N>(
      step, row.panelBytes(),
      [&](int64_t panel, int64_t end, RowOutputs<N, 1> &outputs)
          ASHLAR_INLINE { multiplyPanels<N>(step, row, weights, bias, panel, end, outputs.of[0]); },
      [&](int64_t first, int64_t count, const RowOutputs<N, 1> &outputs) ASHLAR_INLINE {
        if (!z) {
          __builtin_memcpy(y + first, outputs.of[0], static_cast<size_t>(count) * sizeof(float));
          return;
        }
        for (int64_t i = 0; i < count; i += Width)
          store(y + first + i, load(z + first + i, count - i) + load(outputs.of[0] + i, count - i),
                count - i);
      });
}

/// y = A(row times gate) * (row times up): of one row. What a chunk ends with, the next one begins
/// with, so that half of the streams go on.
template <class A, int64_t N, class Row>
ASHLAR_INLINE inline void gluOfRow(const StepState &step, Row &&row,
                                   const typename Row::Weight *gate, const typename Row::Weight *up,
                                   float *y) {
  bool upFirst = false;
  forChunksOfRow<N, 2>(
      step, 2 * row.panelBytes(),
      [&](int64_t panel, int64_t end, RowOutputs<N, 2> &outputs) ASHLAR_INLINE {
        for (int turn = 0; turn < 2; ++turn)
          if ((turn == 1) != upFirst)
            multiplyPanels<N>(step, row, up, nullptr, panel, end, outputs.of[1]);
          else
            multiplyPanels<N>(step, row, gate, nullptr, panel, end, outputs.of[0]);
        upFirst = !upFirst;
      },
      [&](int64_t first, int64_t count, const RowOutputs<N, 2> &outputs) ASHLAR_INLINE {
        for (int64_t i = 0; i < count; i += Width)
          store(y + first + i,
                A::of(load(outputs.of[0] + i, count - i)) * load(outputs.of[1] + i, count - i),
                count - i);
      });
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
