// A program of at::Tensors sends rows through a placed model, and compares what comes back with
// what it computes itself from the same weights:
//
//   rows model.safetensors
#include "runtime/torch/Model.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cstdio>
#include <fstream>

/// The next tensor of the file, in the order in which examples/mlp/make.py writes them.
static at::Tensor take(std::ifstream &file, at::IntArrayRef shape) {
  at::Tensor tensor = at::empty(shape, at::kBFloat16);
  file.read(static_cast<char *>(tensor.data_ptr()), std::streamsize(tensor.nbytes()));
  return tensor.to(at::kFloat);
}

int main(int argc, char **argv) try {
  if (argc != 2)
    return std::fprintf(stderr, "usage: rows model.safetensors\n"), 1;
  ashlar::torch::Model model(ASHLAR_MODEL_PACK);
  int64_t size = model.inputColumns();

  std::ifstream file(argv[1], std::ios::binary);
  uint64_t header = 0;
  file.read(reinterpret_cast<char *>(&header), sizeof(header));
  file.seekg(std::streamoff(sizeof(header) + header));
  at::Tensor w0 = take(file, {size, size}), b0 = take(file, {size});
  at::Tensor w2 = take(file, {size, size}), b2 = take(file, {size});
  if (!file)
    return std::fprintf(stderr, "rows: %s is not the model's\n", argv[1]), 1;

  at::manual_seed(1);
  at::Tensor x = at::randn({700, size}); // more than a chunk of the plan
  int threads = at::get_num_threads();
  at::Tensor y = model.forward(x);
  at::Tensor expected = at::linear(at::relu(at::linear(x, w0, b0)), w2, b2);
  double difference = ((y - expected).norm() / expected.norm()).item<double>();
  std::printf("%lld rows of %lld columns, difference %.1e\n", (long long)y.size(0),
              (long long)y.size(1), difference);
  if (at::get_num_threads() != threads)
    return std::fprintf(stderr, "rows: LibTorch's threads have changed\n"), 1;

  try { // what is wrong is said, and the model can still be used
    model.forward(at::randn({2, size + 1}));
  } catch (const ashlar::torch::Error &error) {
    std::printf("refused: %s\n", error.what());
  }
  // Rows are rounded to bf16 before each product, and products after it.
  return difference < 0.01 ? 0 : 1;
} catch (const std::exception &error) {
  std::fprintf(stderr, "rows: %s\n", error.what());
  return 1;
}
