// Matrix products on panels, against sums in double: every number type, odd sizes, all shapes of
// the register block, and teams that are larger than the matrix.
#include "templates/cpu/linear.h"
#include "templates/cpu/linear_rows.h"
#include "tests/unit/Kernels.h"

using namespace kernels;

namespace {

// f32 sums of 2048 products stay within 3e-7; weights of 16 bits are widened exactly.
constexpr double Tolerance = 6e-7;

/// What a kernel that rounds rows to A multiplies; in f32 it is the value itself.
template <class A> double rounded(float value) {
  if constexpr (std::is_same_v<A, F32>)
    return value;
  else
    return decode<A>(encode<A>(value));
}

template <uint32_t Max, class T, int64_t N, int64_t K, class A = F32>
void checkLinear(uint32_t tokens, uint32_t threads, bool withBias, uint32_t ahead = 0) {
  Arena arena;
  auto weights = normal<T>(N * K);
  auto inputs = normal<F32>(tokens * K);
  auto bias = normal<F32>(N, 10);
  Rows<F32, K> x{arena.add<F32>(inputs)};
  Panels<T, N, K> w{arena.add<T>(panels<T>(weights, N, K))};
  Vector<F32, N> b{arena.add<F32>(bias)};
  Rows<F32, N> y{arena.add<F32>(tokens * N)};

  std::vector<double> expected(tokens * N);
  for (uint32_t t = 0; t < tokens; ++t)
    for (int64_t n = 0; n < N; ++n) {
      double sum = withBias ? bias[n] : 0;
      for (int64_t k = 0; k < K; ++k)
        sum += rounded<A>(inputs[t * K + k]) * decode<T>(weights[n * K + k]);
      expected[t * N + n] = sum;
    }

  StepState state = stateOf(tokens);
  state.ahead = {.f32 = ahead, .f16 = ahead, .bf16 = ahead};
  onTeam<Max>(threads, arena, state, [&](const Step<Max> &step) {
    if (withBias)
      cpu::linear<A>(step, x, w, b, y);
    else
      cpu::linear<A>(step, x, w, y);
  });
  CHECK_NEAR(relativeError(arena.at<F32>(y.offset), expected), 0, Tolerance);
}

template <class T, int64_t N, int64_t K> void checkShape() {
  for (uint32_t threads : {1u, 2u, 3u}) {
    checkLinear<1, T, N, K>(1, threads, false);
    checkLinear<1, T, N, K>(1, threads, true);
  }
  for (uint32_t tokens : {1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u, 9u, 23u})
    checkLinear<130, T, N, K>(tokens, tokens % 3 + 1, tokens % 2);
  checkLinear<130, T, N, K>(130, 3, false);
  // Of a batch that is smaller than a block of rows, and of what is left of it.
  for (uint32_t tokens : {1u, 2u, 3u, 5u})
    checkLinear<5, T, N, K>(tokens, tokens % 3 + 1, tokens % 2);
}

template <class T> void checkType() {
  checkShape<T, 1, 1>();
  checkShape<T, 5, 2>();
  checkShape<T, 32, 64>();
  checkShape<T, 33, 7>();
  checkShape<T, 47, 33>();
  checkShape<T, 49, 8>();
  checkShape<T, 100, 65>();
  checkShape<T, 256, 129>();
  checkShape<T, 65, 2047>();
}

TEST(linearOfF32) { checkType<F32>(); }
TEST(linearOfF16) { checkType<F16>(); }
TEST(linearOfBF16) { checkType<BF16>(); }

// Beyond the last weight of all, too.
TEST(askingAhead) {
  for (uint32_t ahead : {1u, 4096u, 1u << 16}) {
    checkLinear<1, F32, 65, 1500>(1, 2, true, ahead);
    checkLinear<1, F16, 65, 1500>(1, 2, true, ahead);
    checkLinear<1, BF16, 65, 1501>(1, 2, true, ahead);
  }
}

// Each type has a distance of its own.
TEST(aheadByType) {
  StepState state;
  state.ahead = {.f32 = 1, .f16 = 2, .bf16 = 3, .int8 = 4, .int4 = 5};
  CHECK_EQ(cpu::aheadOf<F32>(state), 1);
  CHECK_EQ(cpu::aheadOf<F16>(state), 2);
  CHECK_EQ(cpu::aheadOf<BF16>(state), 3);
  CHECK_EQ(cpu::aheadOf<Int8>(state), 4);
  CHECK_EQ(cpu::aheadOf<Int4>(state), 5);
}

#ifdef __AVX512BF16__
// Products of bf16 are exact in f32, so only the order of the sums differs from those above. All
// shapes of the block, parts of a depth, and more panels than are worked on together.
template <int64_t N, int64_t K> void checkRounded() {
  for (uint32_t tokens : {1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u, 9u, 23u})
    checkLinear<130, BF16, N, K, BF16>(tokens, tokens % 3 + 1, tokens % 2);
  checkLinear<130, BF16, N, K, BF16>(130, 3, false);
}

TEST(linearThatRoundsRows) {
  checkRounded<1, 1>();
  checkRounded<33, 7>();
  checkRounded<47, 33>();
  checkRounded<100, 513>();
  checkRounded<65, 1600>();
  checkRounded<600, 65>();
}
#endif

// The same weights row by row: all widths of what is left of a row, and fewer rows than a register.
template <uint32_t Max, class T, int64_t N, int64_t K>
void checkMatrix(uint32_t tokens, uint32_t threads) {
  Arena arena;
  auto weights = normal<T>(N * K);
  auto bias = normal<F32>(N, 10);
  Wide<K> x(arena, tokens, 1);
  Matrix<T, N, K> w{arena.add<T>(weights)};
  Vector<F32, N> b{arena.add<F32>(bias)};
  Rows<F32, N> plain{arena.add<F32>(tokens * N)}, biased{arena.add<F32>(tokens * N)};
  std::vector<double> expected(tokens * N), expectedBiased(tokens * N);
  for (uint32_t t = 0; t < tokens; ++t)
    for (int64_t n = 0; n < N; ++n) {
      for (int64_t k = 0; k < K; ++k)
        expected[t * N + n] += x.at(t, k) * decode<T>(weights[n * K + k]);
      expectedBiased[t * N + n] = expected[t * N + n] + bias[n];
    }
  onTeam<Max>(threads, arena, stateOf(tokens), [&](const Step<Max> &step) {
    cpu::linear(step, x.rows, w, plain);
    cpu::linear(step, x.rows, w, b, biased);
  });
  CHECK_NEAR(relativeError(arena.at<F32>(plain.offset), expected), 0, Tolerance);
  CHECK_NEAR(relativeError(arena.at<F32>(biased.offset), expectedBiased), 0, Tolerance);
}

template <class T> void checkMatrices() {
  for (uint32_t threads : {1u, 3u}) {
    checkMatrix<1, T, 1, 1>(1, threads);
    checkMatrix<1, T, 5, 127>(1, threads);
    checkMatrix<1, T, 100, 129>(1, threads);
    checkMatrix<1, T, 33, 2047>(1, threads);
    for (uint32_t tokens : {1u, 2u, 3u, 5u, 9u, 23u}) {
      checkMatrix<23, T, 3, 7>(tokens, threads);
      checkMatrix<23, T, 47, 80>(tokens, threads);
    }
  }
}

TEST(matricesByRows) {
  checkMatrices<F32>();
  checkMatrices<F16>();
  checkMatrices<BF16>();
}

// The inputs are columns of wider rows.
template <uint32_t Max, class T, int64_t N, int64_t K> void checkPart(uint32_t tokens) {
  Arena arena;
  auto weights = normal<T>(N * K);
  Wide<K> x(arena, tokens, 1);
  Panels<T, N, K> w{arena.add<T>(panels<T>(weights, N, K))};
  Rows<F32, N> y{arena.add<F32>(tokens * N)};
  std::vector<double> expected(tokens * N);
  for (uint32_t t = 0; t < tokens; ++t)
    for (int64_t n = 0; n < N; ++n)
      for (int64_t k = 0; k < K; ++k)
        expected[t * N + n] += x.at(t, k) * decode<T>(weights[n * K + k]);
  onTeam<Max>(2, arena, stateOf(tokens),
              [&](const Step<Max> &step) { cpu::linear(step, x.rows, w, y); });
  CHECK_NEAR(relativeError(arena.at<F32>(y.offset), expected), 0, Tolerance);
}

TEST(partsOfRows) {
  checkPart<1, F32, 33, 7>(1);
  checkPart<1, BF16, 40, 65>(1);
  checkPart<13, F16, 47, 33>(13);
  checkPart<13, F32, 64, 600>(3);
}

// More threads than panels, and more than blocks of rows.
TEST(smallForTheTeam) {
  checkLinear<1, BF16, 40, 16>(1, 7, true);
  checkLinear<16, BF16, 40, 16>(16, 7, true);
  checkLinear<16, F32, 8, 16>(3, 7, false);
}

// Where a value lies is stated once, in panelIndex; what packPanel writes must agree, and what it
// pads must be zero: kernels multiply it.
template <class T, int64_t N, int64_t K> void checkPanels() {
  auto matrix = normal<T>(N * K);
  auto packed = panels<T>(matrix, N, K);
  CHECK_EQ(packed.size() % (size_t(PanelRows) * cpu::PanelPair<T>), 0u);
  std::vector<bool> seen(packed.size());
  bool same = true, padding = true;
  for (int64_t n = 0; n < N; ++n)
    for (int64_t k = 0; k < K; ++k) {
      size_t at = n / PanelRows * cpu::panelSize<T>(K) + cpu::panelIndex<T>(n, k);
      same &= packed[at] == matrix[n * K + k] && !seen[at];
      seen[at] = true;
    }
  for (size_t i = 0; i < packed.size(); ++i)
    padding &= seen[i] || packed[i] == 0;
  CHECK(same);
  CHECK(padding);
}

TEST(panelsHoldEveryValueOnce) {
  checkPanels<F32, 33, 5>();
  checkPanels<F16, 64, 4>();
  checkPanels<BF16, 70, 7>();
  CHECK_EQ(cpu::panelBytes<F32>(33, 5), 2u * 32 * 5 * 4);
  CHECK_EQ(cpu::panelBytes<F16>(64, 4), 2u * 32 * 4 * 2);
  CHECK_EQ(cpu::panelBytes<BF16>(70, 7), 3u * 32 * 8 * 2);
}

} // namespace
