// Products with weights that are whole numbers, and rows of tables of them, against a reading of
// the layout of its own: every form, odd sizes, and teams that are larger than the matrix.
#include "templates/cpu/embed.h"
#include "templates/cpu/linear_quantized.h"
#include "templates/cpu/quantize.h"
#include "tests/unit/Kernels.h"

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

constexpr int Levels4[16] = {-127, -99, -78, -61, -46, -33, -21, -9,
                             2,    13,  24,  36,  49,  64,  82,  105};

constexpr int64_t panelSizeOf(bool small, int64_t columns) {
  return small ? 128 + (columns + 63) / 64 * 1088 : (columns + 31) / 32 * 1088;
}

/// A number in a panel, as runtime/Step.h states it: of int4 which of its levels.
template <class T> struct Stored {
  static constexpr bool Small = std::is_same_v<T, Int4>;
  double scale;
  int number;

  Stored(const uint8_t *panel, int64_t row, int64_t column) {
    const uint8_t *bundle = panel + panelSizeOf(Small, column / 64 * 64);
    int64_t k = column % 32;
    if (Small) {
      float whole;
      std::memcpy(&whole, panel + row * 4, 4);
      const uint8_t *part = bundle + column % 64 / 32 * 32 + row;
      scale = double(whole) * static_cast<int8_t>(*part);
      int both = bundle[64 + column % 64 / 32 * 512 + k / 8 * 128 + row * 4 + k % 4];
      number = k % 8 < 4 ? both & 15 : both >> 4;
    } else {
      bundle += column % 64 / 32 * 1088;
      scale = decode<F16>(static_cast<uint16_t>(bundle[2 * row] | bundle[2 * row + 1] << 8));
      number = bundle[64 + k / 4 * 128 + row * 4 + k % 4] - 128;
    }
  }
  double weight() const { return scale * (Small ? Levels4[number] : number) / 128; }
};
template <class T> double stored(const uint8_t *panel, int64_t row, int64_t column) {
  return Stored<T>(panel, row, column).weight();
}

template <class T> struct Matrix {
  int64_t rows, columns, panelSize;
  std::vector<uint8_t> bytes;

  Matrix(int64_t rows, int64_t columns)
      : rows(rows), columns(columns), panelSize(panelSizeOf(std::is_same_v<T, Int4>, columns)),
        bytes(size_t((rows + 31) / 32 * panelSize)) {}
  double at(int64_t row, int64_t column) const {
    return stored<T>(bytes.data() + row / 32 * panelSize, row % 32, column);
  }
};

/// Any bytes are numbers, also those that padding does not have; scales are of all sizes and signs.
template <class T> Matrix<T> anyMatrix(int64_t rows, int64_t columns) {
  Matrix<T> matrix(rows, columns);
  std::uniform_int_distribution<int> byte(0, 255);
  for (uint8_t &value : matrix.bytes)
    value = static_cast<uint8_t>(byte(generator()));
  auto put = [&](size_t at, auto scales, auto tiny) {
    scales[5] = tiny;
    scales[6] = 0;
    std::memcpy(matrix.bytes.data() + at, scales.data(), scales.size() * sizeof(scales[0]));
  };
  size_t panel = size_t(matrix.panelSize);
  for (size_t first = 0; first < matrix.bytes.size(); first += panel)
    if (std::is_same_v<T, Int4>) {
      put(first, normal<F32>(32, 0.01), 1e-12f);
      const int8_t parts[] = {0, 127, -127, -128};
      for (size_t bundle = first + 128; bundle < first + panel; bundle += 1088)
        std::memcpy(matrix.bytes.data() + bundle + 30, parts, 4); // of both groups
    } else
      for (size_t group = 0; group < panel; group += 1088)
        put(first + group, normal<F16>(32), uint16_t(3)); // a denormal
  return matrix;
}

/// Packed from normal weights.
template <class T>
Matrix<T> packed(const std::vector<float> &weights, int64_t rows, int64_t columns) {
  Matrix<T> matrix(rows, columns);
  std::fill(matrix.bytes.begin(), matrix.bytes.end(), uint8_t(0xee));
  CHECK_EQ(cpu::panelBytes<T>(rows, columns), matrix.bytes.size());
  CHECK_EQ(cpu::panelSize<T>(columns), matrix.panelSize);
  for (int64_t first = 0; first < rows; first += 32) {
    const float *pointers[32];
    int64_t count = std::min<int64_t>(32, rows - first);
    for (int64_t row = 0; row < count; ++row)
      pointers[row] = weights.data() + (first + row) * columns;
    CHECK(!cpu::quantizePanel<T>(pointers, count, columns,
                                 matrix.bytes.data() + first / 32 * matrix.panelSize));
  }
  return matrix;
}

template <uint32_t Max, class T, int64_t N, int64_t K>
void checkLinear(const Matrix<T> &matrix, uint32_t tokens, uint32_t threads, bool withBias,
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
