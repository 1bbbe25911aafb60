/// Causal attention over a cache of keys and values. Query heads share key heads in groups of equal
/// size; all sums are f32. The softmax goes along, so scratch is a block of keys, whatever the
/// context.
///
/// The queries of one key head, of several tokens, are rows of one product: rows times turned keys,
/// then rows of probabilities times values: here in f32, by tiles in attention_tiles.h. Those of
/// one token are in attention_decode.h.
#pragma once

#include "templates/cpu/attention_decode.h"
#include "templates/cpu/attention_pieces.h"
#include "templates/cpu/attention_tiles.h"
#include "templates/cpu/rows.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// turned[d][key] = keys[key][d]; zeros up to the next whole block of columns.
template <class T, int64_t Dim>
void turnKeys(HeadRows<T, Dim> keys, int64_t count, float *turned, int64_t stride) {
  int64_t columns = roundUp(count, BlockColumns);
  for (int64_t key = 0; key < columns; key += Width)
    for (int64_t d = 0; d < Dim; d += Width) {
      Floats square[Width];
      unrolled<Width>([&](auto i) ASHLAR_INLINE {
        square[i] = key + i < count ? keys.part(key + i, d) : Floats{};
      });
      turn(square);
      unrolled<Width>([&](auto i) ASHLAR_INLINE {
        if (Dim % Width == 0 || d + i < Dim)
          store(turned + (d + i) * stride + key, square[i]);
      });
    }
}

/// y[r][c] = sum of x[r][k] w[k][c], or that added to y. The columns of y are whole blocks.
template <bool Add, class T>
void product(const float *x, int64_t xStride, const typename T::storage *w, int64_t wStride,
             float *y, int64_t yStride, int64_t rows, int64_t depth, int64_t columns) {
  for (int64_t column = 0; column < columns; column += BlockColumns)
    forRows(0, rows, [&](auto count, int64_t row) ASHLAR_INLINE {
      constexpr int64_t R = count.value;
      float *to = y + row * yStride + column;
      Floats sums[R][BlockVectors] = {};
      if constexpr (Add)
        unrolled<R>([&](auto r) ASHLAR_INLINE {
          unrolled<BlockVectors>(
              [&](auto v) ASHLAR_INLINE { sums[r][v] = load(to + r * yStride + v * Width); });
        });
      accumulate(RowColumns<T>{w + column, wStride}, x + row * xStride, xStride, depth, sums);
      unrolled<R>([&](auto r) ASHLAR_INLINE {
        unrolled<BlockVectors>(
            [&](auto v) ASHLAR_INLINE { store(to + r * yStride + v * Width, sums[r][v]); });
      });
    });
}

