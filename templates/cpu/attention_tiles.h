/// Attention of many tokens by tiles, over caches whose numbers are exact in bf16.
///
/// Queries and weights are split into two numbers of bf16, of which the second is what the first
/// leaves, rounded: 17 bits together, so that sums are nearly those of f32. The processor
/// multiplies tiles beside all else it does, so products of the rows before and after are done in
/// small steps between rows of the softmax.
#pragma once

#include "templates/cpu/attention_decode.h"
#include "templates/cpu/softmax.h"
#include "templates/cpu/tiles.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// Rows of queries that pass over the keys together: what is worked on for them stays in the second
/// cache.
template <int64_t Dim> inline constexpr int64_t TiledRows = Dim <= 64 ? 256 : (1 << 14) / Dim;

#ifndef __AMX_BF16__

template <class T, int64_t Dim> inline constexpr bool AttendsByTiles = false;

#else

/// Whether attention of many tokens is what is below.
template <class T, int64_t Dim>
inline constexpr bool AttendsByTiles = Dim % TileDepth == 0 &&
                                       (std::is_same_v<T, BF16> || Scaled<T>);

/// Pairs of bf16, the upper halves of floats.
ASHLAR_INLINE inline Floats paired(Floats low, Floats high) {
  return (Floats)((Words)low >> 16 | ((Words)high & 0xffff0000));
}

/// Writes pairs of floats rounded to bf16, and `rest` pairs on those of what that leaves. Half is
/// rounded up, which is cheaper than to even and as near.
ASHLAR_INLINE inline void split(Floats low, Floats high, float *to, int64_t rest) {
  auto half = [](Floats x) ASHLAR_INLINE { return (Floats)((Words)x + 0x8000); };
  auto left = [&](Floats x)
                  ASHLAR_INLINE { return half(x - (Floats)((Words)half(x) & 0xffff0000)); };
  store(to, paired(half(low), half(high)));
  store(to + rest, paired(left(low), left(high)));
}

/// 2^x within 5e-7, for x that is not above 0; 0 below -160, NaN for NaN.
ASHLAR_INLINE inline Floats powerOfTwo(Floats x) {
  x = larger(broadcast(-160.0f), x);
  const Floats magic = broadcast(0x1.8p23f); // added, it leaves the nearest integer
  Floats n = (x + magic) - magic, r = x - n;
  // 1 where r is 0, and elsewhere as near as a polynomial of this degree can be.
  Floats y = broadcast(0x1.23a604a8p-10f);
  y = multiplyAdd(y, r, broadcast(0x1.3cbea7a8p-7f));
  y = multiplyAdd(y, r, broadcast(0x1.c743229ap-5f));
  y = multiplyAdd(y, r, broadcast(0x1.ebfa4d41p-3f));
  y = multiplyAdd(y, r, broadcast(0x1.62e39df9p-1f));
  y = multiplyAdd(y, r, broadcast(1.0f));
  return _mm512_maskz_scalef_ps(0xffff, y, n);
}

/// y = x w, or that added to y, for a tile of rows x that are split, all in pairs. Columns of w and
/// y are whole tiles, of which those of w lie one after another.
struct SplitProduct {
  const float *x; // [TileRows][xStride], the second numbers `rest` after the first
  int64_t xStride, rest, depth;
  const float *w; // [tiles][wStride], of which each begins with [depth][TileRows]
  int64_t wStride, tiles;
  float *y; // [TileRows][yStride]
  int64_t yStride;
  bool add;
  int64_t at = 0, pair = 0; // in the depth, and of columns there: what is next

  /// Does four products of tiles of what is left; false if there is nothing.
  ASHLAR_INLINE bool step() {
    if (tiles <= 0)
      return false;
    tiles >= 4 ? step<4>() : step<2>();
    return true;
  }

private:
  template <int64_t C> ASHLAR_INLINE void step() {
    if (pair == 0) {
      if (at == 0)
        unrolled<C>([&](auto c) ASHLAR_INLINE {
          if (add)
            loadTile<c.value>(y + c * TileRows, yStride * 4);
          else
            clearTile<c.value>();
        });
      loadTile<4>(x + at, xStride * 4);
      loadTile<5>(x + rest + at, xStride * 4);
      multiply<0>();
    } else {
      multiply<2>();
    }
    pair += 2;
    if (pair < C)
      return;
    pair = 0;
    at += TileDepth / 2;
    if (at < depth)
      return;
    at = 0;
    unrolled<C>([&](auto c) ASHLAR_INLINE { storeTile<c.value>(y + c * TileRows, yStride * 4); });
    tiles -= C;
    w += C * wStride;
    y += C * TileRows;
  }

