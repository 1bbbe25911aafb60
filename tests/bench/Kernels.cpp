// What each kernel of the CPU reaches, and which share of the machine's that is: where memory
// counts, GB/s beside a plain read of the same memory; of many rows, GFLOP/s beside the most that
// the processor multiplies and adds up with the same instructions, from registers alone (Peaks.h).
// A share above 1 says that a kernel streams better than that read, which asks for nothing ahead.
// Sizes are those of a Llama of 1.2 billion parameters. Products by LibTorch are in Torch.cpp.
//
// `ninja -C build bench-kernels` builds it for the instructions of this machine,
// bench-kernels-avx512 for others'; what it is asked for says `--help`.
#include "tests/bench/Kernels.h"

#include "templates/cpu/isa.h"

#include <cstdio>

static const char Usage[] =
    "usage: bench-kernels [--repeats N] [--threads N[,N]] [--quick] [NAME ...]\n"
    "\n"
    "  NAME             only lines that begin so: attend, \"linear int8\"\n"
    "  --repeats N      of a measurement (default: 9; a third of it where operations are counted)\n"
    "  --threads N[,N]  of a team, and of another (default: 1, and as many as there are cores)\n"
    "  --quick          each once, on less: whether it runs";

#define ASHLAR_TEXT(name) #name
#define ASHLAR_NAME(macro) ASHLAR_TEXT(macro)

int main(int argc, char **argv) {
  const bench::Settings settings(argc, argv, Usage);
  bench::askForTiles();
  const bench::Numbers numbers(settings, bench::Operands + settings.operandBytes());
  std::printf("kernels for %s; in brackets by the clock\n", ASHLAR_NAME(ASHLAR_ISA));
  for (uint32_t threads : settings.threads) {
    bench::Bench bench(settings, numbers, threads);
    bench::measureProducts(bench);
    bench::measureAttention(bench);
    bench::measureRows(bench);
  }
  return 0;
}
