// Activations against the standard library in double, alone and as gates: for all sizes of numbers,
// in place, and of parts of wider rows.
#include "templates/cpu/elementwise.h"
#include "tests/unit/Kernels.h"

using namespace kernels;

namespace {

double exactSigmoid(double x) { return 1 / (1 + std::exp(-x)); }

template <class A> double exact(double x) {
  if constexpr (std::is_same_v<A, cpu::Silu>)
    return x * exactSigmoid(x);
  if constexpr (std::is_same_v<A, cpu::Gelu>)
    return x * std::erfc(-x / std::sqrt(2.0)) / 2;
  if constexpr (std::is_same_v<A, cpu::GeluTanh>)
    return x * exactSigmoid(2 * std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x));
  if constexpr (std::is_same_v<A, cpu::GeluQuick>)
    return x * exactSigmoid(1.702 * x);
  if constexpr (std::is_same_v<A, cpu::Relu>)
    return x > 0 ? x : 0;
  if constexpr (std::is_same_v<A, cpu::ReluSquared>)
    return x > 0 ? x * x : 0;
  if constexpr (std::is_same_v<A, cpu::Sigmoid>)
    return exactSigmoid(x);
  return std::tanh(x);
}

// Relative to the result; where that is almost nothing, to 1e-3.
template <class A> void checkNumbers() {
  double worst = 0;
  for (double x = -20; x < 20; x += 0.000731) {
    float value = static_cast<float>(x);
    double expected = exact<A>(value), actual = A::of(cpu::broadcast(value))[0];
    worst = std::max(worst, std::fabs(actual - expected) / std::max(std::fabs(expected), 1e-3));
  }
  CHECK_NEAR(worst, 0, 2e-6);
  for (float x : {0.0f, -0.0f, 1e-6f, -1e-6f, 1e-30f})
    CHECK_NEAR(A::of(cpu::broadcast(x))[0], exact<A>(x), std::fabs(x) * 1e-6 + 1e-7);
  for (float x : {1e4f, -1e4f, 3e9f, -3e9f})
    CHECK_NEAR(A::of(cpu::broadcast(x))[0], exact<A>(x), std::fabs(exact<A>(x)) * 1e-6 + 1e-30);
  CHECK(std::isnan(A::of(cpu::broadcast(NAN))[0]));
}

template <class A, uint32_t Max, int64_t C> void checkRows() {
  forSteps<Max>([](uint32_t tokens, uint32_t threads) {
    for (bool inPlace : {false, true}) {
      Arena arena;
      auto a = normal<F32>(tokens * C, 4), b = normal<F32>(tokens * C);
      Rows<F32, C> x{arena.add<F32>(a)}, up{arena.add<F32>(b)};
      Wide<C> wide(arena, tokens, 3), wideUp(arena, tokens, 1);
      Rows<F32, C> y{arena.add<F32>(tokens * C)}, gated{arena.add<F32>(tokens * C)};
      Rows<F32, C> ofPart{arena.add<F32>(tokens * C)}, gatedPart{arena.add<F32>(tokens * C)};
      if (inPlace)
        y = x;
      std::vector<double> alone, glu, part, gluPart;
      for (uint32_t t = 0; t < tokens; ++t)
        for (int64_t i = 0; i < C; ++i) {
          alone.push_back(exact<A>(a[t * C + i]));
          glu.push_back(alone.back() * b[t * C + i]);
          part.push_back(exact<A>(wide.at(t, i)));
          gluPart.push_back(part.back() * wideUp.at(t, i));
        }
      onTeam<Max>(threads, arena, stateOf(tokens), [&](Step<Max> step) {
        cpu::glu<A>(step, x, up, gated);
        cpu::glu<A>(step, wide.rows, wideUp.rows, gatedPart);
        cpu::activate<A>(step, wide.rows, ofPart);
        step.sync();
        cpu::activate<A>(step, x, y);
      });
      for (auto [to, expected] :
           {std::pair(y, &alone), {gated, &glu}, {ofPart, &part}, {gatedPart, &gluPart}})
        CHECK_NEAR(relativeError(arena.at<F32>(to.offset), *expected), 0, 2e-6);
    }
  });
}

template <class A> void check() {
  checkNumbers<A>();
  checkRows<A, 1, 1>();
  checkRows<A, 1, 100>();
  checkRows<A, 13, 37>();
  checkRows<A, 13, 64>();
}

TEST(silu) { check<cpu::Silu>(); }
TEST(gelu) { check<cpu::Gelu>(); }
TEST(geluTanh) { check<cpu::GeluTanh>(); }
TEST(geluQuick) { check<cpu::GeluQuick>(); }
TEST(relu) { check<cpu::Relu>(); }
TEST(reluSquared) { check<cpu::ReluSquared>(); }
TEST(sigmoid) { check<cpu::Sigmoid>(); }
TEST(hyperbolicTangent) { check<cpu::Tanh>(); }

} // namespace
