// What kernels round where products ask for it is what they write otherwise, rounded to nearest
// even where the processor multiplies bf16 and as it is elsewhere; also where it lies on what they
// read.
#include "templates/cpu/attention.h"
#include "templates/cpu/elementwise.h"
#include "templates/cpu/norm.h"
#include "tests/unit/Kernels.h"

using namespace kernels;

namespace {

/// Calls kernel(step, y) for rows of f32 and for the same to be rounded. `over`, if there is any,
/// are the input's numbers, which are where the rounded rows go.
template <int64_t C, class Kernel>
void check(Arena &arena, uint32_t tokens, uint32_t threads, Kernel kernel,
           const Rows<F32, C> *over = nullptr) {
  constexpr uint32_t Max = 40;
  Rows<F32, C> y{arena.add<F32>(tokens * C)}, z{arena.add<F32>(tokens * C)};
  auto rounded = cpu::stored((over ? *over : z).rounded());
  using Type = typename decltype(rounded)::Type;
  onTeam<Max>(threads, arena, stateOf(tokens), [&](const Step<Max> &step) { kernel(step, y); });
  onTeam<Max>(threads, arena, stateOf(tokens),
              [&](const Step<Max> &step) { kernel(step, (over ? *over : z).rounded()); });
  bool same = true;
  for (uint32_t t = 0; t < tokens; ++t)
    for (int64_t i = 0; i < C; ++i)
      same &= arena.at<Type>(rounded.offset)[t * rounded.RowStride + i] ==
              encode<Type>(arena.at<F32>(y.offset)[t * C + i]);
  CHECK(same);
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

} // namespace
