// What is drawn, how often, and when nothing may be.
#include "runtime/text/Sampler.h"

#include "tests/unit/Check.h"

#include <cmath>
#include <map>
#include <vector>

using namespace ashlar;

static const std::vector<float> Logits = {std::log(0.4f), std::log(0.1f), std::log(0.3f),
                                          std::log(0.2f)};

static std::map<int32_t, double> shares(const SamplerOptions &options,
                                        const std::vector<float> &logits) {
  std::vector<std::byte> scratch(samplerBytes(logits.size()));
  Sampler sampler(options);
  std::map<int32_t, double> result;
  constexpr int Draws = 40000;
  for (int i = 0; i < Draws; ++i)
    result[sampler.next(logits, scratch)] += 1.0 / Draws;
  return result;
}

static int32_t once(const SamplerOptions &options, const std::vector<float> &logits) {
  std::vector<std::byte> scratch(samplerBytes(logits.size()));
  return Sampler(options).next(logits, scratch);
}

TEST(GreedyTakesTheLargestAndOfEqualOnesTheFirst) {
  CHECK_EQ(once({}, Logits), 0);
  CHECK_EQ(once({}, {1, 3, 2, 3}), 1);
  CHECK_EQ(once({}, {-INFINITY, -INFINITY, -5}), 2);
  CHECK_EQ(Sampler({}).next(std::vector<float>{1, 2}, {}), 1); // and needs no scratch
}

TEST(DrawsFollowTheProbabilities) {
  auto share = shares({.temperature = 1}, Logits);
  CHECK_NEAR(share[0], 0.4, 0.01);
  CHECK_NEAR(share[1], 0.1, 0.01);
  CHECK_NEAR(share[2], 0.3, 0.01);
  CHECK_NEAR(share[3], 0.2, 0.01);
}

TEST(TemperatureSharpens) {
  auto share = shares({.temperature = 0.5f}, Logits); // squares: 16, 1, 9, 4 of 30
  CHECK_NEAR(share[0], 16.0 / 30, 0.01);
  CHECK_NEAR(share[1], 1.0 / 30, 0.01);
  CHECK_EQ(once({.temperature = 1e-30f}, Logits), 0);
  CHECK_NEAR(shares({.temperature = 1e30f}, Logits)[1], 0.25, 0.01);
}

TEST(TopKKeepsTheLargest) {
  auto share = shares({.temperature = 1, .topK = 2}, Logits);
  CHECK_EQ(share.size(), 2);
  CHECK_NEAR(share[0], 4.0 / 7, 0.01);
  CHECK_NEAR(share[2], 3.0 / 7, 0.01);
  CHECK_EQ(shares({.temperature = 1, .topK = 100}, Logits).size(), 4);
  auto equal = shares({.temperature = 1, .topK = 2}, {1, 1, 1, 1});
  CHECK(equal.size() == 2 && equal.contains(0) && equal.contains(1));
}

TEST(TopPKeepsTheFewestThatSuffice) {
  CHECK_EQ(shares({.temperature = 1, .topP = 0.01f}, Logits).size(), 1);
  CHECK_EQ(shares({.temperature = 1, .topP = 0.39f}, Logits).size(), 1);
  auto share = shares({.temperature = 1, .topP = 0.41f}, Logits);
  CHECK_EQ(share.size(), 2);
  CHECK_NEAR(share[2], 3.0 / 7, 0.01);
  CHECK_EQ(shares({.temperature = 1, .topP = 0.95f}, Logits).size(), 4);
}

// Top-p is of what top-k left: 0.4 / 0.7 is enough for 0.5, of the whole it would not be.
TEST(TopPComesAfterTopK) {
  CHECK_EQ(shares({.temperature = 1, .topK = 2, .topP = 0.5f}, Logits).size(), 1);
  CHECK_EQ(shares({.temperature = 1, .topP = 0.5f}, Logits).size(), 2);
}

TEST(ASeedDecidesTheDraws) {
  std::vector<std::byte> scratch(samplerBytes(Logits.size()));
  auto draws = [&](uint64_t seed) {
    Sampler sampler({.temperature = 1, .topP = 0.9f, .seed = seed});
    std::vector<int32_t> result(50);
    for (int32_t &token : result)
      token = sampler.next(Logits, scratch);
    return result;
  };
  CHECK(draws(7) == draws(7));
  CHECK(draws(7) != draws(8));
}

TEST(WhatIsNoNumberIsNoToken) {
  for (float temperature : {0.0f, 1.0f}) {
    SamplerOptions options{.temperature = temperature};
    CHECK_EQ(once(options, {1, NAN, 2}), Sampler::Failed);
    CHECK_EQ(once(options, {1, INFINITY}), Sampler::Failed);
    CHECK_EQ(once(options, {-INFINITY, -INFINITY}), Sampler::Failed);
    CHECK_EQ(once(options, {}), Sampler::Failed);
    CHECK_EQ(once(options, {-INFINITY, 1e30f, -1e30f}), 1);
  }
  CHECK_EQ(Sampler({.temperature = 1}).next(Logits, {}), Sampler::Failed);
}
