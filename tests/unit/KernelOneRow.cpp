// What products of one row do on the way is to the bit what calls of their own give: sums and
// gates, with weights in panels and row by row, biases, parts of rows, and sums over their own
// inputs.
#include "templates/cpu/elementwise.h"
#include "templates/cpu/linear_one.h"
#include "templates/cpu/quantize.h"
#include "tests/unit/Kernels.h"

#include <algorithm>
#include <bit>

using namespace kernels;

/// What comes on the way asks for weights ahead, and calls of their own do not: no bit shows it. By
/// the number of threads it asks into the first cache or the second.
constexpr Ahead asking(uint32_t threads) {
  uint32_t bytes = threads % 2 ? 8192 : 4096;
  return {bytes, bytes, bytes, bytes, bytes};
}

/// Some weights of a form, in its bytes: Panels or Matrix.
template <template <class, int64_t, int64_t> class Weights, class T, int64_t N, int64_t K>
Weights<T, N, K> addWeights(Arena &arena) {
  if constexpr (cpu::Quantized<T>) {
    auto values = normal<F32>(N * K);
    std::vector<uint8_t> packed(cpu::panelBytes<T>(N, K));
    for (int64_t first = 0; first < N; first += PanelRows) {
      const float *rows[PanelRows];
      int64_t count = std::min(PanelRows, N - first);
      for (int64_t row = 0; row < count; ++row)
        rows[row] = values.data() + (first + row) * K;
      CHECK(!cpu::quantizePanel<T>(rows, count, K,
                                   packed.data() + first / PanelRows * cpu::panelSize<T>(K)));
    }
    return {arena.add<T>(packed)};
  } else {
    auto values = normal<T>(N * K);
    if constexpr (std::is_same_v<Weights<T, N, K>, Panels<T, N, K>>)
      return {arena.add<T>(panels<T>(values, N, K))};
    else
      return {{arena.add<T>(values)}};
  }
}

template <int64_t N> bool same(Arena &arena, Rows<F32, N> a, Rows<F32, N> b) {
  const float *x = arena.at<F32>(a.offset), *y = arena.at<F32>(b.offset);
  return std::equal(x, x + N, y, [](float x, float y) {
    return std::bit_cast<uint32_t>(x) == std::bit_cast<uint32_t>(y);
  });
}

template <template <class, int64_t, int64_t> class Weights, class T, int64_t N, int64_t K>
void checkSum(uint32_t threads) {
  Arena arena;
  Wide<K> x(arena, 1, 1);
  Wide<N> z(arena, 1, 1);
  auto w = addWeights<Weights, T, N, K>(arena);
  Vector<F32, N> bias{arena.add<F32>(normal<F32>(N))};
  Rows<F32, N> product{arena.add<F32>(N)}, biased{arena.add<F32>(N)};
  Rows<F32, N> sums{arena.add<F32>(N)}, biasedSums{arena.add<F32>(N)};
  Rows<F32, N> y{arena.add<F32>(N)}, residual{arena.add<F32>(normal<F32>(N))};
  StepState state = stateOf(1);
  auto run = [&](auto body) { onTeam<1>(threads, arena, state, body); };
  run([&](const Step<1> &step) {
    cpu::linear(step, x.rows, w, product);
    cpu::linear(step, x.rows, w, bias, biased);
  });
  run([&](const Step<1> &step) {
    cpu::add(step, z.rows, product, sums);
    cpu::add(step, residual, biased, biasedSums);
  });
  state.ahead = asking(threads);
  run([&](const Step<1> &step) {
    cpu::linear(step, x.rows, w, z.rows, y);
    cpu::linear(step, x.rows, w, bias, residual, residual); // over its own input
  });
  CHECK(same(arena, y, sums));
  CHECK(same(arena, residual, biasedSums));
}

template <template <class, int64_t, int64_t> class Weights, class T, int64_t N, int64_t K>
void checkGate(uint32_t threads) {
  Arena arena;
  Wide<K> x(arena, 1, 1);
  auto w = addWeights<Weights, T, N, K>(arena), v = addWeights<Weights, T, N, K>(arena);
  Rows<F32, N> gate{arena.add<F32>(N)}, up{arena.add<F32>(N)}, apart{arena.add<F32>(N)};
  Rows<F32, N> y{arena.add<F32>(N)};
  StepState state = stateOf(1);
  auto run = [&](auto body) { onTeam<1>(threads, arena, state, body); };
  run([&](const Step<1> &step) {
    cpu::linear(step, x.rows, w, gate);
    cpu::linear(step, x.rows, v, up);
  });
  run([&](const Step<1> &step) { cpu::glu<cpu::Silu>(step, gate, up, apart); });
  state.ahead = asking(threads);
  run([&](const Step<1> &step) { cpu::glu<cpu::Silu>(step, x.rows, w, v, y); });
  CHECK(same(arena, y, apart));
}

