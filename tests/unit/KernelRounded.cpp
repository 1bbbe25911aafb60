// What kernels round where products ask for it is what they write otherwise, rounded to nearest
// even where the processor multiplies bf16 and as it is elsewhere; also where it lies on what they
// read.
//
// Products of such rows: sums, gates and residuals, of all shapes of blocks.
#include "templates/cpu/attention.h"
#include "templates/cpu/elementwise.h"
#include "templates/cpu/linear_rounded.h"
#include "templates/cpu/norm.h"
#include "tests/unit/Kernels.h"

using namespace kernels;

namespace {

constexpr uint32_t Max = 40;

/// Whether z holds what y does, rounded.
template <int64_t C, int64_t S>
bool isRounded(Arena &arena, uint32_t tokens, Rows<F32, C> y, RoundedRows<C, S> z) {
  auto rounded = cpu::stored(z);
  using Type = typename decltype(rounded)::Type;
  bool same = true;
  for (uint32_t t = 0; t < tokens; ++t)
    for (int64_t i = 0; i < C; ++i)
      same &= arena.at<Type>(rounded.offset)[t * rounded.RowStride + i] ==
              encode<Type>(arena.at<F32>(y.offset)[t * C + i]);
  return same;
}

/// Checks that kernel(step, y) writes to z what it writes to y, rounded.
template <class Kernel, int64_t C, int64_t S>
void compare(Arena &arena, uint32_t tokens, uint32_t threads, Kernel kernel, Rows<F32, C> y,
             RoundedRows<C, S> z) {
  onTeam<Max>(threads, arena, stateOf(tokens), [&](const Step<Max> &step) { kernel(step, y); });
  onTeam<Max>(threads, arena, stateOf(tokens), [&](const Step<Max> &step) { kernel(step, z); });
  CHECK(isRounded(arena, tokens, y, z));
}

/// The same for rows of their own, or for those of an input, `over`.
template <int64_t C, class Kernel>
void check(Arena &arena, uint32_t tokens, uint32_t threads, Kernel kernel,
           const Rows<F32, C> *over = nullptr) {
  Rows<F32, C> y{arena.add<F32>(tokens * C)}, z{arena.add<F32>(tokens * C)};
  if (over)
    return compare(arena, tokens, threads, kernel, y, over->roundedInPlace());
  compare(arena, tokens, threads, kernel, y, z.rounded());
  compare(arena, tokens, threads, kernel, y, z.roundedInPlace());
}

template <class Body> void forTokens(Body body) {
  for (uint32_t threads : {1u, 3u})
    for (uint32_t tokens : {1u, 2u, 7u, 33u})
      body(tokens, threads);
}

template <int64_t C> void checkNorms() {
  forTokens([](uint32_t tokens, uint32_t threads) {
    Arena arena;
    Rows<F32, C> x{arena.add<F32>(normal<F32>(tokens * C, 3))};
    Vector<F32, C> w{arena.add<F32>(normal<F32>(C))}, b{arena.add<F32>(normal<F32>(C))};
    check<C>(arena, tokens, threads,
             [&](auto &step, auto y) { cpu::rmsnorm(step, x, w, y, 1e-2f); });
    check<C>(arena, tokens, threads,
             [&](auto &step, auto y) { cpu::layernorm(step, x, w, b, y, 1e-2f); });
    check<C>(arena, tokens, threads,
             [&](auto &step, auto y) { cpu::layernorm(step, x, w, y, 1e-2f); });
    check<C>(arena, tokens, threads,
             [&](auto &step, auto y) { cpu::layernorm(step, x, y, 1e-2f); });
  });
}

TEST(norms) {
  checkNorms<33>();
  checkNorms<576>();
}

template <int64_t C> void checkGates() {
  forTokens([](uint32_t tokens, uint32_t threads) {
    auto checkOver = [&](int place, auto kernel) {
      Arena arena;
      Rows<F32, C> gate{arena.add<F32>(normal<F32>(tokens * C, 3))};
      Rows<F32, C> up{arena.add<F32>(normal<F32>(tokens * C))};
      const Rows<F32, C> *over[] = {nullptr, &gate, &up};
      check<C>(
          arena, tokens, threads, [&](auto &step, auto y) { kernel(step, gate, up, y); },
          over[place]);
    };
    for (int place : {0, 1, 2})
      checkOver(place, [](auto &step, auto gate, auto up, auto y) {
        cpu::glu<cpu::Silu>(step, gate, up, y);
      });
    for (int place : {0, 1})
      checkOver(place, [](auto &step, auto gate, auto, auto y) {
        cpu::activate<cpu::Gelu>(step, gate, y);
      });
  });
}

TEST(gates) {
  checkGates<37>();
  checkGates<320>();
}

TEST(attention) {
  constexpr int64_t Heads = 6, Kv = 2, Dim = 48, Context = 64;
  forTokens([](uint32_t tokens, uint32_t threads) {
    Arena arena;
    Rows<F32, Heads * Dim> q{arena.add<F32>(normal<F32>(tokens * Heads * Dim))};
    Cache<BF16, Kv, Context, Dim> k{arena.add<BF16>(normal<BF16>(Kv * Context * Dim))};
    Cache<BF16, Kv, Context, Dim> v{arena.add<BF16>(normal<BF16>(Kv * Context * Dim))};
    check<Heads * Dim>(arena, tokens, threads,
                       [&](auto &step, auto y) { cpu::attend(step, q, k, v, y, 0.125f); });
  });
}

// Products of bf16 are exact in f32. Of 2048 of them, sums stay within 3e-7; of more, one sum for
// all loses a bit.
constexpr double tolerance(int64_t depth) { return depth > 2048 ? 2e-6 : 6e-7; }

/// Some threads get parts of blocks; some depths are worked on in parts; y may be the residual.
template <int64_t N, int64_t K> void checkProducts(uint32_t tokens, uint32_t threads) {
  constexpr uint32_t Max = 130;
  Arena arena;
  auto weights = normal<BF16>(N * K), gates = normal<BF16>(N * K, 1 / std::sqrt(K));
  auto bias = normal<F32>(N, 10), residual = normal<F32>(tokens * N, 10);
  auto inputs = normal<BF16>(tokens * K);
  Rows<F32, K> rows{arena.add<F32>(tokens * K)};
  auto x = cpu::stored(rows.rounded());
  using X = typename decltype(x)::Type;
  for (uint32_t t = 0; t < tokens; ++t)
    for (int64_t k = 0; k < K; ++k)
      arena.at<X>(x.offset)[t * x.RowStride + k] = encode<X>(decode<BF16>(inputs[t * K + k]));
  Panels<BF16, N, K> w{arena.add<BF16>(panels<BF16>(weights, N, K))};
  Panels<BF16, N, K> g{arena.add<BF16>(panels<BF16>(gates, N, K))};
  Vector<F32, N> b{arena.add<F32>(bias)};
  Rows<F32, N> z{arena.add<F32>(residual)}, sum{arena.add<F32>(residual)};
  Rows<F32, N> plain{arena.add<F32>(tokens * N)}, biased{arena.add<F32>(tokens * N)};
  Rows<F32, N> both{arena.add<F32>(tokens * N)}, gated{arena.add<F32>(tokens * N)};
  Rows<F32, N> narrow{arena.add<F32>(tokens * N)};
  std::vector<double> of[5];
  for (uint32_t t = 0; t < tokens; ++t)
    for (int64_t n = 0; n < N; ++n) {
      double up = 0, gate = 0;
      for (int64_t k = 0; k < K; ++k) {
        up += decode<BF16>(inputs[t * K + k]) * decode<BF16>(weights[n * K + k]);
        gate += decode<BF16>(inputs[t * K + k]) * decode<BF16>(gates[n * K + k]);
      }
      double more = residual[t * N + n];
      of[0].push_back(up);
      of[1].push_back(up + bias[n]);
      of[2].push_back(up + more);
      of[3].push_back(up + bias[n] + more);
      of[4].push_back(up * gate / (1 + std::exp(-gate)));
    }
  onTeam<Max>(threads, arena, stateOf(tokens), [&](const Step<Max> &step) {
    cpu::linear(step, rows.rounded(), w, plain);
    cpu::linear(step, rows.rounded(), w, b, biased);
    cpu::linear(step, rows.rounded(), w, sum, sum);
    cpu::linear(step, rows.rounded(), w, b, z, both);
    cpu::glu<cpu::Silu>(step, rows.rounded(), g, w, gated);
    cpu::glu<cpu::Silu>(step, rows.rounded(), g, w, narrow.rounded());
  });
  for (auto [result, expected] :
       {std::pair(plain, of[0]), {biased, of[1]}, {sum, of[2]}, {both, of[3]}, {gated, of[4]}})
    CHECK_NEAR(relativeError(arena.at<F32>(result.offset), expected), 0, tolerance(K));
  CHECK(isRounded(arena, tokens, gated, narrow.rounded()));
}

TEST(products) {
  for (uint32_t tokens : {1u, 2u, 15u, 16u, 17u, 32u, 33u, 48u, 49u, 65u, 130u}) {
    checkProducts<1, 32>(tokens, tokens % 3 + 1);
    checkProducts<16, 96>(tokens, tokens % 3 + 1);
    checkProducts<47, 33>(tokens, tokens % 3 + 1);
    checkProducts<100, 64>(tokens, tokens % 3 + 1);
  }
  checkProducts<49, 8192>(33, 1); // of more than a megabyte for each panel
  checkProducts<70, 4128>(40, 2);
  checkProducts<2100, 544>(35, 1);
}

} // namespace