/// The attention of the query heads from `head` on that share a key head, for `tokens` tokens, at
/// most Tokens, from `token` on, of which that one stands at `first`, into rows of y that begin
/// `yStride` apart and with the first of these heads.
template <int64_t Tokens, int64_t Group, int64_t Window, class T, int64_t Dim, int64_t S, class Y>
requires(!AttendsByTiles<T, Dim>) void attendRows(const float *q, HeadRows<T, Dim> k,
                                                  HeadRows<T, Dim> v, typename Y::storage *y,
                                                  int64_t yStride, float scale, int64_t token,
                                                  int64_t tokens, int64_t first, int64_t head) {
  using Value = typename T::storage;
  constexpr int64_t MaxRows = Tokens * Group, Padded = roundUp(Dim, BlockColumns);
  // Many rows read the same keys and values, which are turned and widened once for all of them.
  constexpr bool InPlace = Padded == Dim && sizeof(Value) == 4;
  constexpr int64_t KeyBlock = 64; // keys that are worked on together
  alignas(64) float queries[MaxRows][Padded];
  alignas(64) float sums[MaxRows][Padded];
  alignas(64) float scores[MaxRows][KeyBlock];
  alignas(64) float turned[Dim][KeyBlock];
  alignas(64) float values[InPlace ? 1 : KeyBlock][Padded];
  float largest[MaxRows];
  Floats totals[MaxRows]; // of weights

  int64_t rows = tokens * Group;
  for (int64_t row = 0; row < rows; ++row) {
    const float *from = q + (token + row / Group) * S + (head + row % Group) * Dim;
    for (int64_t d = 0; d < Padded; d += Width) {
      store(queries[row] + d, d < Dim ? load(from + d, Dim - d) * scale : Floats{});
      store(sums[row] + d, Floats{});
    }
    largest[row] = -__builtin_inff();
    totals[row] = Floats{};
  }

  int64_t end = first + tokens;
  int64_t start = firstSeen<Window>(first);
  for (; start < end; start += KeyBlock) {
    int64_t count = end - start < KeyBlock ? end - start : KeyBlock;
    turnKeys<T, Dim>(k.from(start), count, turned[0], KeyBlock);
    product<false, F32>(queries[0], Padded, turned[0], KeyBlock, scores[0], KeyBlock, rows, Dim,
                        count);
    for (int64_t row = 0; row < rows; ++row) {
      Seen part = seen<Window>(first + row / Group, start, count);
      if (part.begin == part.end) { // all before this block, or all after it
        for (int64_t i = 0; i < count; ++i)
          scores[row][i] = 0;
        continue;
      }
      int64_t columns = roundUp(count, BlockColumns);
      hide(scores[row], part, 0, columns);
      float top = cpu::largest(larger(broadcast(largest[row]), largestOf(scores[row], 0, columns)));
      float factor = exponential(broadcast(largest[row] - top))[0];
      largest[row] = top;
      totals[row] *= factor;
      weigh(scores[row], 0, columns, broadcast(top), totals[row], exponential,
            [&](int64_t i, Floats(&weights)[BlockVectors]) ASHLAR_INLINE {
              unrolled<BlockVectors>(
                  [&](auto v) ASHLAR_INLINE { store(scores[row] + i + v * Width, weights[v]); });
            });
      if (factor != 1)
        for (int64_t d = 0; d < Padded; d += Width)
          store(sums[row] + d, load(sums[row] + d) * factor);
    }
    if constexpr (InPlace) {
      product<true, T>(scores[0], KeyBlock, v.from(start).values, Dim, sums[0], Padded, rows, count,
                       Dim);
    } else {
      for (int64_t key = 0; key < count; ++key)
        for (int64_t d = 0; d < Padded; d += Width)
          store(values[key] + d, d < Dim ? v.part(start + key, d) : Floats{});
      product<true, F32>(scores[0], KeyBlock, values[0], Padded, sums[0], Padded, rows, count, Dim);
    }
  }

  for (int64_t row = 0; row < rows; ++row) {
    typename Y::storage *to = y + row / Group * yStride + row % Group * Dim;
    float part = 1.0f / sum(totals[row]);
    for (int64_t d = 0; d < Dim; d += Width)
      store<Y>(to + d, load(sums[row] + d) * part, Dim - d);
  }
}

/// y = softmax(scale q k^T) v, each token over the positions of its sequence up to its own: all, or
/// the last `Window` of them. The rows of this step must be stored in the caches.
template <int64_t Window = 0, uint32_t Max, class T, int64_t C, int64_t S, int64_t Kv,
          int64_t Context, int64_t Dim, int64_t Sequences, RowsOf<C> Y>
