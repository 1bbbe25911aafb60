// Products with weights that are whole numbers, and rows of tables of them, against a reading of
// the layout of its own: every form, odd sizes, and teams that are larger than the matrix.
#include "templates/cpu/embed.h"
#include "templates/cpu/linear_quantized.h"
#include "tests/unit/Quantized.h"

using namespace kernels;

namespace {

// x becomes whole numbers of 15 bits for the largest of 32: the rounding of half a step at most is
// 2^-15 of that, 1.8e-5 of it as a root mean square, and the largest of 32 normal numbers is about
// 2.3 times their size. Plain C++ and products with weights that are made f32, as AVX-512 without
// VNNI makes them for more than a few rows, leave x as it is.
constexpr double toleranceOf(uint32_t tokens) {
  bool rounded = ASHLAR_VECTOR_BYTES == 32 || (ASHLAR_VECTOR_BYTES == 64 && tokens <= cpu::FewRows);
  return rounded ? 2e-4 : 6e-7;
}

template <uint32_t Max, class T, int64_t N, int64_t K>
void checkLinear(const QuantizedMatrix<T> &matrix, uint32_t tokens, uint32_t threads, bool withBias,
                 uint32_t ahead = 0) {
  Arena arena;
  Wide<K> x(arena, tokens, 1);
  auto bias = normal<F32>(N, 10);
  Panels<T, N, K> w{arena.add<T>(matrix.bytes)};
  Vector<F32, N> b{arena.add<F32>(bias)};
  Rows<F32, N> y{arena.add<F32>(tokens * N)};
  std::vector<double> expected(tokens * N);
  for (uint32_t t = 0; t < tokens; ++t)
    for (int64_t n = 0; n < N; ++n) {
      double sum = withBias ? bias[n] : 0;
      for (int64_t k = 0; k < K; ++k)
        sum += x.at(t, k) * matrix.at(n, k);
      expected[t * N + n] = sum;
    }
  StepState state = stateOf(tokens);
  state.ahead = {.int8 = ahead, .int4 = ahead};
  onTeam<Max>(threads, arena, state, [&](const Step<Max> &step) {
    if (withBias)
      cpu::linear(step, x.rows, w, b, y);
    else
      cpu::linear(step, x.rows, w, y);
  });
  CHECK_NEAR(relativeError(arena.at<F32>(y.offset), expected), 0, toleranceOf(tokens));
}

template <class T, int64_t N, int64_t K> void checkShape() {
  auto matrix = anyMatrix<T>(N, K);
  for (uint32_t threads : {1u, 2u, 3u}) {
    checkLinear<1, T, N, K>(matrix, 1, threads, false);
    checkLinear<1, T, N, K>(matrix, 1, threads, true);
  }
  for (uint32_t tokens : {1u, 2u, 3u, 4u, 5u, 6u, 8u, 9u, 23u})
    checkLinear<130, T, N, K>(matrix, tokens, tokens % 3 + 1, tokens % 2);
}

template <class T> void checkType() {
  checkShape<T, 1, 1>();
  checkShape<T, 5, 2>();
  checkShape<T, 32, 64>();
  checkShape<T, 33, 7>();
  checkShape<T, 47, 33>();
  checkShape<T, 100, 65>();
  checkShape<T, 250, 136>();
  checkShape<T, 65, 1500>();
  checkShape<T, 600, 40>();
}

TEST(linearOfInt8) { checkType<Int8>(); }
TEST(linearOfInt4) { checkType<Int4>(); }

TEST(smallForTheTeam) {
  checkLinear<1, Int8, 40, 40>(anyMatrix<Int8>(40, 40), 1, 7, true);
  checkLinear<16, Int4, 40, 40>(anyMatrix<Int4>(40, 40), 16, 7, true);
}

// More columns than a thread quantizes at a time.
TEST(longRows) {
  constexpr int64_t N = 33, K = 2 * 16384 + 40;
  checkLinear<1, Int8, N, K>(anyMatrix<Int8>(N, K), 1, 2, true);
  checkLinear<1, Int4, N, K>(anyMatrix<Int4>(N, K), 1, 1, false);
  checkLinear<5, Int4, N, K>(anyMatrix<Int4>(N, K), 5, 2, true);
}

// More of them, and more panels, than a thread takes at a time.
TEST(manyRows) {
  constexpr int64_t N = 33 * 32 + 3, K = 600;
  for (uint32_t threads : {1u, 3u}) {
    checkLinear<140, Int8, N, K>(anyMatrix<Int8>(N, K), 133, threads, true);
    checkLinear<140, Int4, N, K>(anyMatrix<Int4>(N, K), 140, threads, false);
  }
}

// Beyond the last weight of all, too.
TEST(askingAhead) {
  auto bytes = anyMatrix<Int8>(65, 1500);
  auto halves = anyMatrix<Int4>(65, 1500);
  for (uint32_t ahead : {1u, 4096u, 1u << 16}) {
    checkLinear<1, Int8, 65, 1500>(bytes, 1, 2, true, ahead);
    checkLinear<1, Int4, 65, 1500>(halves, 1, 2, true, ahead);
  }
}

/// The product of x with one row of ones, of x as the last of some rows that are zeros.
template <class T, uint32_t Tokens> float sumOf(const std::vector<float> &x) {
  constexpr int64_t K = 96;
  std::vector<float> ones(K, 1), rows(Tokens * K);
  std::copy(x.begin(), x.end(), rows.end() - K);
  Arena arena;
  Rows<F32, K> in{arena.add<F32>(rows)};
  Panels<T, 1, K> w{arena.add<T>(packed<T>(ones, 1, K).bytes)};
  Rows<F32, 1> y{arena.add<F32>(Tokens)};
  onTeam<Tokens>(1, arena, stateOf(Tokens),
                 [&](const Step<Tokens> &step) { cpu::linear(step, in, w, y); });
  return arena.at<F32>(y.offset)[Tokens - 1];
}

// Nothing that goes wrong before is hidden, and numbers of any size keep theirs; of int4 below
// 1e36, since rows' scales come last.
template <class T, uint32_t Tokens> void checkStrange(double largest) {
  auto sum = sumOf<T, Tokens>;
  std::vector<float> x(96);
  CHECK_EQ(sum(x), 0.0f);
  for (float strange : {NAN, INFINITY, -INFINITY}) {
    x[40] = strange;
    CHECK(!std::isfinite(sum(x)));
  }
  x[40] = 1e-37f; // what is left out is a trifle
  CHECK_NEAR(sum(x), 0, 1e-30);
  x[40] = 1e-28f;
  x[5] = -3e-28f;
  CHECK_NEAR(sum(x) / 1e-28, -2, 1e-3);
  x[70] = static_cast<float>(largest);
  CHECK_NEAR(sum(x) / largest, 1, 1e-3);
}

TEST(strangeInputs) {
  checkStrange<Int8, 1>(1e36);
  checkStrange<Int4, 1>(1e35);
  checkStrange<Int8, 7>(1e36);
  checkStrange<Int4, 7>(1e35);
}

template <class T, int64_t V, int64_t C> void checkPick() {
  auto table = anyMatrix<T>(V, C);
  Arena arena;
  Panels<T, V, C> w{arena.add<T>(table.bytes)};
  std::vector<int32_t> ids = {V - 1, 0, V / 2, 3 % V};
  auto check = [&](const float *actual, int64_t row) {
    bool same = true;
    for (int64_t c = 0; c < C; ++c)
      same &= actual[c] == static_cast<float>(table.at(row, c));
    CHECK(same);
  };
  for (uint32_t threads : {1u, 2u, 3u}) {
    Rows<F32, C> y{arena.add<F32>(4 * C)}, one{arena.add<F32>(C)}, place{arena.add<F32>(C)};
    StepState state = stateOf(4);
    state.ids = ids.data();
    onTeam<4>(threads, arena, state, [&](const Step<4> &step) { cpu::embed(step, w, y); });
    for (size_t i = 0; i < ids.size(); ++i)
      check(arena.at<F32>(y.offset) + i * C, ids[i]);
    state.position = V - 3;
    onTeam<1>(threads, arena, state, [&](const Step<1> &step) {
      cpu::embed(step, w, one);
      cpu::positions<2>(step, w, place);
    });
    check(arena.at<F32>(one.offset), ids[0]);
    check(arena.at<F32>(place.offset), V - 1);
  }
}

TEST(rowsOfTables) {
  checkPick<Int8, 70, 50>();
  checkPick<Int4, 70, 50>();
  checkPick<Int8, 5, 64>();
  checkPick<Int4, 33, 7>();
}

} // namespace
