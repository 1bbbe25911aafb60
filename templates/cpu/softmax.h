/// The softmax of rows of scores as it goes along, a block of keys at a time: what the forms of
/// attention of many tokens share.
#pragma once

#include "templates/cpu/block.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// Keys of a block: none where `begin` is `end`.
struct Seen {
  int64_t begin, end;
};

/// Those of the `count` keys from `start` on that the token at `position` sees.
template <int64_t Window>
ASHLAR_INLINE inline Seen seen(int64_t position, int64_t start, int64_t count) {
  auto within = [&](int64_t key) ASHLAR_INLINE { return key < 0 ? 0 : key < count ? key : count; };
  int64_t end = position + 1 - start;
  return {Window ? within(end - Window) : 0, within(end)};
}

/// Makes the other scores from `begin` to `end`, which are whole vectors, those of keys that weigh
/// nothing.
ASHLAR_INLINE inline void hide(float *scores, Seen keys, int64_t begin, int64_t end) {
  constexpr float Hidden = -__builtin_inff();
  int64_t i = begin;
  for (; i + Width <= keys.begin; i += Width)
    store(scores + i, broadcast(Hidden));
  for (; i < keys.begin; ++i)
    scores[i] = Hidden;
  i = keys.end > begin ? keys.end : begin;
  for (; i < end && i % Width != 0; ++i)
    scores[i] = Hidden;
  for (; i < end; i += Width)
    store(scores + i, broadcast(Hidden));
}

/// The largest score of each lane. Here and below, scores are whole blocks of columns.
ASHLAR_INLINE inline Floats largestOf(const float *scores, int64_t begin, int64_t end) {
  Floats most[BlockVectors];
  unrolled<BlockVectors>([&](auto v) ASHLAR_INLINE { most[v] = load(scores + begin + v * Width); });
  for (int64_t i = begin + BlockColumns; i < end; i += BlockColumns)
    unrolled<BlockVectors>(
        [&](auto v) ASHLAR_INLINE { most[v] = larger(most[v], load(scores + i + v * Width)); });
  return larger(most[0], most[1]);
}

/// Turns scores into weights relative to `top`, adds them to `total`, and gives each block of
/// columns to put(column, weights).
template <class Exponential, class Put>
ASHLAR_INLINE inline void weigh(const float *scores, int64_t begin, int64_t end, Floats top,
                                Floats &total, Exponential exponential, Put put) {
  Floats sums = total;
  for (int64_t i = begin; i < end; i += BlockColumns) {
    Floats weights[BlockVectors];
    unrolled<BlockVectors>([&](auto v) ASHLAR_INLINE {
      weights[v] = exponential(load(scores + i + v * Width) - top);
      sums += weights[v];
    });
    put(i, weights);
  }
  total = sums;
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
