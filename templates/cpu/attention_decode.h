/// Attention of one token: its query heads that share a key head pass over the keys together, so
/// that each key and value is read from memory and widened once for up to four of them.
///
/// A register of scores is a tile: R query heads times Width / R keys, head by head. So the sums of
/// that many dot products are added up as one tree, and one exponential serves all of them.
#pragma once

#include "templates/cpu/block.h"
#include "templates/cpu/cache.h"

#include <utility>

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

using Lanes = std::make_integer_sequence<int, Width>;

template <int First, int... I>
ASHLAR_INLINE inline Floats everySecond(Floats low, Floats high, std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(low, high, 2 * I + First...);
}

/// A row of a cache as it is read: in vectors that lie within it, in an order of its columns that
/// costs least. Sums of values are in that order, too, until `restore`.
template <class T, int64_t Dim> struct RowVectors {
  using Value = typename T::storage;
  static constexpr int64_t Count = (Dim + Width - 1) / Width, Padded = Count * Width;
  // Of bf16, two come with one load: the even columns and the odd ones.
  static constexpr int64_t Paired = std::is_same_v<T, BF16> ? Dim / (2 * Width) * 2 : 0;

  /// Where a vector begins that is none of a pair. The last one ends with the row.
  static constexpr int64_t column(int64_t v) {
    return Dim < Width ? 0 : (v + 1) * Width <= Dim ? v * Width : Dim - Width;
  }

  template <int64_t V> ASHLAR_INLINE static Floats load(const Value *row, Constant<V>) {
    if constexpr (V < Paired) {
      typedef uint32_t Unaligned __attribute__((vector_size(4 * Width), aligned(2), may_alias));
      Words pair = *reinterpret_cast<const Unaligned *>(row + V / 2 * 2 * Width);
      return (Floats)(V % 2 ? pair & 0xffff0000 : pair << 16);
    } else {
      return cpu::load<T>(row + column(V), Dim);
    }
  }

  /// A row of queries in that order. Columns that the vector before has, too, are zero.
  static void arrange(const float *row, float scale, float *to) {
    unrolled<Paired / 2>([&](auto i) ASHLAR_INLINE {
      Floats low = cpu::load(row + 2 * i * Width), high = cpu::load(row + (2 * i + 1) * Width);
      store(to + 2 * i * Width, everySecond<0>(low, high, Lanes()) * scale);
      store(to + (2 * i + 1) * Width, everySecond<1>(low, high, Lanes()) * scale);
    });
    unrolled<Count - Paired>([&](auto i) ASHLAR_INLINE {
      constexpr int64_t V = Paired + i.value;
      store(to + V * Width, cpu::load(row + column(V), Dim) * scale);
      for (int64_t d = 0; d < V * Width - column(V); ++d)
        to[V * Width + d] = 0;
    });
  }

  static void restore(const float *sums, float factor, float *row) {
    auto part = [&](int64_t v) ASHLAR_INLINE { return cpu::load(sums + v * Width) * factor; };
    unrolled<Paired / 2>([&](auto i) ASHLAR_INLINE {
      store(row + 2 * i * Width, zipLow(part(2 * i), part(2 * i + 1)));
      store(row + (2 * i + 1) * Width, zipHigh(part(2 * i), part(2 * i + 1)));
    });
    unrolled<Count - Paired>(
        [&](auto i) ASHLAR_INLINE { store(row + column(Paired + i), part(Paired + i), Dim); });
  }
};

/// Lanes of a tile, of which each row has `Keys`, one after another.
template <int Keys> struct TileLanes {
  /// The first lanes, so many for each row.
  ASHLAR_INLINE static Floats repeat(Floats keys) { return repeat(keys, Lanes()); }
  /// In each lane, the result for its row.
  template <class Join, int Step = 1> ASHLAR_INLINE static Floats across(Floats x, Join join) {
    if constexpr (Step == Keys)
      return x;
    else
      return across<Join, 2 * Step>(join(x, swap<Step>(x, Lanes())), join);
  }
  /// Those of the first keys, and `other` in the rest.
  ASHLAR_INLINE static Floats firstKeys(Floats x, int64_t count, float other) {
    return keys(Lanes()) < static_cast<int32_t>(count) ? x : broadcast(other);
  }

private:
  template <int... I>
  ASHLAR_INLINE static Floats repeat(Floats x, std::integer_sequence<int, I...>) {
    return __builtin_shufflevector(x, x, I % Keys...);
  }
  template <int Step, int... I>
  ASHLAR_INLINE static Floats swap(Floats x, std::integer_sequence<int, I...>) {
    return __builtin_shufflevector(x, x, (I ^ Step)...);
  }
  template <int... I> ASHLAR_INLINE static Integers keys(std::integer_sequence<int, I...>) {
    return Integers{I % Keys...};
  }
};

