// What packing makes of weights that become whole numbers, and what reads them for people.
#include "tests/unit/Quantized.h"

using namespace kernels;

namespace {

/// Root mean square of the errors, relative to that of the weights.
template <class T> double packingError(const std::vector<float> &weights, int64_t rows) {
  int64_t columns = static_cast<int64_t>(weights.size()) / rows;
  auto matrix = packed<T>(weights, rows, columns);
  double error = 0, size = 0;
  for (int64_t n = 0; n < rows; ++n)
    for (int64_t k = 0; k < columns; ++k) {
      double weight = weights[n * columns + k];
      error += (matrix.at(n, k) - weight) * (matrix.at(n, k) - weight);
      size += weight * weight;
    }
  return std::sqrt(error / size);
}

// int8: a step is 1/127 of the largest of 32, about 2.3 times the size, and a rounding 0.29 steps.
// int4: what a search through all scales reaches is 0.0726, and scales that are bytes cost nothing.
TEST(errorsOfNormalWeights) {
  for (double size : {1.0, 0.02, 1e-3, 30.0}) {
    auto weights = normal<F32>(64 * 512, size);
    CHECK_NEAR(packingError<Int8>(weights, 64), 0.0053, 0.0002);
    CHECK_NEAR(packingError<Int4>(weights, 64), 0.0729, 0.001);
  }
  // Few digits are left of scales of int8.
  auto tiny = normal<F32>(64 * 512, 1e-6);
  CHECK(packingError<Int8>(tiny, 64) < 0.006);
  CHECK_NEAR(packingError<Int4>(tiny, 64), 0.0729, 0.001);
  auto tinier = normal<F32>(64 * 512, 1e-8);
  CHECK(packingError<Int8>(tinier, 64) < 0.02);
  CHECK_NEAR(packingError<Int4>(tinier, 64), 0.0729, 0.001);
}

// Scales of int4 are parts of their row's. Where one weight of a row stands out, that costs a
// fiftieth; and groups that are small beside their row are no worse off than as zeros.
TEST(groupsOfUnlikeSizes) {
  constexpr int64_t N = 32, K = 64 * 32;
  auto weights = normal<F32>(N * K);
  for (int64_t n = 0; n < N; ++n)
    weights[n * K + n] = 40;
  CHECK_NEAR(packingError<Int4>(weights, N), 0.1035, 0.001); // with scales of f16 0.1014

  weights = normal<F32>(N * K);
  for (int64_t n = 0; n < N; ++n)
    for (int64_t k = 0; k < K; ++k)
      weights[n * K + k] *= std::exp2(-0.4f * float(k / 32)); // down to a 40-millionth
  auto matrix = packed<Int4>(weights, N, K);
  for (int64_t n = 0; n < N; ++n) {
    double rowLargest = 0;
    for (int64_t first = 0; first < K; first += 32) {
      double error = 0, size = 0, largest = 0;
      for (int64_t k = first; k < first + 32; ++k) {
        double weight = weights[n * K + k];
        error += (matrix.at(n, k) - weight) * (matrix.at(n, k) - weight);
        size += weight * weight;
        largest = std::max(largest, std::fabs(weight));
      }
      rowLargest = std::max(rowLargest, largest);
      CHECK(error <= 1.001 * size);
      if (largest > rowLargest / 16)
        CHECK(error <= 0.15 * 0.15 * size);
    }
  }
}

// The levels are the best for what the packing makes of normal weights: means of the weights that
// fall to each, in units of their scales, are where the levels are.
TEST(levelsFitNormalWeights) {
  constexpr int64_t N = 512, K = 512;
  auto weights = normal<F32>(N * K);
  auto matrix = packed<Int4>(weights, N, K);
  double products[16] = {}, squares[16] = {};
  for (int64_t n = 0; n < N; ++n)
    for (int64_t k = 0; k < K; ++k) {
      Stored<Int4> at(matrix.bytes.data() + n / 32 * matrix.panelSize, n % 32, k);
      double scale = at.scale / 128;
      products[at.number] += scale * weights[n * K + k];
      squares[at.number] += scale * scale;
    }
  for (int i = 0; i < 16; ++i)
    CHECK_NEAR(products[i] / squares[i], Levels4[i], 1);
}

template <class T> void checkSpecialGroups() {
  constexpr int64_t K = 50;
  std::vector<float> weights(3 * K);
  weights[0] = -1e-8f;         // in a group of its own: not zero
  weights[K + 32] = 32768;     // the largest that there is
  weights[2 * K + 3] = 1e-20f; // zero
  auto matrix = packed<T>(weights, 3, K);
  CHECK_NEAR(matrix.at(0, 0) / 1e-8, -1, 0.25);
  CHECK_NEAR(matrix.at(1, 32) / 32768, 1, 0.01);
  // What is padded is as near to zero as it gets, and rows that do not exist have no scale.
  for (int64_t k = 0; k < 64; ++k) {
    CHECK_EQ(matrix.at(2, k), 0.0);
    CHECK_EQ(stored<T>(matrix.bytes.data(), 3, k), 0.0);
    CHECK(std::fabs(matrix.at(0, k)) <= 1.001e-8);
  }

  const float *rows[] = {weights.data(), weights.data() + K, weights.data() + 2 * K};
  std::vector<uint8_t> panel(size_t(matrix.panelSize));
  for (float bad : {NAN, INFINITY, -INFINITY, 32769.0f, -3e38f}) {
    weights[2 * K + 49] = bad;
    cpu::Misfit misfit = cpu::quantizePanel<T>(rows, 3, K, panel.data());
    CHECK(bool(misfit));
    CHECK_EQ(misfit.row, 2);
    CHECK_EQ(misfit.column, 49);
  }
}

TEST(specialGroups) {
  checkSpecialGroups<Int8>();
  checkSpecialGroups<Int4>();
}

// What reads a panel for people reads what is there.
template <class T> void checkReading() {
  constexpr int64_t N = 20, K = 70;
  auto matrix = anyMatrix<T>(N, K);
  std::vector<float> values(N * K);
  float *rows[N];
  for (int64_t n = 0; n < N; ++n)
    rows[n] = values.data() + n * K;
  cpu::readPanel<T>(matrix.bytes.data(), N, K, rows);
  bool same = true;
  for (int64_t n = 0; n < N; ++n)
    for (int64_t k = 0; k < K; ++k)
      same &= values[n * K + k] == static_cast<float>(matrix.at(n, k));
  CHECK(same);
}

TEST(readPanels) {
  checkReading<Int8>();
  checkReading<Int4>();
}

} // namespace