void attend(const Step<Max> &step, host::Rows<F32, C, S> q,
            host::Cache<T, Kv, Context, Dim, Sequences> k,
            host::Cache<T, Kv, Context, Dim, Sequences> v, Y y, float scale) {
  constexpr int64_t Heads = C / Dim, Group = Heads / Kv;
  static_assert(Heads * Dim == C && Group * Kv == Heads);
  auto keys = [&](int64_t head) ASHLAR_INLINE { return headRows(step, k, step.sequence, head); };
  auto values = [&](int64_t head) ASHLAR_INLINE { return headRows(step, v, step.sequence, head); };
  auto position = static_cast<int64_t>(step.position), positions = position + step.count();
  positions = Window && Window < positions ? Window : positions;
  int64_t bytes = positions * 2 * RowBytes<T, Dim>;
  if constexpr (Max == 1) {
    // Heads that read the same keys stay together.
    constexpr int64_t Most = (Kv + 1) / 2;
    constexpr int64_t RowSize = Group * Dim;
    alignas(64) float rows[Most * RowSize];
    forRepeatableChunks(
        step, {Kv, 1, bytes, Most},
        [&](int64_t begin, int64_t end) ASHLAR_INLINE {
          for (int64_t head = begin; head < end; ++head)
            attendOne<Group, Window, T, Dim>(q.at(step) + head * RowSize, keys(head), values(head),
                                             rows + (head - begin) * RowSize, scale, position,
                                             keys(head + 1 < Kv ? head + 1 : head));
        },
        [&](int64_t begin, int64_t end) ASHLAR_INLINE {
          __builtin_memcpy(y.at(step) + begin * RowSize, rows,
                           static_cast<size_t>((end - begin) * RowSize) * sizeof(float));
        });
  } else {
    // Later tokens cost more: blocks of tokens are taken from both ends in turn, so that parts are
    // equal.
    using Out = decltype(stored(y));
    constexpr int64_t Few = 32, Rows = AttendsByTiles<T, Dim> ? TiledRows<Dim> : Few;
    constexpr int64_t Most = Group >= Rows ? 1 : Max * Group < Rows ? Max : Rows / Group;
    int64_t count = step.count(), tokens = Most;
    auto items = [&]() ASHLAR_INLINE { return (count + tokens - 1) / tokens * Kv; };
    // More rows cost less each, but there should be something for each thread.
    while (tokens > 1 && tokens * Group > Few && items() < 4 * step.threads)
      tokens = (tokens + 1) / 2;
    forChunks(step, {items(), 1, bytes}, [&](int64_t begin, int64_t end) ASHLAR_INLINE {
      for (int64_t i = begin; i < end; ++i) {
        int64_t item = i % 2 ? items() - 1 - i / 2 : i / 2, token = item / Kv * tokens;
        int64_t shared = item % Kv;
        attendRows<Most, Group, Window, T, Dim, S, typename Out::Type>(
            q.at(step), keys(shared), values(shared),
            stored(y).row(step, token) + shared * Group * Dim, Out::RowStride, scale, token,
            count - token < tokens ? count - token : tokens, position + token, shared * Group);
      }
    });
  }
}

/// The same of one token of each of several sequences. No two of them have keys in common.
template <int64_t Window = 0, uint32_t Max, class T, int64_t C, int64_t S, int64_t Kv,
          int64_t Context, int64_t Dim, int64_t Sequences>
void attend(const BatchStep<Max> &step, host::Rows<F32, C, S> q,
            host::Cache<T, Kv, Context, Dim, Sequences> k,
            host::Cache<T, Kv, Context, Dim, Sequences> v, host::Rows<F32, C> y, float scale) {
  constexpr int64_t Heads = C / Dim, Group = Heads / Kv;
  static_assert(Heads * Dim == C && Group * Kv == Heads);
  // Longer sequences cost more: parts have heads of each of them, and the rest is taken over.
  int64_t count = step.count();
  int64_t bytes = static_cast<int64_t>(step.position + 1) * 2 * RowBytes<T, Dim>;
  forChunks(step, {count * Kv, 1, bytes}, [&](int64_t begin, int64_t end) ASHLAR_INLINE {
    auto keys = [&](int64_t item) ASHLAR_INLINE {
      return headRows(step, k, step.place(item % count).sequence, item / count);
    };
    for (int64_t item = begin; item < end; ++item) {
      int64_t token = item % count, head = item / count;
      TokenPlace place = step.place(token);
      attendOne<Group, Window, T, Dim>(q.at(step) + token * S + head * Group * Dim, keys(item),
                                       headRows(step, v, place.sequence, head),
                                       y.at(step) + token * C + head * Group * Dim, scale,
                                       static_cast<int64_t>(place.position),
                                       keys(item + 1 < count * Kv ? item + 1 : item));
    }
  });
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
