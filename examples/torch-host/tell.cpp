// A program of at::Tensors lets a placed language model continue a prompt, and judges the answer
// with tensors of its own:
//
//   tell ID...
#include "runtime/torch/Model.h"

#include <ATen/ATen.h>

#include <cstdio>
#include <cstdlib>

int main(int argc, char **argv) try {
  std::vector<int64_t> prompt;
  for (int i = 1; i < argc; ++i)
    prompt.push_back(std::atoll(argv[i]));
  ashlar::torch::Model model(ASHLAR_MODEL_PACK);
  at::Tensor ids = at::tensor(prompt, at::kLong);
  at::Tensor answer = model.generate(ids, 24);

  // The same from the logits of the whole text: each token is the likeliest one behind those
  // before.
  at::Tensor text = at::cat({ids, answer});
  at::Tensor logits = model.forward(text);
  int64_t behind = ids.size(0) - 1;
  at::Tensor likeliest = logits.narrow(0, behind, answer.size(0)).argmax(1);
  at::Tensor loss = at::cross_entropy_loss(logits.narrow(0, 0, text.size(0) - 1),
                                           text.narrow(0, 1, text.size(0) - 1));
  for (int64_t i = 0; i < answer.size(0); ++i)
    std::printf("%s%lld", i ? "," : "", (long long)answer[i].item<int64_t>());
  std::printf("\n%lld logits for each of %lld tokens, loss %.3f\n", (long long)logits.size(1),
              (long long)logits.size(0), loss.item<double>());

  ashlar::SamplerOptions sampling;
  sampling.temperature = 0.8f;
  sampling.seed = 7;
  bool repeats = at::equal(model.generate(ids, 24, sampling), model.generate(ids, 24, sampling));
  if (at::equal(likeliest, answer) && repeats)
    return 0;
  std::fprintf(stderr, "tell: forward and generate disagree\n");
  return 1;
} catch (const std::exception &error) {
  std::fprintf(stderr, "tell: %s\n", error.what());
  return 1;
}
