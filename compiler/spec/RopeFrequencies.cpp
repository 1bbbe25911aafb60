#include "compiler/spec/RopeFrequencies.h"

#include <cmath>

namespace ashlar {

// Waves longer than `n / low` positions are stretched, those shorter than `n / high` are kept, and
// those between are blended. A number divided by a tensor is, in the reference, the reciprocal
// times the number.
static float scaledForLlama3(float frequency, const RopeConfig &rope) {
  float wave = 1.0f / frequency * float(2 * M_PI);
  float longest = float(rope.originalContext / rope.lowFrequencyFactor);
  float shortest = float(rope.originalContext / rope.highFrequencyFactor);
  if (wave > longest)
    return frequency / float(rope.factor);
  if (wave < shortest)
    return frequency;
  float smooth = (1.0f / wave * float(rope.originalContext) - float(rope.lowFrequencyFactor)) /
                 float(rope.highFrequencyFactor - rope.lowFrequencyFactor);
  return (1.0f - smooth) * frequency / float(rope.factor) + smooth * frequency;
}

std::vector<float> ropeFrequencies(const RopeConfig &rope, double theta, uint64_t dims) {
  std::vector<float> result;
  for (uint64_t i = 0; i + 1 < dims; i += 2) {
    float exponent = float(i) / float(dims);
    float frequency = 1.0f / float(std::pow(double(float(theta)), double(exponent)));
    if (rope.type == "linear")
      frequency /= float(rope.factor);
    else if (rope.type == "llama3")
      frequency = scaledForLlama3(frequency, rope);
    result.push_back(frequency);
  }
  return result;
}

} // namespace ashlar
