#include "runtime/text/Sampler.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace ashlar {

using Candidate = Sampler::Candidate;

static bool better(const Candidate &a, const Candidate &b) {
  return a.score != b.score ? a.score > b.score : a.id < b.id;
}
static bool worse(const Candidate &a, const Candidate &b) { return better(b, a); }

// The id of the largest logit, or Failed.
static int32_t largest(std::span<const float> logits) {
  int32_t best = Sampler::Failed;
  float value = -INFINITY;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (!(logits[i] < INFINITY)) // NaN as well
      return Sampler::Failed;
    if (logits[i] > value) {
      value = logits[i];
      best = static_cast<int32_t>(i);
    }
  }
  return best;
}

// Each token once, however often it was seen: a bit of the scratch says that it was done.
static void penalize(std::span<float> logits, std::span<const int32_t> seen, float penalty,
                     std::span<std::byte> scratch) {
  std::memset(scratch.data(), 0, (logits.size() + 7) / 8);
  for (int32_t id : seen) {
    auto at = static_cast<uint32_t>(id);
    if (at >= logits.size())
      continue;
    std::byte &done = scratch[at / 8], bit = std::byte(1u << at % 8);
    if ((done & bit) != std::byte(0))
      continue;
    done |= bit;
    logits[at] = logits[at] < 0 ? logits[at] * penalty : logits[at] / penalty;
  }
}

static double massOf(const Candidate *first, const Candidate *last) {
  double mass = 0;
  for (; first != last; ++first)
    mass += first->score;
  return mass;
}

uint64_t samplerBytes(uint64_t vocabulary) { return vocabulary * sizeof(Candidate); }

// SplitMix64: one addition, so that every state is reached and no seed is bad, and a mixing.
double Sampler::uniform() {
  uint64_t z = state += 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1p-53;
}

std::span<const Sampler::Candidate> Sampler::candidates(std::span<float> logits,
                                                        std::span<const int32_t> seen,
                                                        std::span<std::byte> scratch) const {
  if (scratch.size() < samplerBytes(logits.size()))
    return {};
  if (options.repetitionPenalty != 1)
    penalize(logits, seen, options.repetitionPenalty, scratch);
  int32_t best = largest(logits);
  if (best == Failed)
    return {};
  double top = logits[static_cast<size_t>(best)];
  auto *first = reinterpret_cast<Candidate *>(scratch.data()), *last = first;
  if (options.temperature == 0) {
    *first = {1, static_cast<uint32_t>(best)};
    return {first, 1};
  }
  for (size_t i = 0; i < logits.size(); ++i)
    if (logits[i] > -INFINITY)
      *last++ = {logits[i], static_cast<uint32_t>(i)};

  if (options.topK && options.topK < last - first) {
    std::partial_sort(first, first + options.topK, last, better);
    last = first + options.topK;
  }

  // Probabilities but for a common factor. Relative to the largest logit none overflows.
  for (Candidate *c = first; c != last; ++c)
    c->score = static_cast<float>(std::exp((c->score - top) / options.temperature));

  // The best of a heap go one by one to its end, until they weigh enough: only they are sorted.
  if (options.topP < 1) {
    double enough = massOf(first, last) * options.topP, mass = 0;
    Candidate *kept = last;
    std::make_heap(first, last, worse);
    do {
      std::pop_heap(first, kept--, worse);
      mass += kept->score;
    } while (kept != first && mass < enough);
    first = kept;
  }
  if (options.minP > 0)
    last = std::remove_if(first, last, [&](auto &c) { return c.score < options.minP; });
  return {first, last};
}

int32_t Sampler::next(std::span<float> logits, std::span<const int32_t> seen,
                      std::span<std::byte> scratch) {
  if (options.temperature == 0 && options.repetitionPenalty == 1)
    return largest(logits);
  std::span<const Candidate> kept = candidates(logits, seen, scratch);
  if (kept.empty())
    return Failed;
  double point = uniform() * massOf(kept.data(), kept.data() + kept.size());
  for (const Candidate &c : kept)
    if ((point -= c.score) < 0)
      return static_cast<int32_t>(c.id);
  // Where rounding left a rest.
  return static_cast<int32_t>(std::min_element(kept.begin(), kept.end(), better)->id);
}

} // namespace ashlar
