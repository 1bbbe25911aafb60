/// What the tests of attention share: caches as runtime/Step.h words them, and a softmax in double.
#pragma once

#include "templates/cpu/attention.h"
#include "tests/unit/Kernels.h"

namespace kernels {

inline constexpr double Tolerance = 1e-6;

/// Tiles have queries and weights as two numbers of bf16, which leave about 2.3e-6 of each unsaid,
/// on average over numbers of all sizes.
inline constexpr double TilesTolerance = 5e-6;

/// Where a cache has a row, by the words of runtime/Step.h.
template <class T, int64_t Dim> struct Row {
  typename T::storage *numbers;
  float *scale; // of whole numbers

  double operator[](int64_t d) const {
    if constexpr (std::is_same_v<T, Int8Rows>)
      return static_cast<double>(*scale) * numbers[d];
    else
      return decode<T>(numbers[d]);
  }

  void write(const float *from) const {
    if constexpr (std::is_same_v<T, Int8Rows>) {
      float most = 0;
      for (int64_t d = 0; d < Dim; ++d)
        most = std::max(most, std::fabs(from[d]));
      *scale = most / 127;
      for (int64_t d = 0; d < Dim; ++d)
        numbers[d] = static_cast<int8_t>(most ? std::nearbyint(from[d] * 127.0 / most) : 0);
    } else {
      for (int64_t d = 0; d < Dim; ++d)
        numbers[d] = encode<T>(from[d]);
    }
  }

  /// Whether these are the nearest numbers. In whole numbers, f32 decides what is half-way.
  bool holds(const float *from) const {
    typename T::storage expected[Dim];
    float expectedScale;
    Row{expected, &expectedScale}.write(from);
    if constexpr (std::is_same_v<T, Int8Rows>) {
      bool same = std::fabs(*scale - expectedScale) <= 1e-6f * expectedScale;
      for (int64_t d = 0; d < Dim; ++d)
        same &= std::fabs((*this)[d] - from[d]) <= 0.5001 * expectedScale;
      return same;
    }
    return std::equal(expected, expected + Dim, numbers);
  }

  void copyTo(Row other) const {
    std::copy(numbers, numbers + Dim, other.numbers);
    if constexpr (std::is_same_v<T, Int8Rows>)
      *other.scale = *scale;
  }
};

template <class T, int64_t Heads, int64_t Context, int64_t Dim, int64_t Sequences>
uint64_t addCache(Arena &arena, Cache<T, Heads, Context, Dim, Sequences>) {
  constexpr int64_t Scales = std::is_same_v<T, Int8Rows> ? 4 : 0;
  return arena.add<T>(Sequences * Heads * Context * (Dim + Scales));
}

template <class T, int64_t Heads, int64_t Context, int64_t Dim, int64_t Sequences>
Row<T, Dim> rowOf(Arena &arena, Cache<T, Heads, Context, Dim, Sequences> cache, int64_t sequence,
                  int64_t head, int64_t position) {
  int64_t row = (sequence * Heads + head) * Context + position;
  uint64_t scales = std::is_same_v<T, Int8Rows> ? Sequences * Heads * Context * 4 : 0;
  return {arena.at<T>(cache.offset + scales) + row * Dim,
          scales ? arena.at<F32>(cache.offset) + row : nullptr};
}

template <class T, int64_t Heads, int64_t Kv, int64_t Dim, int64_t Context, int64_t Window = 0>
struct Case {
  Arena arena;
  Cache<T, Kv, Context, Dim> k{addCache(arena, Cache<T, Kv, Context, Dim>())};
  Cache<T, Kv, Context, Dim> v{addCache(arena, Cache<T, Kv, Context, Dim>())};
  double scale = 1 / std::sqrt(Dim);

  // What earlier steps left: the positions from `position` on stay NaN.
  void fill(uint64_t position, double size) {
    for (auto cache : {k, v})
      for (int64_t head = 0; head < Kv; ++head) {
        auto values = normal<F32>(position * Dim, cache.offset == k.offset ? size : 1);
        for (uint64_t i = 0; i < position; ++i)
          rowOf(arena, cache, 0, head, i).write(values.data() + i * Dim);
      }
  }

  template <uint32_t Max>
  void check(uint64_t position, uint32_t tokens, uint32_t threads, double size = 1) {
    fill(position, size);
    auto queries = normal<F32>(tokens * Heads * Dim, size);
    auto keys = normal<F32>(tokens * Kv * Dim, size), values = normal<F32>(tokens * Kv * Dim);
    Rows<F32, Heads * Dim> q{arena.add<F32>(queries)}, y{arena.add<F32>(tokens * Heads * Dim)};
    Rows<F32, Kv * Dim> newK{arena.add<F32>(keys)}, newV{arena.add<F32>(values)};
    StepState state;
    state.position = position;
    state.tokens = tokens;
    onTeam<Max>(threads, arena, state, [&](Step<Max> step) {
      cpu::store(step, newK, k);
      cpu::store(step, newV, v);
      step.sync();
      cpu::attend<Window>(step, q, k, v, y, static_cast<float>(scale));
    });

    // Appended as the nearest value of the type.
    bool stored = true;
    for (uint32_t t = 0; t < tokens; ++t)
      for (int64_t head = 0; head < Kv; ++head) {
        size_t from = (t * Kv + head) * Dim;
        stored &= rowOf(arena, k, 0, head, position + t).holds(keys.data() + from);
        stored &= rowOf(arena, v, 0, head, position + t).holds(values.data() + from);
      }
    CHECK(stored);
    bool tiles = Max > 1 && cpu::AttendsByTiles<T, Dim>;
    CHECK_NEAR(relativeError(arena.at<F32>(y.offset), expected(queries, position, tokens)), 0,
               (tiles ? TilesTolerance : Tolerance) * std::max(1.0, size * size));
  }

  std::vector<double> expected(const std::vector<float> &queries, uint64_t position,
                               uint32_t tokens) {
    std::vector<double> result(queries.size());
    for (int64_t shared = 0; shared < Kv; ++shared) {
      std::vector<double> keys, values; // decoded once for all tokens
      for (size_t i = 0; i < position + tokens; ++i)
        for (int64_t d = 0; d < Dim; ++d) {
          keys.push_back(rowOf(arena, k, 0, shared, i)[d]);
          values.push_back(rowOf(arena, v, 0, shared, i)[d]);
        }
      constexpr int64_t Group = Heads / Kv;
      for (int64_t each = 0; each < tokens * Group; ++each) {
        size_t token = each / Group, visible = position + token + 1;
        size_t row = (token * Heads + shared * Group + each % Group) * Dim;
        size_t hidden = Window && visible > Window ? visible - Window : 0;
        std::vector<double> weights(visible);
        double most = -INFINITY, total = 0;
        for (size_t i = hidden; i < visible; ++i) {
          for (int64_t d = 0; d < Dim; ++d)
            weights[i] += queries[row + d] * keys[i * Dim + d] * scale;
          most = std::max(most, weights[i]);
        }
        for (size_t i = hidden; i < visible; ++i)
          total += weights[i] = std::exp(weights[i] - most);
        for (size_t i = hidden; i < visible; ++i)
          for (int64_t d = 0; d < Dim; ++d)
            result[row + d] += weights[i] / total * values[i * Dim + d];
      }
    }
    return result;
  }
};

} // namespace kernels
