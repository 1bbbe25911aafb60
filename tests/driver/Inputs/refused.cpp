// What a placed model says of numbers that its sampler has no use for:
//
//   refused model.pack
#include "runtime/torch/Model.h"

#include <ATen/ops/zeros.h>

#include <cmath>
#include <cstdio>

using ashlar::SamplerOptions;

int main(int, char **argv) {
  ashlar::torch::Model model(argv[1]);
  at::Tensor ids = at::zeros({3}, at::kLong);
  auto generate = [&](const SamplerOptions &sampling) {
    try {
      std::printf("%lld tokens\n", (long long)model.generate(ids, 4, sampling, true).size(0));
    } catch (const ashlar::torch::Error &error) {
      std::printf("%d: %s\n", error.exitCode, error.what());
    }
  };
  generate({.temperature = -1});
  generate({.temperature = NAN});
  generate({.topP = 0});
  generate({.minP = 1.5f});
  generate({.repetitionPenalty = 0});
  generate({.repetitionPenalty = INFINITY});
  generate({.temperature = 100, .topK = 3, .topP = 1e-3f, .minP = 1, .repetitionPenalty = 0.01f});
}
