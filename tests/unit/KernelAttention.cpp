// Attention and its cache, against a softmax in double: every type of cache, groups of heads, head
// sizes that are no multiple of a register, contexts beyond a block of keys, chunks that begin
// anywhere.
#include "templates/cpu/attention.h"
#include "tests/unit/Kernels.h"

using namespace kernels;

namespace {

constexpr double Tolerance = 1e-6;

template <class T, int64_t Heads, int64_t Kv, int64_t Dim, int64_t Context> struct Case {
  Arena arena;
  Cache<T, Kv, Context, Dim> k{arena.add<T>(Kv * Context * Dim)};
  Cache<T, Kv, Context, Dim> v{arena.add<T>(Kv * Context * Dim)};
  double scale = 1 / std::sqrt(Dim);

  // What earlier steps left: the positions from `position` on stay NaN.
  void fill(uint64_t position, double size) {
    for (uint64_t cache : {k.offset, v.offset})
      for (int64_t head = 0; head < Kv; ++head) {
        auto values = normal<T>(position * Dim, cache == k.offset ? size : 1);
        std::copy(values.begin(), values.end(), arena.at<T>(cache) + head * Context * Dim);
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
      cpu::attend(step, q, k, v, y, static_cast<float>(scale));
    });

    // Appended as the nearest value of the type.
    bool stored = true;
    for (uint32_t t = 0; t < tokens; ++t)
      for (int64_t head = 0; head < Kv; ++head)
        for (int64_t d = 0; d < Dim; ++d) {
          size_t to = (head * Context + position + t) * Dim + d, from = (t * Kv + head) * Dim + d;
          stored &= arena.at<T>(k.offset)[to] == encode<T>(keys[from]);
          stored &= arena.at<T>(v.offset)[to] == encode<T>(values[from]);
        }
    CHECK(stored);
    CHECK_NEAR(relativeError(arena.at<F32>(y.offset), expected(queries, position, tokens)), 0,
               Tolerance * std::max(1.0, size * size));
  }

  std::vector<double> expected(const std::vector<float> &queries, uint64_t position,
                               uint32_t tokens) {
    std::vector<double> result(queries.size());
    for (uint32_t t = 0; t < tokens; ++t)
      for (int64_t head = 0; head < Heads; ++head) {
        size_t row = (t * Heads + head) * Dim, visible = position + t + 1;
        const auto *keys = arena.at<T>(k.offset) + head / (Heads / Kv) * Context * Dim;
        const auto *values = arena.at<T>(v.offset) + head / (Heads / Kv) * Context * Dim;
        std::vector<double> weights(visible);
        double most = -INFINITY, total = 0;
        for (size_t i = 0; i < visible; ++i) {
          for (int64_t d = 0; d < Dim; ++d)
            weights[i] += queries[row + d] * decode<T>(keys[i * Dim + d]) * scale;
          most = std::max(most, weights[i]);
        }
        for (double &weight : weights)
          total += weight = std::exp(weight - most);
        for (size_t i = 0; i < visible; ++i)
          for (int64_t d = 0; d < Dim; ++d)
            result[row + d] += weights[i] / total * decode<T>(values[i * Dim + d]);
      }
    return result;
  }
};

template <class T, int64_t Heads, int64_t Kv, int64_t Dim> void checkHeads() {
  using Small = Case<T, Heads, Kv, Dim, 350>;
  for (uint32_t threads : {1u, 2u, 3u})
    for (uint64_t position : {0, 1, 62, 63, 64, 300})
      Small().template check<1>(position, 1, threads);
  for (uint64_t position : {0, 5, 60, 200}) {
    Small().template check<130>(position, 1, 2);
    Small().template check<130>(position, 7, position % 3 + 1);
  }
  Small().template check<130>(0, 130, 2);
  Small().template check<130>(77, 130, 3);
}

TEST(cacheOfF32) {
  checkHeads<F32, 4, 4, 20>();
  checkHeads<F32, 8, 2, 64>();
}
TEST(cacheOfF16) {
  checkHeads<F16, 4, 4, 20>();
  checkHeads<F16, 8, 2, 64>();
}
TEST(cacheOfBF16) {
  checkHeads<BF16, 4, 4, 20>();
  checkHeads<BF16, 8, 2, 64>();
}

TEST(sizesOfHeads) {
  checkHeads<F32, 6, 2, 32>();
  checkHeads<BF16, 5, 1, 80>();
  checkHeads<F16, 2, 1, 128>();
}

TEST(manyHeadsOfOneKey) {
  checkHeads<F16, 40, 1, 16>();
  checkHeads<F32, 9, 3, 4>();
}

TEST(smallChunks) {
  Case<F16, 4, 2, 32, 64>().check<2>(3, 2, 2);
  Case<F16, 4, 2, 32, 64>().check<5>(59, 5, 3);
}

// Scores in the hundreds: all weight on one key, which may come last.
TEST(largeScores) {
  for (uint64_t position : {0, 130}) {
    Case<F32, 4, 2, 64, 350>().check<1>(position, 1, 2, 8);
    Case<F32, 4, 2, 64, 350>().check<130>(position, 130, 2, 8);
  }
}

} // namespace
