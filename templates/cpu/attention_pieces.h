/// Attention of one token where there are more threads than key heads: the positions of its
/// sequence are cut into pieces, each for the query heads that share a key head, and another call
/// joins what they gave. How they are cut depends on the position and the plan alone, and so does
/// the result.
#pragma once

#include "templates/cpu/attention_decode.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// The positions that a token sees, in pieces of equal length but for the last.
template <int64_t Window, int64_t Most> struct SeenPieces {
  int64_t first, end, length;

  ASHLAR_INLINE explicit SeenPieces(uint64_t position)
      : first(firstSeen<Window>(static_cast<int64_t>(position))),
        end(static_cast<int64_t>(position) + 1) {
    int64_t part = roundUp((end - first + Most - 1) / Most, 32);
    length = part < host::LeastPiece ? host::LeastPiece : part;
  }
  ASHLAR_INLINE int64_t count() const { return (end - first + length - 1) / length; }
  ASHLAR_INLINE int64_t begin(int64_t piece) const { return first + piece * length; }
  ASHLAR_INLINE int64_t endOf(int64_t piece) const {
    return begin(piece) + length < end ? begin(piece) + length : end;
  }
};

/// The most pieces that a sequence of a step has, and the longest: not always of the same one, for
/// pieces grow with sequences by some positions at a time.
struct LargestPieces {
  int64_t count = 0, length = 0;
};
template <class Cut, class AnyStep>
ASHLAR_INLINE inline LargestPieces largestPieces(const AnyStep &step) {
  LargestPieces largest;
  for (int64_t token = 0; token < step.count(); ++token) {
    Cut cut(step.place(token).position);
    largest.count = cut.count() > largest.count ? cut.count() : largest.count;
    largest.length = cut.length > largest.length ? cut.length : largest.length;
  }
  return largest;
}

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
  const LargestPieces largest = largestPieces<Cut>(step);
  const int64_t each = largest.count;
  auto forPieces = [&](int64_t begin, int64_t end, auto body) ASHLAR_INLINE {
    for (int64_t item = begin; item < end; ++item) {
      int64_t piece = item % each, head = item / each % Kv, token = item / each / Kv;
      Cut cut(step.place(token).position);
      if (piece < cut.count())
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
                    headRows(step, v, sequence, head), scale, cut.begin(piece), cut.endOf(piece),
                    piece + 1 < cut.count() ? keys.from(cut.endOf(piece)).values : nullptr,
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
  Task task{step.count() * Kv * each, 1, largest.length * 2 * RowBytes<T, Dim>, Kept};
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
  int64_t bytes = largestPieces<Cut>(step).count * RowSize * int64_t(sizeof(float));
  Task task{step.count() * Kv * Group, 1, bytes};
  forChunks(step, task, [&](int64_t begin, int64_t end) ASHLAR_INLINE {
    for (int64_t item = begin; item < end; ++item) {
      int64_t token = item / (Kv * Group), head = item / Group % Kv, row = item % Group;
      int64_t count = Cut(step.place(token).position).count();
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
