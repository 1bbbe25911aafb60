// Norms of rows and of heads against sums in double: of whole rows and of parts of wider ones, with
// and without weights.
#include "templates/cpu/norm.h"
#include "tests/unit/Kernels.h"

using namespace kernels;

namespace {

constexpr double Tolerance = 3e-7;

template <uint32_t Max, int64_t C> void checkRms() {
  forSteps<Max>([](uint32_t tokens, uint32_t threads) {
    Arena arena;
    auto inputs = normal<F32>(tokens * C, 3), weights = normal<F32>(C);
    Rows<F32, C> x{arena.add<F32>(inputs)}, y{arena.add<F32>(tokens * C)};
    Vector<F32, C> w{arena.add<F32>(weights)};
    Wide<C> wide(arena, tokens, 3);
    Rows<F32, C> z{arena.add<F32>(tokens * C)};
    std::vector<double> expected, expectedOfPart;
    for (uint32_t t = 0; t < tokens; ++t) {
      double sum = 0, sumOfPart = 0;
      for (int64_t i = 0; i < C; ++i) {
        sum += std::pow(inputs[t * C + i], 2);
        sumOfPart += std::pow(wide.at(t, i), 2);
      }
      for (int64_t i = 0; i < C; ++i) {
        expected.push_back(inputs[t * C + i] / std::sqrt(sum / C + 1e-2f) * weights[i]);
        expectedOfPart.push_back(wide.at(t, i) / std::sqrt(sumOfPart / C + 1e-2f) * weights[i]);
      }
    }
    onTeam<Max>(threads, arena, stateOf(tokens), [&](const Step<Max> &step) {
      cpu::rmsnorm(step, x, w, y, 1e-2f);
      cpu::rmsnorm(step, wide.rows, w, z, 1e-2f);
    });
    CHECK_NEAR(relativeError(arena.at<F32>(y.offset), expected), 0, Tolerance);
    CHECK_NEAR(relativeError(arena.at<F32>(z.offset), expectedOfPart), 0, Tolerance);
  });
}

TEST(rmsnorm) {
  checkRms<1, 1>();
  checkRms<1, 100>();
  checkRms<1, 2048>();
  checkRms<13, 33>();
  checkRms<13, 576>();
}

template <uint32_t Max, int64_t Heads, int64_t Dim> void checkHeads() {
  constexpr int64_t C = Heads * Dim;
  forSteps<Max>([](uint32_t tokens, uint32_t threads) {
    for (bool inPlace : {false, true}) {
      Arena arena;
      auto inputs = normal<F32>(tokens * C, 3), weights = normal<F32>(Dim);
      Rows<F32, C> x{arena.add<F32>(inputs)}, y{arena.add<F32>(tokens * C)};
      Vector<F32, Dim> w{arena.add<F32>(weights)};
      Wide<C> wide(arena, tokens, 3);
      Rows<F32, C> z{arena.add<F32>(tokens * C)};
      if (inPlace)
        y = x;
      auto expected = [&](auto at) {
        std::vector<double> result;
        for (uint32_t t = 0; t < tokens; ++t)
          for (int64_t head = 0; head < Heads; ++head) {
            double sum = 0;
            for (int64_t i = 0; i < Dim; ++i)
              sum += std::pow(at(t, head * Dim + i), 2);
            for (int64_t i = 0; i < Dim; ++i)
              result.push_back(at(t, head * Dim + i) / std::sqrt(sum / Dim + 1e-2f) * weights[i]);
          }
        return result;
      };
      onTeam<Max>(threads, arena, stateOf(tokens), [&](const Step<Max> &step) {
        cpu::rmsnorm<Heads, Dim>(step, wide.rows, w, z, 1e-2f);
        cpu::rmsnorm<Heads, Dim>(step, x, w, y, 1e-2f);
      });
      auto plain = [&](int64_t t, int64_t i) { return double(inputs[t * C + i]); };
      CHECK_NEAR(relativeError(arena.at<F32>(y.offset), expected(plain)), 0, Tolerance);
      auto ofPart = [&](int64_t t, int64_t i) { return wide.at(t, i); };
      CHECK_NEAR(relativeError(arena.at<F32>(z.offset), expected(ofPart)), 0, Tolerance);
    }
  });
}

TEST(rmsnormOfHeads) {
  checkHeads<1, 8, 64>();
  checkHeads<1, 3, 20>();
  checkHeads<13, 4, 128>();
  checkHeads<13, 5, 7>();
}

// The mean is many times the spread: sums of squares alone would lose it.
template <uint32_t Max, int64_t C> void checkLayerNorm() {
  forSteps<Max>([](uint32_t tokens, uint32_t threads) {
    Arena arena;
    auto weights = normal<F32>(C), biases = normal<F32>(C);
    Vector<F32, C> w{arena.add<F32>(weights)}, b{arena.add<F32>(biases)};
    Wide<C> wide(arena, tokens, 2);
    for (float &value : wide.values)
      value += 100;
    std::memcpy(arena.at<F32>(wide.rows.offset) - Wide<C>::Left, wide.values.data(),
                wide.values.size() * sizeof(float));
    std::vector<float> inputs;
    for (uint32_t t = 0; t < tokens; ++t)
      for (int64_t i = 0; i < C; ++i)
        inputs.push_back(float(wide.at(t, i)));
    Rows<F32, C> x{arena.add<F32>(inputs)}, y[4];
    for (auto &to : y)
      to = {arena.add<F32>(tokens * C)};
    onTeam<Max>(threads, arena, stateOf(tokens), [&](const Step<Max> &step) {
      cpu::layernorm(step, x, w, b, y[0], 1e-2f);
      cpu::layernorm(step, wide.rows, w, b, y[1], 1e-2f);
      cpu::layernorm(step, x, w, y[2], 1e-2f);
      cpu::layernorm(step, x, y[3], 1e-2f);
    });
    std::vector<double> both, weighed, plain;
    for (uint32_t t = 0; t < tokens; ++t) {
      double mean = 0, variance = 0;
      for (int64_t i = 0; i < C; ++i)
        mean += wide.at(t, i) / C;
      for (int64_t i = 0; i < C; ++i)
        variance += std::pow(wide.at(t, i) - mean, 2) / C;
      for (int64_t i = 0; i < C; ++i) {
        plain.push_back((wide.at(t, i) - mean) / std::sqrt(variance + 1e-2f));
        weighed.push_back(plain.back() * weights[i]);
        both.push_back(weighed.back() + biases[i]);
      }
    }
    // A mean of 100 has an error of some 1e-5, compared with a spread of 2.
    for (auto [at, expected] : {std::pair(0, &both), {1, &both}, {2, &weighed}, {3, &plain}})
      CHECK_NEAR(relativeError(arena.at<F32>(y[at].offset), *expected), 0, 1e-5);
  });
}

TEST(layernorm) {
  checkLayerNorm<1, 3>();
  checkLayerNorm<1, 100>();
  checkLayerNorm<1, 2048>();
  checkLayerNorm<13, 33>();
  checkLayerNorm<13, 576>();
}

} // namespace
