/// Chooses the next token from logits. Everything it needs is in its own few words and in scratch
/// that the caller gives: it never allocates. The same seed, options and logits give the same
/// tokens.
///
/// The order is fixed, and that of Transformers: the logits of tokens that were seen are divided by
/// the repetition penalty where positive, and multiplied where negative; all are divided by the
/// temperature; the `topK` largest are kept; of those the fewest whose probabilities sum to `topP`;
/// of those the ones with at least `minP` of the likeliest one's probability; one of the kept is
/// drawn. Of equal logits the lower id comes first. At least one token is always kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ashlar {

struct SamplerOptions {
  float temperature = 0; // from 0 on; 0: always the largest logit; what follows is without effect
  uint32_t topK = 0;     // 0: all
  float topP = 1;        // above 0, at most 1; 1: all
  float minP = 0;        // from 0 to 1; 0: all
  float repetitionPenalty = 1; // above 0; 1: none. With any temperature
  uint64_t seed = 0;
};

/// The scratch that a vocabulary needs, aligned to 8 bytes.
uint64_t samplerBytes(uint64_t vocabulary);

class Sampler {
public:
  explicit Sampler(const SamplerOptions &options) : options(options), state(options.seed) {}

  /// Not a token: a logit is NaN or infinite (negative infinity alone is fine: such a token is
  /// never chosen), or there is nothing to choose from, or the scratch is too small.
  static constexpr int32_t Failed = -1;

  struct Candidate {
    float score; // the logit, and in the end the weight: 1 is the likeliest one's
    uint32_t id;
  };

  /// The logits may be changed. `seen` is the sequence so far, where the penalty is not 1.
  int32_t next(std::span<float> logits, std::span<const int32_t> seen,
               std::span<std::byte> scratch);

  /// Those of which `next` draws one, in no order, with their weights; in the scratch. None where
  /// it fails.
  std::span<const Candidate> candidates(std::span<float> logits, std::span<const int32_t> seen,
                                        std::span<std::byte> scratch) const;

private:
  double uniform(); // in [0, 1)

  SamplerOptions options;
  uint64_t state;
};

} // namespace ashlar
