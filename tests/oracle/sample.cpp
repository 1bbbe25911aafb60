// What tests/oracle/sampling.py compares with Transformers: reads requests from standard input
// until its end, and answers each with a line, "id weight id weight …".
//   request: SamplerOptions' temperature, topP, minP, repetitionPenalty: float; topK, number of
//            logits, number of ids seen: uint32; then the logits (float) and the ids (int32)
#include "runtime/text/Sampler.h"

#include <cstdio>
#include <vector>

using namespace ashlar;

template <class T> static bool readAll(std::vector<T> &into) {
  return fread(into.data(), sizeof(T), into.size(), stdin) == into.size();
}

int main() {
  std::vector<float> reals(4);
  std::vector<uint32_t> counts(3);
  while (readAll(reals) && readAll(counts)) {
    std::vector<float> logits(counts[1]);
    std::vector<int32_t> seen(counts[2]);
    if (!readAll(logits) || !readAll(seen))
      return 1;
    SamplerOptions options{.temperature = reals[0],
                           .topK = counts[0],
                           .topP = reals[1],
                           .minP = reals[2],
                           .repetitionPenalty = reals[3]};
    std::vector<std::byte> scratch(samplerBytes(logits.size()));
    for (Sampler::Candidate c : Sampler(options).candidates(logits, seen, scratch))
      printf("%u %.9g ", c.id, c.score);
    putchar('\n');
  }
  return 0;
}