  /// Two tiles of columns, each with the first numbers and the second.
  template <int64_t First> ASHLAR_INLINE void multiply() {
    const float *columns = w + First * wStride + at * TileRows;
    loadTile<6>(columns, TileRows * 4);
    multiplyTiles<First, 4, 6>();
    loadTile<7>(columns + wStride, TileRows * 4);
    multiplyTiles<First + 1, 4, 7>();
    multiplyTiles<First, 5, 6>();
    multiplyTiles<First + 1, 5, 7>();
  }
};

/// Rows of queries of one key head, and all that is worked on for them.
template <int64_t MaxRows, class T, int64_t Dim> struct RowTiles {
  static constexpr int64_t Rows = roundUp(MaxRows, TileRows);
  // Keys that are worked on together stay in the nearest cache.
  static constexpr int64_t KeyBlock = Dim <= 256 ? 64 : 32, Pairs = Dim / 2,
                           KeyPairs = KeyBlock / 2;
  static_assert(TileRows == Width && TileDepth == BlockColumns && KeyBlock % BlockColumns == 0);

  alignas(64) float queries[Rows][2 * Pairs]; // split
  alignas(64) float sums[Rows][Dim];
  Floats totals[Rows];             // of weights
  Floats largest[Rows / TileRows]; // of scores
  alignas(64) float keys[KeyBlock / TileRows][Pairs][TileRows];
  alignas(64) float values[Dim / TileRows][KeyPairs][TileRows];
  alignas(64) float keyScales[Scaled<T> ? KeyBlock : 1];
  alignas(64) float valueScales[Scaled<T> ? KeyBlock : 1];
  // Of two tiles of rows at a time.
  alignas(64) float scores[2][TileRows][KeyBlock];
  alignas(64) float weights[2][TileRows][2 * KeyPairs]; // split

  void setQuery(int64_t row, const float *from, float scale) {
    for (int64_t d = 0; d < Dim; d += BlockColumns) {
      // Of what is no number, rounding half up would make one.
      auto part = [&](int64_t column) ASHLAR_INLINE {
        Floats x = load(from + column) * scale;
        return x == x ? x : broadcast(__builtin_nanf(""));
      };
      Floats first = part(d), rest = part(d + Width);
      split(everySecond<0>(first, rest, Lanes()), everySecond<1>(first, rest, Lanes()),
            queries[row] + d / 2, Pairs);
    }
  }

  void clear(int64_t tiles) {
    for (int64_t row = 0; row < tiles * TileRows; ++row) {
      for (int64_t d = 0; d < Dim; d += Width) {
        store(queries[row] + d, Floats{});
        store(sums[row] + d, Floats{});
      }
      totals[row] = Floats{};
    }
    // Less than any score, so that rows which have seen nothing yet need no case of their own.
    for (Floats &most : largest)
      most = broadcast(-__FLT_MAX__);
    __builtin_memset(weights, 0, sizeof(weights));
  }

  // What is beyond `count` keys is not read there; its scores are hidden, and its values zeros.
  void setKeys(HeadRows<T, Dim> from, int64_t count) {
    for (int64_t key = 0; key < count; key += TileRows)
      for (int64_t d = 0; d < Dim; d += BlockColumns) {
        Floats square[Width];
        unrolled<Width>([&](auto i) ASHLAR_INLINE {
          square[i] = key + i < count ? columnPairs(from.values + (key + i) * Dim + d) : Floats{};
        });
        turn(square);
        unrolled<Width>([&](auto i)
                            ASHLAR_INLINE { store(keys[key / TileRows][d / 2 + i], square[i]); });
      }
    setScales(from, count, keyScales);
  }
  void setValues(HeadRows<T, Dim> from, int64_t count) {
    for (int64_t key = 0; key < count; key += BlockColumns)
      for (int64_t i = key; i < key + TileRows; ++i)
        for (int64_t d = 0; d < Dim; d += Width) {
          const typename T::storage *row = from.values + i * Dim + d;
          Floats pairs = {};
          if (i + TileRows < count)
            pairs = rowPairs(row, row + TileRows * Dim);
          else if (i < count)
            pairs = paired(load<T>(row), Floats{});
          store(values[d / TileRows][key / 2 + i - key], pairs);
        }
    setScales(from, count, valueScales);
  }

  SplitProduct scoring(int64_t tile, Seen part) {
    return {.x = queries[tile * TileRows],
            .xStride = 2 * Pairs,
            .rest = Pairs,
            .depth = Pairs,
            .w = keys[part.begin / TileRows][0],
            .wStride = Pairs * TileRows,
            .tiles = (part.end - part.begin) / TileRows,
            .y = scores[tile % 2][0] + part.begin,
            .yStride = KeyBlock,
            .add = false};
  }
  SplitProduct adding(int64_t tile, Seen part) {
    return {.x = weights[tile % 2][0] + part.begin / 2,
            .xStride = 2 * KeyPairs,
            .rest = KeyPairs,
            .depth = (part.end - part.begin) / 2,
            .w = values[0][part.begin / 2],
            .wStride = KeyPairs * TileRows,
            .tiles = Dim / TileRows,
            .y = sums[tile * TileRows],
            .yStride = Dim,
            .add = true};
  }

  /// Scores of `count` rows of a tile become weights. What of `part` a row sees says seenBy(row);
  /// between rows it calls other().
  template <class SeenBy, class Other>
  ASHLAR_INLINE void weigh(int64_t tile, int64_t count, Seen part, SeenBy seenBy, Other other) {
    Floats most[TileRows];
    for (int64_t r = 0; r < TileRows; ++r)
      most[r] = broadcast(-__FLT_MAX__);
    for (int64_t r = 0; r < count; ++r) {
      float *row = scores[tile % 2][r];
      if constexpr (Scaled<T>)
        for (int64_t i = part.begin; i < part.end; i += Width)
          store(row + i, load(row + i) * load(keyScales + i));
      hide(row, seenBy(r), part.begin, part.end);
      most[r] = largestOf(row, part.begin, part.end);
    }
    alignas(64) float tops[TileRows], factors[TileRows];
    Floats top = larger(largest[tile], joined(most, larger));
    store(tops, top);
    store(factors, powerOfTwo(largest[tile] - top));
    largest[tile] = top;
    for (int64_t r = 0; r < count; ++r) {
      other();
      float *sum = sums[tile * TileRows + r], *to = weights[tile % 2][r];
      Floats &total = totals[tile * TileRows + r];
      total *= factors[r];
      cpu::weigh(scores[tile % 2][r], part.begin, part.end, broadcast(tops[r]), total, powerOfTwo,
                 [&](int64_t key, Floats(&weights)[BlockVectors]) ASHLAR_INLINE {
                   if constexpr (Scaled<T>)
                     unrolled<BlockVectors>([&](auto v) ASHLAR_INLINE {
                       weights[v] *= load(valueScales + key + v * Width);
                     });
                   split(weights[0], weights[1], to + key / 2, KeyPairs);
                 });
      for (int64_t d = 0; d < Dim; d += Width)
        store(sum + d, load(sum + d) * factors[r]);
    }
  }

private:
  /// Numbers of a row with their neighbours, which is how those of bf16 lie.
  ASHLAR_INLINE static Floats columnPairs(const typename T::storage *row) {
    if constexpr (std::is_same_v<T, BF16>) {
      typedef float Unaligned __attribute__((vector_size(4 * Width), aligned(2), may_alias));
      return *reinterpret_cast<const Unaligned *>(row);
    }
    Floats first = load<T>(row), rest = load<T>(row + Width);
    return paired(everySecond<0>(first, rest, Lanes()), everySecond<1>(first, rest, Lanes()));
  }
  /// Those of a row with those of another.
  ASHLAR_INLINE static Floats rowPairs(const typename T::storage *row,
                                       const typename T::storage *other) {
    if constexpr (std::is_same_v<T, BF16>)
      return (Floats)(wider(Memory<T>::bits(row)) | wider(Memory<T>::bits(other)) << 16);
    return paired(load<T>(row), load<T>(other));
  }
  static void setScales(HeadRows<T, Dim> from, int64_t count, float *scales) {
    if constexpr (Scaled<T>)
      for (int64_t i = 0; i < roundUp(count, BlockColumns); i += Width)
        store(scales + i, i < count ? load(from.scales + i, count - i) : Floats{});
  }
};

