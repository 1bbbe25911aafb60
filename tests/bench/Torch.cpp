// How fast LibTorch's products of a prompt are beside ours, as shares of the most that the
// processor multiplies and adds up with the instructions of ours, and what it costs decode to read
// its weights by rows, as shares of a plain read: `ninja -C build bench-torch`, then
//
//   build/tests/bench/bench-torch build/lib/libashlar_torch.so [--repeats N] [--threads N[,N]]
//
// Native and torch follow each other, so that what else the machine does meets both.
#include "runtime/TorchLibrary.h"
#include "templates/cpu/linear.h"
#include "templates/cpu/linear_torch.h"
#include "templates/cpu/rows.h"
#include "tests/bench/Peaks.h"

namespace bench {
namespace {

// Rows of bf16 that go into LibTorch's products lie where an activation would; for those that come
// out of them each thread has room behind the weights.
constexpr host::TorchRows<Ffn, Ffn> scratch{Z, Operands + MostOperandBytes};

template <class T, int64_t N, int64_t K> struct Product {
  static constexpr host::Rows<F32, K> x{{X}};
  static constexpr host::Rows<F32, N> y{{Y}};
  static constexpr uint64_t Bytes = cpu::panelBytes<T>(N, K);
  static_assert(Bytes == N * K * sizeof(typename T::storage)); // as many as by rows

  static void native(Step<Tokens> &step, uint64_t at) {
    host::Panels<T, N, K> w{{at}};
    if constexpr (std::is_same_v<T, BF16>) // as plans have it where the processor multiplies bf16
      cpu::linear<cpu::Rounded>(step, x, w, y);
    else
      cpu::linear(step, x, w, y);
  }
  static void torch(Step<Tokens> &step, uint64_t at) {
    host::Matrix<T, N, K> w{{{at}}};
    if constexpr (std::is_same_v<T, BF16>) {
      ashlar::torch::round(step, x, scratch);
      step.sync();
      ashlar::torch::linear(step, x, w, y, scratch);
    } else {
      ashlar::torch::linear(step, x, w, y);
    }
  }
  template <class Weights> static void one(Step<1> &step, uint64_t at) {
    cpu::linear(step, x, Weights{{{at}}}, y);
  }
};

template <class T, int64_t N, int64_t K> void product(Bench &bench, std::string name) {
  using P = Product<T, N, K>;
  name += " " + std::to_string(N) + "x" + std::to_string(K) + ", ";
  const Peak &peak = std::is_same_v<T, BF16> ? peakOfRounding() : floats;
  double operations = 2.0 * N * K * bench.many();
  bench.operations({name + "native", bench.many(), operations, P::Bytes}, peak, P::native);
  bench.operations({name + "torch", bench.many(), operations, P::Bytes}, peak, P::torch);
  bench.bytes({name + "panels", 1, P::Bytes, P::Bytes}, P::template one<host::Panels<T, N, K>>);
  bench.bytes({name + "rows", 1, P::Bytes, P::Bytes}, P::template one<host::Matrix<T, N, K>>);
}

} // namespace
} // namespace bench

int main(int argc, char **argv) {
  using namespace bench;
  constexpr const char *usage =
      "usage: bench-torch LIBRARY [--repeats N] [--threads N[,N]] [--quick]";
  Settings settings(argc, argv, usage);
  if (settings.names.size() != 1)
    fail(usage);
  TorchLibrary torch;
  if (Failure failure = torch.open(settings.names.front()))
    fail(failure.text);
  settings.names.clear();
  askForTiles();
  const Numbers numbers(settings,
                        scratch.out + settings.mostThreads() * sizeof(uint16_t) * Tokens * Ffn);
  for (uint32_t threads : settings.threads) {
    Bench bench(settings, numbers, threads);
    bench.step.torch = &torch;
    product<F32, 2048, 2048>(bench, "f32");
    product<F32, 2816, 1024>(bench, "f32");
    product<BF16, 2048, 2048>(bench, "bf16");
    product<BF16, 5632, 2048>(bench, "bf16");
    product<BF16, 2816, 1024>(bench, "bf16");
  }
  if (Failure failure = torch.takeFailure())
    fail(failure.text);
  return 0;
}
