// Attention and its cache, against a softmax in double: every type of cache, groups of heads, head
// sizes that are no multiple of a register or less than one, contexts beyond a block of keys,
// chunks that begin anywhere.
#include "tests/unit/Attention.h"

using namespace kernels;

namespace {

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

TEST(cacheOfInt8) {
  checkHeads<Int8Rows, 4, 4, 20>();
  checkHeads<Int8Rows, 8, 2, 64>();
  checkHeads<Int8Rows, 5, 1, 81>();
  checkHeads<Int8Rows, 40, 1, 16>();
}

// Rows that have no largest number to share a scale with.
TEST(scalesOfInt8) {
  constexpr int64_t Dim = 37;
  std::vector<float> rows(4 * Dim);
  rows[Dim + 36] = 1e-38f; // next to nothing
  rows[2 * Dim + 1] = NAN;
  rows[3 * Dim + 35] = -INFINITY;
  for (int64_t row = 0; row < 4; ++row)
    rows[row * Dim + 3] += row < 2 ? 0 : 5;
  Arena arena;
  Cache<Int8Rows, 1, 4, Dim> k{addCache(arena, Cache<Int8Rows, 1, 4, Dim>())};
  Rows<F32, Dim> x{arena.add<F32>(rows)};
  onTeam<4>(1, arena, stateOf(4), [&](Step<4> step) { cpu::store(step, x, k); });
  for (int64_t row = 0; row < 4; ++row)
    for (int64_t d = 0; d < Dim; ++d)
      if (row < 2)
        CHECK_EQ(rowOf(arena, k, 0, 0, row)[d], 0);
      else
        CHECK(std::isnan(rowOf(arena, k, 0, 0, row)[d]));
}

// What whole numbers cost, for a few rows of queries and for many: 8e-3 were seen.
template <int64_t Dim> void checkCost(uint32_t tokens) {
  constexpr int64_t Heads = 8, Kv = 2, Context = 350;
  uint64_t position = 200;
  Case<F32, Heads, Kv, Dim, Context> exact;
  Case<Int8Rows, Heads, Kv, Dim, Context> whole;
  exact.fill(position + tokens, 1);
  float row[Dim];
  for (auto [from, to] : {std::pair(exact.k, whole.k), std::pair(exact.v, whole.v)})
    for (int64_t head = 0; head < Kv; ++head)
      for (uint64_t i = 0; i < position + tokens; ++i) {
        const float *numbers = rowOf(exact.arena, from, 0, head, i).numbers;
        std::copy(numbers, numbers + Dim, row);
        rowOf(whole.arena, to, 0, head, i).write(row);
      }
  auto queries = normal<F32>(tokens * Heads * Dim);
  Rows<F32, Heads * Dim> q{whole.arena.template add<F32>(queries)};
  Rows<F32, Heads * Dim> y{whole.arena.template add<F32>(tokens * Heads * Dim)};
  StepState state = stateOf(tokens);
  state.position = position;
  auto attend = [&](auto step) {
    cpu::attend(step, q, whole.k, whole.v, y, static_cast<float>(whole.scale));
  };
  if (tokens == 1)
    onTeam<1>(2, whole.arena, state, attend);
  else
    onTeam<130>(2, whole.arena, state, attend);
  CHECK_NEAR(relativeError(whole.arena.template at<F32>(y.offset),
                           exact.expected(queries, position, tokens)),
             0, 1.2e-2);
}

TEST(costOfInt8) {
  checkCost<20>(1);
  checkCost<64>(1);
  checkCost<64>(130);
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

template <class T, int64_t Heads, int64_t Kv, int64_t Dim, int64_t Window> void checkWindow() {
  using Windowed = Case<T, Heads, Kv, Dim, 350, Window>;
  for (uint64_t position : {0, 1, 18, 19, 20, 63, 64, 300})
    Windowed().template check<1>(position, 1, position % 3 + 1);
  for (uint64_t position : {0, 5, 60, 200}) {
    Windowed().template check<130>(position, 7, 2);
    Windowed().template check<130>(position, 130, 3);
  }
}

// Of one token, within a block of keys, of one block, beyond a chunk, and longer than any text.
TEST(windows) {
  checkWindow<F32, 4, 2, 20, 1>();
  checkWindow<F16, 4, 4, 64, 19>();
  checkWindow<F32, 8, 2, 16, 64>();
  checkWindow<BF16, 40, 1, 16, 140>();
  checkWindow<F32, 4, 1, 32, 1000>();
  checkWindow<Int8Rows, 8, 2, 64, 19>();
}

// Forms that work on many rows and keys together: several tiles of rows, a part of one, groups that
// are no part of one, sizes of heads that are not whole pairs of tiles, contexts of several blocks
// of keys, which chunks begin and end anywhere in.
template <class T, int64_t Heads, int64_t Kv, int64_t Dim, int64_t Window = 0> void checkBlocks() {
  using Long = Case<T, Heads, Kv, Dim, 460, Window>;
  for (uint64_t position : {0, 1, 31, 127, 128, 301})
    for (uint32_t tokens : {2u, 5u, 17u, 40u, 159u})
      Long().template check<159>(position, tokens, position % 3 + 1);
}

TEST(blocksOfRows) {
  checkBlocks<BF16, 2, 2, 32>();
  checkBlocks<BF16, 8, 2, 64>();
  checkBlocks<BF16, 7, 1, 128>();
  checkBlocks<BF16, 4, 1, 96>();
  checkBlocks<BF16, 2, 1, 256>();
  checkBlocks<BF16, 40, 1, 32>();
  checkBlocks<Int8Rows, 7, 1, 64>();
}

TEST(windowsOfBlocks) {
  checkBlocks<BF16, 4, 1, 64, 1>();
  checkBlocks<BF16, 2, 2, 32, 19>();
  checkBlocks<BF16, 7, 1, 96, 64>();
  checkBlocks<BF16, 40, 1, 64, 150>();
  checkBlocks<BF16, 4, 1, 128, 1000>();
  checkBlocks<Int8Rows, 4, 1, 32, 19>();
}

// A query that is no number makes its own row of that and no other, whatever bits say it.
TEST(queriesThatAreNoNumbers) {
  constexpr int64_t Heads = 4, Dim = 64, Row = Heads * Dim;
  for (uint32_t bits : {0x7fc00000u, 0xffffffffu, 0x7f800000u}) {
    Case<BF16, Heads, 2, Dim, 100> one;
    one.fill(100, 1);
    auto queries = normal<F32>(40 * Row);
    std::memcpy(&queries[7 * Row + Dim + 20], &bits, 4);
    Rows<F32, Row> q{one.arena.add<F32>(queries)}, y{one.arena.add<F32>(40 * Row)};
    StepState state = stateOf(40);
    state.position = 60;
    onTeam<40>(2, one.arena, state,
               [&](Step<40> step) { cpu::attend(step, q, one.k, one.v, y, 0.125f); });
    bool right = true;
    for (int64_t i = 0; i < 40 * Row; ++i)
      right &= std::isnan(one.arena.at<F32>(y.offset)[i]) == (i / Dim == 7 * Heads + 1);
    CHECK(right);
  }
}

// One token of each of some sequences, which are not in the order of the cache. What was never
// stored in a sequence is NaN.
template <class T, int64_t Heads, int64_t Kv, int64_t Dim, int64_t Window = 0>
void checkBatch(uint32_t tokens, uint32_t threads) {
  constexpr int64_t Context = 350, Sequences = 4;
  constexpr uint32_t Max = 3;
  const TokenPlace places[Max] = {{2, 63}, {0, 0}, {3, 200}};
  Case<T, Heads, Kv, Dim, Context, Window> alone[Max];
  Arena arena;
  using All = Cache<T, Kv, Context, Dim, Sequences>;
  All k{addCache(arena, All())}, v{addCache(arena, All())};
  auto copyCaches = [&](uint32_t row, bool back) {
    for (auto [all, one] : {std::pair(k, alone[row].k), std::pair(v, alone[row].v)})
      for (int64_t head = 0; head < Kv; ++head)
        for (int64_t i = 0; i < Context; ++i) {
          auto there = rowOf(arena, all, places[row].sequence, head, i);
          auto here = rowOf(alone[row].arena, one, 0, head, i);
          back ? there.copyTo(here) : here.copyTo(there);
        }
  };
  for (uint32_t row = 0; row < tokens; ++row) {
    alone[row].fill(places[row].position, 1);
    copyCaches(row, false);
  }
  auto queries = normal<F32>(tokens * Heads * Dim);
  Rows<F32, Heads * Dim> q{arena.add<F32>(queries)}, y{arena.add<F32>(tokens * Heads * Dim)};
  auto keys = normal<F32>(tokens * Kv * Dim), values = normal<F32>(tokens * Kv * Dim);
  Rows<F32, Kv * Dim> newK{arena.add<F32>(keys)}, newV{arena.add<F32>(values)};
  StepState state = stateOf(tokens);
  state.places = places;
  onTeam<Max>(threads, arena, state, [&](const Step<Max> &same) {
    BatchStep<Max> step(same);
    cpu::store(step, newK, k);
    cpu::store(step, newV, v);
    step.sync();
    cpu::attend<Window>(step, q, k, v, y, static_cast<float>(alone[0].scale));
  });
  for (uint32_t row = 0; row < tokens; ++row) {
    copyCaches(row, true);
    std::vector<float> query(queries.begin() + row * Heads * Dim,
                             queries.begin() + (row + 1) * Heads * Dim);
    auto expected = alone[row].expected(query, places[row].position, 1);
    CHECK_NEAR(relativeError(arena.at<F32>(y.offset) + row * Heads * Dim, expected), 0, Tolerance);
    CHECK(rowOf(alone[row].arena, alone[row].v, 0, 0, places[row].position)
              .holds(values.data() + row * Kv * Dim));
  }
}

TEST(sequencesOfABatch) {
  for (uint32_t threads : {1u, 2u, 3u})
    for (uint32_t tokens : {1u, 2u, 3u}) {
      checkBatch<F32, 4, 2, 20>(tokens, threads);
      checkBatch<BF16, 5, 1, 80>(tokens, threads);
      checkBatch<F16, 2, 2, 64, 19>(tokens, threads);
      checkBatch<Int8Rows, 4, 2, 64>(tokens, threads);
      checkBatch<Int8Rows, 5, 1, 21, 19>(tokens, threads);
    }
}

// Queries, keys and values side by side in one row.
template <uint32_t Max> void checkFused(uint64_t position, uint32_t tokens) {
  constexpr int64_t Heads = 4, Kv = 2, Dim = 20, Row = (Heads + 2 * Kv) * Dim;
  Case<F32, Heads, Kv, Dim, 200> apart, fused;
  apart.fill(position, 1);
  auto copy = [&](uint64_t from, uint64_t to) {
    std::memcpy(fused.arena.at<F32>(to), apart.arena.at<F32>(from), Kv * 200 * Dim * sizeof(float));
  };
  copy(apart.k.offset, fused.k.offset);
  copy(apart.v.offset, fused.v.offset);
  auto rows = normal<F32>(tokens * Row);
  auto columns = [&](int64_t first, int64_t count) {
    std::vector<float> part;
    for (uint32_t t = 0; t < tokens; ++t)
      part.insert(part.end(), rows.begin() + t * Row + first,
                  rows.begin() + t * Row + first + count);
    return part;
  };
  constexpr int64_t Q = Heads * Dim, K = Kv * Dim;
  StepState state;
  state.position = position;
  state.tokens = tokens;
  auto run = [&](auto &of, auto q, auto k, auto v) {
    Rows<F32, Q> y{of.arena.template add<F32>(tokens * Q)};
    onTeam<Max>(2, of.arena, state, [&](Step<Max> step) {
      cpu::store(step, k, of.k);
      cpu::store(step, v, of.v);
      step.sync();
      cpu::attend(step, q, of.k, of.v, y, 0.2f);
    });
    auto from = of.arena.template at<F32>(y.offset);
    return std::vector<float>(from, from + tokens * Q);
  };
  Rows<F32, Row> all{fused.arena.add<F32>(rows)};
  auto made = run(fused, all.template columns<0, Q>(), all.template columns<Q, K>(),
                  all.template columns<Q + K, K>());
  auto expected = run(apart, Rows<F32, Q>{apart.arena.add<F32>(columns(0, Q))},
                      Rows<F32, K>{apart.arena.add<F32>(columns(Q, K))},
                      Rows<F32, K>{apart.arena.add<F32>(columns(Q + K, K))});
  CHECK(made == expected);
}

TEST(partsOfRows) {
  checkFused<1>(70, 1);
  checkFused<13>(0, 13);
  checkFused<13>(90, 7);
}

// Scores in the hundreds: all weight on one key, which may come last.
TEST(largeScores) {
  for (uint64_t position : {0, 130}) {
    Case<F32, 4, 2, 64, 350>().check<1>(position, 1, 2, 8);
    Case<F32, 4, 2, 64, 350>().check<130>(position, 130, 2, 8);
    Case<BF16, 4, 2, 64, 350>().check<130>(position, 130, 2, 8);
  }
}

} // namespace
