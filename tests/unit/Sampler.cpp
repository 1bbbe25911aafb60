// What is drawn, how often, and when nothing may be.
#include "runtime/text/Sampler.h"

#include "tests/unit/Check.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <vector>

using namespace ashlar;

static const std::vector<float> Logits = {std::log(0.4f), std::log(0.1f), std::log(0.3f),
                                          std::log(0.2f)};

static std::map<int32_t, double> shares(const SamplerOptions &options, std::vector<float> logits) {
  std::vector<std::byte> scratch(samplerBytes(logits.size()));
  Sampler sampler(options);
  std::map<int32_t, double> result;
  constexpr int Draws = 40000;
  for (int i = 0; i < Draws; ++i)
    result[sampler.next(logits, {}, scratch)] += 1.0 / Draws;
  return result;
}

static int32_t once(const SamplerOptions &options, std::vector<float> logits,
                    std::vector<int32_t> seen = {}) {
  std::vector<std::byte> scratch(samplerBytes(logits.size()));
  return Sampler(options).next(logits, seen, scratch);
}

using Weights = std::map<int32_t, float>; // of the candidates

static Weights candidates(const SamplerOptions &options, std::vector<float> logits,
                          std::vector<int32_t> seen = {}) {
  std::vector<std::byte> scratch(samplerBytes(logits.size()));
  Weights result;
  for (Sampler::Candidate c : Sampler(options).candidates(logits, seen, scratch))
    result[int32_t(c.id)] = c.score;
  return result;
}

TEST(GreedyTakesTheLargestAndOfEqualOnesTheFirst) {
  CHECK_EQ(once({}, Logits), 0);
  CHECK_EQ(once({}, {1, 3, 2, 3}), 1);
  CHECK_EQ(once({}, {-INFINITY, -INFINITY, -5}), 2);
  std::vector<float> logits = {1, 2};
  CHECK_EQ(Sampler({}).next(logits, {}, {}), 1); // and needs no scratch
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

// 0.4, 0.1, 0.3, 0.2: relative to the first 1, 1/4, 3/4, 1/2.
TEST(MinPKeepsWhatIsLikelyBesideTheLikeliest) {
  CHECK_EQ(candidates({.temperature = 1, .minP = 0.2f}, Logits).size(), 4);
  CHECK_EQ(candidates({.temperature = 1, .minP = 0.49f}, Logits).size(), 3);
  auto two = candidates({.temperature = 1, .minP = 0.51f}, Logits);
  CHECK(two.size() == 2 && two.contains(0) && two.contains(2));
  CHECK_NEAR(two[2], 0.75, 1e-6);
  CHECK_EQ(candidates({.temperature = 1, .minP = 1}, Logits).size(), 1);
  CHECK_EQ(candidates({.temperature = 1, .minP = 1}, {5, 5, 4}).size(), 2);
}

// With the temperature 1/2 they are 1, 1/16, 9/16, 1/4; and what top-p left out does not come back.
TEST(MinPComesAfterTemperatureAndTopP) {
  CHECK_EQ(candidates({.temperature = 0.5f, .minP = 0.2f}, Logits).size(), 3);
  CHECK_EQ(candidates({.temperature = 0.5f, .minP = 0.3f}, Logits).size(), 2);
  CHECK_EQ(candidates({.temperature = 1, .topP = 0.3f, .minP = 0.2f}, Logits).size(), 1);
  CHECK_EQ(candidates({.temperature = 1, .topP = 0.6f, .minP = 0.8f}, Logits).size(), 1);
}

TEST(WhatWasSeenIsPenalizedOnce) {
  std::vector<float> logits = {3, 2, -1, -1.5f};
  auto penalized = [&](float penalty, std::vector<int32_t> seen) {
    std::vector<float> changed = logits;
    std::vector<std::byte> scratch(samplerBytes(changed.size()), std::byte(0xFF));
    Sampler({.temperature = 1, .repetitionPenalty = penalty}).candidates(changed, seen, scratch);
    return changed;
  };
  using Floats = std::vector<float>;
  CHECK(penalized(2, {0, 2, 0, 0, 2}) == Floats({1.5f, 2, -2, -1.5f}));
  CHECK(penalized(0.5f, {0, 2}) == Floats({6, 2, -0.5f, -1.5f}));
  CHECK(penalized(1, {0, 1, 2, 3}) == logits);
  CHECK(penalized(2, {-1, 4, 1 << 30}) == logits);
  // It changes what is greedy, and comes before everything else: e^1.5 and e^2 are left of four.
  CHECK_EQ(once({.repetitionPenalty = 2}, logits), 0);
  CHECK_EQ(once({.repetitionPenalty = 2}, logits, {0}), 1);
  auto two = candidates({.temperature = 0.5f, .topK = 2, .repetitionPenalty = 2}, logits, {0});
  CHECK(two.size() == 2);
  CHECK_NEAR(two[0], std::exp(-1.0), 1e-6);
}

// All of them together, beside the same in as few words as possible.
static Weights plainly(const SamplerOptions &options, std::vector<float> logits,
                       const std::vector<int32_t> &seen) {
  for (int32_t id : std::set<int32_t>(seen.begin(), seen.end()))
    logits[size_t(id)] *= std::pow(options.repetitionPenalty, logits[size_t(id)] < 0 ? 1 : -1);
  std::vector<int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int32_t a, int32_t b) { return logits[size_t(a)] > logits[size_t(b)]; });
  if (options.topK && options.topK < order.size())
    order.resize(options.topK);
  auto weight = [&](int32_t id) {
    return std::exp((double(logits[size_t(id)]) - logits[size_t(order[0])]) / options.temperature);
  };
  double mass = 0, before = 0;
  for (int32_t id : order)
    mass += weight(id);
  Weights result;
  for (int32_t id : order) {
    if ((options.topP == 1 || before < mass * options.topP) && weight(id) >= options.minP)
      result[id] = float(weight(id));
    before += weight(id);
  }
  return result;
}