/// R query heads of one key head.
template <class T, int64_t Dim, int64_t R> struct QueryTile {
  using Row = RowVectors<T, Dim>;
  using Value = typename T::storage;
  static constexpr int64_t Keys = Width / R, RowSize = Dim * sizeof(Value);
  using InTile = TileLanes<Keys>;

  const float *queries; // [R][Padded], arranged
  float *sums;          // [R][Padded], of values

  /// scores[key / Keys][row][key % Keys] for `count` keys, and the largest of each lane. What is
  /// `ahead` will be read as the keys are now.
  ASHLAR_INLINE Floats score(HeadRows<T, Dim> keys, int64_t count, float *scores,
                             const Value *ahead) const {
    Floats most = broadcast(-__builtin_inff());
    for (int64_t first = 0; first < count; first += Keys) {
      int64_t left = count - first;
      const Value *rows = keys.values + first * Dim;
      Value rest[Keys * Dim];
      if (left < Keys) {
        __builtin_memcpy(rest, rows, static_cast<size_t>(left * RowSize));
        __builtin_memset(rest + left * Dim, 0, static_cast<size_t>((Keys - left) * RowSize));
        rows = rest;
      }
      if (ahead)
        prefetch<Keys * RowSize>(ahead + first * Dim);
      Floats products[Width] = {};
      unrolled<Row::Count>([&](auto v) ASHLAR_INLINE {
        unrolled<Keys>([&](auto key) ASHLAR_INLINE {
          Floats value = Row::load(rows + key * Dim, v);
          unrolled<R>([&](auto r) ASHLAR_INLINE {
            Floats query = load(queries + r * Row::Padded + v * Width);
            Floats &sum = products[r * Keys + key];
            sum = multiplyAdd(value, query, sum);
          });
        });
      });
      Floats tile = cpu::sums(products);
      if constexpr (Scaled<T>)
        tile *= InTile::repeat(load(keys.scales + first, left));
      if (left < Keys)
        tile = InTile::firstKeys(tile, left, -__builtin_inff());
      most = larger(most, tile);
      store(scores + first * R, tile);
    }
    return most;
  }

  /// Turns scores into weights relative to the largest so far, in whole numbers times the scales of
  /// the values, and what was summed up before into the same.
  ASHLAR_INLINE void weigh(HeadRows<T, Dim> values, int64_t count, float *scores, Floats most,
                           Floats &top, Floats &total) const {
    most = larger(top, InTile::across(most, larger));
    Floats factor = exponential(top - most);
    total *= factor;
    top = most;
    for (int64_t first = 0; first < count; first += Keys) {
      Floats weight = exponential(load(scores + first * R) - top);
      total += weight;
      if constexpr (Scaled<T>)
        weight *= InTile::repeat(load(values.scales + first, count - first));
      store(scores + first * R, weight);
    }
    unrolled<R>([&](auto r) ASHLAR_INLINE {
      if (factor[r * Keys] != 1)
        for (int64_t d = 0; d < Row::Padded; d += Width)
          store(sums + r * Row::Padded + d, load(sums + r * Row::Padded + d) * factor[r * Keys]);
    });
  }

  /// sums[row] += weights[row][key] values[key], in as many columns at a time as there are
  /// registers for.
  ASHLAR_INLINE void add(const float *weights, const Value *values, int64_t count,
                         const Value *ahead) const {
    constexpr int64_t Registers = Width == 16 ? 32 : 16, Most = (Registers - R - 2) / R;
    constexpr int64_t Parts = (Row::Count + Most - 1) / Most;
    constexpr int64_t Together = (Row::Count + Parts - 1) / Parts;
    unrolled<Parts>([&](auto part) ASHLAR_INLINE {
      constexpr int64_t First = part.value * Together;
      constexpr int64_t V = Row::Count - First < Together ? Row::Count - First : Together;
      auto forAll = [&](auto body) ASHLAR_INLINE {
        unrolled<R>([&](auto r) ASHLAR_INLINE {
          unrolled<V>([&](auto v) ASHLAR_INLINE {
            body(r, v, sums + r * Row::Padded + (First + v) * Width);
          });
        });
      };
      Floats more[R][V];
      forAll([&](auto r, auto v, float *at) ASHLAR_INLINE { more[r][v] = load(at); });
      for (int64_t key = 0; key < count; ++key) {
        const float *from = weights + key / Keys * Width + key % Keys;
        const Value *row = values + key * Dim;
        if (First == 0 && ahead)
          prefetch<RowSize>(ahead + key * Dim);
        Floats weight[R];
        unrolled<R>([&](auto r) ASHLAR_INLINE { weight[r] = broadcast(from[r * Keys]); });
        unrolled<V>([&](auto v) ASHLAR_INLINE {
          Floats value = Row::load(row, Constant<First + v.value>());
          unrolled<R>([&](auto r) ASHLAR_INLINE {
            more[r][v] = multiplyAdd(value, weight[r], more[r][v]);
          });
        });
      }
      forAll([&](auto r, auto v, float *at) ASHLAR_INLINE { store(at, more[r][v]); });
    });
  }
};

