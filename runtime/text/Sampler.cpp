#include "runtime/text/Sampler.h"

#include <algorithm>
#include <cmath>

namespace ashlar {
namespace {

struct Candidate {
  float logit;
  uint32_t id;
};

bool better(const Candidate &a, const Candidate &b) {
  return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
}
bool worse(const Candidate &a, const Candidate &b) { return better(b, a); }

// The id of the largest logit, or Failed.
int32_t largest(std::span<const float> logits) {
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

} // namespace

uint64_t samplerBytes(uint64_t vocabulary) { return vocabulary * sizeof(Candidate); }

// SplitMix64: one addition, so that every state is reached and no seed is bad, and a mixing.
double Sampler::uniform() {
  uint64_t z = state += 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1p-53;
}

int32_t Sampler::next(std::span<const float> logits, std::span<std::byte> scratch) {
  int32_t best = largest(logits);
  if (best == Failed || options.temperature == 0)
    return best;
  if (scratch.size() < samplerBytes(logits.size()))
    return Failed;

  auto *first = reinterpret_cast<Candidate *>(scratch.data()), *last = first;
  for (size_t i = 0; i < logits.size(); ++i)
    if (logits[i] > -INFINITY)
      *last++ = {logits[i], static_cast<uint32_t>(i)};

  if (options.topK && options.topK < last - first) {
    std::partial_sort(first, first + options.topK, last, better);
    last = first + options.topK;
  }

  // Probabilities but for a common factor. Relative to the largest logit none overflows.
  auto weight = [&, top = double(logits[static_cast<size_t>(best)])](const Candidate &c) {
    return std::exp((c.logit - top) / options.temperature);
  };
  double mass = 0;
  for (Candidate *c = first; c != last; ++c)
    mass += weight(*c);

  // The best of a heap go one by one to its end, until they weigh enough: only they are sorted.
  Candidate *kept = first;
  if (options.topP < 1) {
    double enough = mass * options.topP;
    std::make_heap(first, last, worse);
    kept = last;
    mass = 0;
    do {
      std::pop_heap(first, kept--, worse);
      mass += weight(*kept);
    } while (kept != first && mass < enough);
  }

  double point = uniform() * mass;
  for (Candidate *c = kept; c != last; ++c)
    if ((point -= weight(*c)) < 0)
      return static_cast<int32_t>(c->id);
  return best; // where rounding left a rest
}

} // namespace ashlar