TEST(AllTogetherAreWhatTheyArePlainly) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal(0, 4);
  auto one = [&] { return std::uniform_real_distribution<float>()(random); };
  for (int round = 0; round < 2000; ++round) {
    std::vector<float> logits(1 + random() % 200);
    for (float &logit : logits)
      logit = normal(random);
    std::vector<int32_t> seen(random() % 50);
    for (int32_t &id : seen)
      id = int32_t(random() % logits.size());
    SamplerOptions options{.temperature = 0.1f + 2 * one(),
                           .topK = random() % 2 ? uint32_t(random() % 100) : 0,
                           .topP = random() % 2 ? 0.01f + 0.98f * one() : 1,
                           .minP = random() % 2 ? 0.2f * one() : 0,
                           .repetitionPenalty = random() % 2 ? 0.5f + one() : 1};
    Weights expected = plainly(options, logits, seen), found = candidates(options, logits, seen);
    CHECK_EQ(found.size(), expected.size());
    for (auto [id, weight] : expected)
      CHECK_NEAR(found[id], weight, 1e-5 * weight);
  }
}

TEST(ASeedDecidesTheDraws) {
  std::vector<float> logits = Logits;
  std::vector<std::byte> scratch(samplerBytes(logits.size()));
  auto draws = [&](uint64_t seed) {
    Sampler sampler({.temperature = 1, .topP = 0.9f, .seed = seed});
    std::vector<int32_t> result(50);
    for (int32_t &token : result)
      token = sampler.next(logits, {}, scratch);
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
  std::vector<float> logits = Logits;
  CHECK_EQ(Sampler({.temperature = 1}).next(logits, {}, {}), Sampler::Failed);
  CHECK_EQ(Sampler({.repetitionPenalty = 2}).next(logits, {}, {}), Sampler::Failed);
}
