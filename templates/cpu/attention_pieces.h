/// Attention of one token where there are more threads than key heads: the positions of its
/// sequence are cut into pieces, each for the query heads that share a key head, and another call
/// joins what they gave. How they are cut depends on the position and the plan alone, and so does
/// the result.
///
/// How a call is divided is told by the longest sequence of a step: the step's own state has no
/// more, and what that points to may be the next step's when a late thread comes.
#pragma once

#include "templates/cpu/attention_decode.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// The positions that a token sees, in pieces of nearly equal length. A token further on has as
/// many or more.
template <int64_t Window, int64_t Most> struct SeenPieces {
  int64_t first, seen, count;

  ASHLAR_INLINE explicit SeenPieces(uint64_t position)
      : first(firstSeen<Window>(static_cast<int64_t>(position))),
        seen(static_cast<int64_t>(position) + 1 - first),
        count((seen + host::LeastPiece - 1) / host::LeastPiece) {
    count = count < Most ? count : Most;
  }
  /// Whole registers of keys lie between two of them.
  ASHLAR_INLINE int64_t begin(int64_t piece) const {
    return first + seen * piece / count / 16 * 16;
  }
  ASHLAR_INLINE int64_t end(int64_t piece) const {
    return piece + 1 < count ? begin(piece + 1) : first + seen;
  }
};

/// Into `pieces`, of each token of the step.
template <int64_t Window = 0, class AnyStep, class T, int64_t C, int64_t S, int64_t Kv,
          int64_t Context, int64_t Dim, int64_t Sequences, int64_t Most, int64_t Threads>
void attendPieces(const AnyStep &step, host::Rows<F32, C, S> q,
                  host::Cache<T, Kv, Context, Dim, Sequences> k,
                  host::Cache<T, Kv, Context, Dim, Sequences> v,
                  host::Pieces<Kv, C / Dim / Kv, Dim, Most, Threads, Sequences> pieces,
                  float scale) {
  constexpr int64_t Group = C / Dim / Kv;
  static_assert(Group * Kv * Dim == C);
  using Cut = SeenPieces<Window, Most>;
  const Cut longest(step.position);
  const int64_t each = longest.count;
  auto forPieces = [&](int64_t begin, int64_t end, auto body) ASHLAR_INLINE {
    for (int64_t item = begin; item < end; ++item) {
      int64_t piece = item % each, head = item / each % Kv, token = item / each / Kv;
      Cut cut(step.place(token).position);
      if (piece < cut.count)
        body(item - begin, token, head, piece, cut);
    }
  };

  constexpr int64_t Part = (Sequences * Kv * Most + Threads - 1) / Threads;
  constexpr int64_t Kept = (Part + ChunksOfThread - 1) / ChunksOfThread;
  constexpr int64_t RowSize = Dim + 2, ItemSize = Group * RowSize;
  alignas(64) float rows[Kept * ItemSize];
  auto compute = [&](int64_t begin, int64_t end) ASHLAR_INLINE {
    forPieces(begin, end,
              [&](int64_t at, int64_t token, int64_t head, int64_t piece, Cut cut) ASHLAR_INLINE {
                uint32_t sequence = step.place(token).sequence;
                HeadRows<T, Dim> keys = headRows(step, k, sequence, head);
                attendOne<Group>(
                    q.at(step) + token * S + head * Group * Dim, keys,
                    headRows(step, v, sequence, head), scale, cut.begin(piece), cut.end(piece),
                    piece + 1 < cut.count ? keys.from(cut.end(piece)).values : nullptr,
                    [&](int64_t row, const float *sums, float top, float total) ASHLAR_INLINE {
                      float *to = rows + at * ItemSize + row * RowSize;
                      RowVectors<T, Dim>::restore(sums, 1, to);
                      to[Dim] = top;
                      to[Dim + 1] = total;
                    });
              });
  };
  auto commit = [&](int64_t begin, int64_t end) ASHLAR_INLINE {
    forPieces(begin, end,
              [&](int64_t at, int64_t token, int64_t head, int64_t piece, Cut) ASHLAR_INLINE {
                __builtin_memcpy(pieces.of(step, token, head, piece), rows + at * ItemSize,
                                 ItemSize * sizeof(float));
              });
  };
  Task task{step.count() * Kv * each, 1, longest.seen / each * 2 * RowBytes<T, Dim>, Kept};
  // Where the tokens of several sequences stand is read from what the next step changes.
  if constexpr (AnyStep::Max == 1)
    forRepeatableChunks(step, task, compute, commit);
  else
    forChunks(step, task, [&](int64_t begin, int64_t end) ASHLAR_INLINE {
      compute(begin, end);
      commit(begin, end);
    });
}

/// Weighs the pieces of each head by their largest scores and adds them up.
template <int64_t Window = 0, class AnyStep, int64_t Kv, int64_t Group, int64_t Dim, int64_t Most,
          int64_t Threads, int64_t Sequences>
void joinPieces(const AnyStep &step, host::Pieces<Kv, Group, Dim, Most, Threads, Sequences> pieces,
                host::Rows<F32, Kv * Group * Dim> y) {
  constexpr int64_t RowSize = Dim + 2;
  using Cut = SeenPieces<Window, Most>;
  int64_t bytes = Cut(step.position).count * RowSize * int64_t(sizeof(float));
  Task task{step.count() * Kv * Group, 1, bytes};
  forChunks(step, task, [&](int64_t begin, int64_t end) ASHLAR_INLINE {
    for (int64_t item = begin; item < end; ++item) {
      int64_t token = item / (Kv * Group), head = item / Group % Kv, row = item % Group;
      int64_t count = Cut(step.place(token).position).count;
      auto of = [&](int64_t piece)
                    ASHLAR_INLINE { return pieces.of(step, token, head, piece) + row * RowSize; };
      float top = of(0)[Dim], total = 0;
      for (int64_t piece = 1; piece < count; ++piece)
        top = of(piece)[Dim] > top ? of(piece)[Dim] : top;
      float factors[Most];
      for (int64_t piece = 0; piece < count; ++piece) {
        factors[piece] = exponential(broadcast(of(piece)[Dim] - top))[0];
        total += factors[piece] * of(piece)[Dim + 1];
      }
      float *to = y.row(step, token) + (head * Group + row) * Dim;
      for (int64_t d = 0; d < Dim; d += Width) {
        Floats sum = {};
        for (int64_t piece = 0; piece < count; ++piece)
          sum = multiplyAdd(load(of(piece) + d, Dim - d), broadcast(factors[piece]), sum);
        store(to + d, sum * (1.0f / total), Dim - d);
      }
    }
  });
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