/// Of a row that is given, and of what norms make of it.
template <template <class, int64_t, int64_t> class Weights, class T, int64_t N, int64_t K>
void checkProducts(uint32_t threads) {
  Arena arena;
  Wide<K> x(arena, 1, 1);
  auto w = addWeights<Weights, T, N, K>(arena);
  auto v = addWeights<Weights, T, 7, K>(arena);
  auto u = addWeights<Weights, T, 33, K>(arena);
  Vector<F32, K> scale{arena.add<F32>(normal<F32>(K))}, shift{arena.add<F32>(normal<F32>(K))};
  Vector<F32, 7> bias{arena.add<F32>(normal<F32>(7))};
  Rows<F32, K> row{arena.add<F32>(K)};
  struct Three {
    Rows<F32, N> first;
    Rows<F32, 7> second;
    Rows<F32, 33> third;
    explicit Three(Arena &arena)
        : first{arena.add<F32>(N)}, second{arena.add<F32>(7)}, third{arena.add<F32>(33)} {}
  } apart(arena), together(arena);
  StepState state = stateOf(1);
  auto run = [&](auto body) { onTeam<1>(threads, arena, state, body); };
  auto check = [&](auto made, auto make) {
    state.ahead = {};
    run([&](const Step<1> &step) { make(step); });
    run([&](const Step<1> &step) {
      cpu::linear(step, row, w, apart.first);
      cpu::linear(step, row, v, bias, apart.second);
      cpu::linear(step, row, u, apart.third);
    });
    state.ahead = asking(threads);
    run([&](const Step<1> &step) {
      cpu::products(step, made, cpu::to(w, together.first), cpu::to(v, bias, together.second),
                    cpu::to(u, together.third));
    });
    CHECK(same(arena, together.first, apart.first));
    CHECK(same(arena, together.second, apart.second));
    CHECK(same(arena, together.third, apart.third));
    run([&](const Step<1> &step) { cpu::glu<cpu::Silu>(step, row, w, w, apart.first); });
    run([&](const Step<1> &step) { cpu::glu<cpu::Silu>(step, made, w, w, together.first); });
    CHECK(same(arena, together.first, apart.first));
  };
  check(row, [&](const Step<1> &step) { cpu::rmsnorm(step, x.rows, scale, row, 1e-3f); });
  check(cpu::rmsnormed(x.rows, scale, 1e-5f),
        [&](const Step<1> &step) { cpu::rmsnorm(step, x.rows, scale, row, 1e-5f); });
  check(cpu::layernormed(x.rows, scale, shift, 1e-5f),
        [&](const Step<1> &step) { cpu::layernorm(step, x.rows, scale, shift, row, 1e-5f); });
  check(cpu::layernormed(x.rows, scale, 1e-5f),
        [&](const Step<1> &step) { cpu::layernorm(step, x.rows, scale, row, 1e-5f); });
  check(cpu::layernormed(x.rows, 1e-5f),
        [&](const Step<1> &step) { cpu::layernorm(step, x.rows, row, 1e-5f); });
}

template <template <class, int64_t, int64_t> class Weights, class T> void checkForm() {
  for (uint32_t threads : {1u, 2u, 3u}) {
    checkProducts<Weights, T, 3, 33>(threads);
    checkProducts<Weights, T, 1250, 65>(threads);
    checkSum<Weights, T, 1, 5>(threads);
    checkSum<Weights, T, 100, 65>(threads);
    checkSum<Weights, T, 1250, 96>(threads);
    checkGate<Weights, T, 3, 33>(threads);
    checkGate<Weights, T, 100, 65>(threads);
    checkGate<Weights, T, 1250, 96>(threads);
  }
}

TEST(panelsOfNumbers) {
  checkForm<Panels, F32>();
  checkForm<Panels, F16>();
  checkForm<Panels, BF16>();
}
TEST(panelsOfWholeNumbers) {
  checkForm<Panels, Int8>();
  checkForm<Panels, Int4>();
}
TEST(rowsOfNumbers) {
  checkForm<Matrix, F32>();
  checkForm<Matrix, BF16>();
}