/// The first position that a token sees.
template <int64_t Window> ASHLAR_INLINE inline int64_t firstSeen(int64_t position) {
  return Window && position >= Window ? position - Window + 1 : 0;
}

/// The attention of the query heads that share a key head over the positions from `first` to
/// `end`. Queries lie head by head. Of each head it calls put(head, sums, top, total): the sum of
/// values in the order of RowVectors, the largest score, which the weights are relative to, and
/// their sum. What is read `next` is asked for.
template <int64_t Group, class T, int64_t Dim, class Put>
void attendOne(const float *q, HeadRows<T, Dim> k, HeadRows<T, Dim> v, float scale, int64_t first,
               int64_t end, const typename T::storage *next, Put put) {
  using Row = RowVectors<T, Dim>;
  // Keys and values that are worked on together stay in the nearest cache.
  constexpr int64_t Fitting = (16 << 10) / (Dim * sizeof(typename T::storage)) / 16 * 16;
  constexpr int64_t KeyBlock = Fitting < 32 ? 32 : Fitting > 128 ? 128 : Fitting;
  constexpr int64_t MaxTile = Group < 4 ? Group : 4;
  alignas(64) float queries[Group][Row::Padded];
  alignas(64) float sums[Group][Row::Padded] = {};
  alignas(64) float scores[KeyBlock * MaxTile];
  Floats largest[Group], total[Group]; // of tiles, by their first heads
  for (int64_t head = 0; head < Group; ++head) {
    Row::arrange(q + head * Dim, scale, queries[head]);
    largest[head] = broadcast(-__builtin_inff());
    total[head] = Floats{};
  }

  auto forTiles = [&](auto body) ASHLAR_INLINE {
    forRows<MaxTile == 3 ? 2 : MaxTile>(0, Group, [&](auto rows, int64_t head) ASHLAR_INLINE {
      body(QueryTile<T, Dim, rows.value>{queries[head], sums[head]}, head);
    });
  };
  for (int64_t start = first; start < end; start += KeyBlock) {
    int64_t count = end - start < KeyBlock ? end - start : KeyBlock;
    HeadRows<T, Dim> keys = k.from(start), values = v.from(start);
    const typename T::storage *after = start + count < end ? keys.values + KeyBlock * Dim : next;
    forTiles([&](auto tile, int64_t head) ASHLAR_INLINE {
      bool asks = head == 0; // once is enough
      Floats most = tile.score(keys, count, scores, asks ? values.values : nullptr);
      tile.weigh(values, count, scores, most, largest[head], total[head]);
      tile.add(scores, values.values, count, asks ? after : nullptr);
    });
  }

  forTiles([&](auto tile, int64_t head) ASHLAR_INLINE {
    using Tile = decltype(tile);
    Floats sum =
        Tile::InTile::across(total[head], [](Floats a, Floats b) ASHLAR_INLINE { return a + b; });
    unrolled<Width / Tile::Keys>([&](auto r) ASHLAR_INLINE {
      constexpr int64_t Lane = r.value * Tile::Keys;
      put(head + r, sums[head + r], largest[head][Lane], sum[Lane]);
    });
  });
}

/// The same over all that the token at `position` sees. Results lie head by head.
template <int64_t Group, int64_t Window, class T, int64_t Dim>
ASHLAR_INLINE inline void attendOne(const float *q, HeadRows<T, Dim> k, HeadRows<T, Dim> v,
                                    float *y, float scale, int64_t position,
                                    HeadRows<T, Dim> next) {
  int64_t first = firstSeen<Window>(position);
  attendOne<Group>(q, k, v, scale, first, position + 1, next.from(first).values,
                   [&](int64_t head, const float *sums, float, float total) ASHLAR_INLINE {
                     RowVectors<T, Dim>::restore(sums, 1.0f / total, y + head * Dim);
                   });
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