/// As attendRows of attention.h.
template <int64_t Tokens, int64_t Group, int64_t Window, class T, int64_t Dim, int64_t S, class Y>
requires AttendsByTiles<T, Dim>
void attendRows(const float *q, HeadRows<T, Dim> k, HeadRows<T, Dim> v, typename Y::storage *y,
                int64_t yStride, float scale, int64_t token, int64_t tokens, int64_t first,
                int64_t head) {
  using Rows = RowTiles<Tokens * Group, T, Dim>;
  Rows rows;
  int64_t count = tokens * Group, tileCount = (count + TileRows - 1) / TileRows;
  rows.clear(tileCount);
  for (int64_t row = 0; row < count; ++row)
    rows.setQuery(row, q + (token + row / Group) * S + (head + row % Group) * Dim,
                  scale * 0x1.715476p0f); // of powers of two

  Tiles registers;
  registers.setBlock(2 * TileRows, 2 * TileRows);
  int64_t end = first + tokens;
  int64_t start = firstSeen<Window>(first);
  for (; start < end; start += Rows::KeyBlock) {
    int64_t keys = end - start < Rows::KeyBlock ? end - start : Rows::KeyBlock;
    rows.setKeys(k.from(start), keys);
    rows.setValues(v.from(start), keys);
    auto seenBy = [&](int64_t row)
                      ASHLAR_INLINE { return seen<Window>(first + row / Group, start, keys); };
    auto rowsOf = [&](int64_t tile) ASHLAR_INLINE {
      int64_t left = count - tile * TileRows;
      return left < TileRows ? left : TileRows;
    };
    // What any of its rows sees, in whole blocks of columns.
    auto part = [&](int64_t tile) ASHLAR_INLINE -> Seen {
      int64_t row = tile * TileRows, begin = seenBy(row).begin;
      return {begin / BlockColumns * BlockColumns,
              roundUp(seenBy(row + rowsOf(tile) - 1).end, BlockColumns)};
    };
    // Earlier tokens see nothing of later blocks, and of earlier ones later tokens.
    int64_t tile = 0, last = tileCount;
    auto none = [&](int64_t tile) ASHLAR_INLINE {
      Seen keys = part(tile);
      return keys.begin >= keys.end;
    };
    while (tile < last && none(tile))
      ++tile;
    while (tile < last && none(last - 1))
      --last;
    if (tile == last)
      continue;
    SplitProduct after = rows.scoring(tile, part(tile)), before = {};
    while (after.step()) {
    }
    for (; tile < last; ++tile) {
      if (tile + 1 < last)
        after = rows.scoring(tile + 1, part(tile + 1));
      rows.weigh(
          tile, rowsOf(tile), part(tile),
          [&](int64_t row) ASHLAR_INLINE { return seenBy(tile * TileRows + row); },
          [&]() ASHLAR_INLINE {
            for (int64_t d = 0; d < Dim; d += 2 * BlockColumns)
              after.step() || before.step();
          });
      while (after.step() || before.step()) {
      }
      before = rows.adding(tile, part(tile));
    }
    while (before.step()) {
    }
  }

  for (int64_t row = 0; row < count; ++row) {
    typename Y::storage *to = y + row / Group * yStride + row % Group * Dim;
    float share = 1.0f / sum(rows.totals[row]);
    for (int64_t d = 0; d < Dim; d += Width)
      store<Y>(to + d, load(rows.sums[row] + d) * share, Dim - d);
  }
}

#endif

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
