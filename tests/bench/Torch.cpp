// How fast LibTorch's products of a prompt are beside ours, and what it costs decode to read its
// weights by rows: `ninja -C build bench-torch`, then
//
//   build/tests/bench/bench-torch-avx512bf16 build/lib/libashlar_torch.so [ROUNDS]
//
// The two are timed in turn, so that what else the machine does meets both. Time is that of the
// threads' own processors, which does not count while something else runs there, and in brackets
// that of the clock; each figure is the median of the rounds.
#include "runtime/Memory.h"
#include "runtime/Team.h"
#include "runtime/TorchLibrary.h"
#include "templates/cpu/linear.h"
#include "templates/cpu/linear_torch.h"

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

using namespace ashlar;

namespace {

constexpr uint32_t Tokens = 512;
constexpr int64_t Widest = 5632;
constexpr uint64_t X = 0, Y = X + Tokens * Widest * 4, In = Y + Tokens * Widest * 4,
                   Out = In + Tokens * Widest * 2,
                   Weights = (Out + Tokens * Widest * 8) >> 21 << 21,
                   WeightBytes = uint64_t(1) << 28;

struct Pass {
  double processor[64];
};

double seconds(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

template <class Body> void timed(StepState &state, Body body) {
  double start = seconds(CLOCK_THREAD_CPUTIME_ID);
  body();
  static_cast<Pass *>(state.context)->processor[state.thread] =
      seconds(CLOCK_THREAD_CPUTIME_ID) - start;
}

#ifdef __AVX512BF16__
template <class T> using Rounded = T; // as plans have it where the processor multiplies bf16
#else
template <class T> using Rounded = F32;
#endif

template <class T, int64_t N, int64_t K> struct Product {
  static constexpr uint64_t Bytes = cpu::panelBytes<T>(N, K);
  static constexpr host::Rows<F32, K> x{{X}};
  static constexpr host::Rows<F32, N> y{{Y}};

  static void native(StepState &state) {
    Step<Tokens> step(state);
    timed(state, [&] { cpu::linear<Rounded<T>>(step, x, host::Panels<T, N, K>{{Weights}}, y); });
  }
  static void torch(StepState &state) {
    Step<Tokens> step(state);
    constexpr host::Matrix<T, N, K> w{{{Weights}}};
    constexpr host::TorchRows<Widest, Widest> scratch{In, Out};
    if constexpr (std::is_same_v<T, BF16>) {
      double before = 0;
      timed(state, [&] { ashlar::torch::round(step, x, scratch); });
      before = static_cast<Pass *>(state.context)->processor[state.thread];
      state.sync();
      timed(state, [&] { ashlar::torch::linear(step, x, w, y, scratch); });
      static_cast<Pass *>(state.context)->processor[state.thread] += before;
    } else {
      timed(state, [&] { ashlar::torch::linear(step, x, w, y); });
    }
  }
  /// One token, over as many matrices as there is room for.
  template <class Matrix> static void one(StepState &state) {
    Step<1> step(state);
    timed(state, [&] {
      for (uint64_t at = 0; at + Bytes <= WeightBytes; at += Bytes)
        cpu::linear(step, x, Matrix{{{Weights + at}}}, y);
    });
  }
};

class Bench {
public:
  Bench(std::byte *arena, uint32_t threads, int rounds, TorchLibrary &torch)
      : arena(arena), team(threads), rounds(rounds), torch(torch) {
    std::string reason;
    if (!team.start(reason)) {
      std::fprintf(stderr, "no threads: %s\n", reason.c_str());
      std::exit(1);
    }
  }

  template <class T, int64_t N, int64_t K> void product(const char *type) {
    using P = Product<T, N, K>;
    run(P::native), run(P::torch); // brings everything to where it is needed
    std::vector<Time> native, library, panels, rows;
    for (int i = 0; i < rounds; ++i) {
      native.push_back(run(P::native));
      library.push_back(run(P::torch));
      panels.push_back(run(P::template one<host::Panels<T, N, K>>));
      rows.push_back(run(P::template one<host::Matrix<T, N, K>>));
    }
    double flops = 2.0 * N * K * Tokens, bytes = double(WeightBytes / P::Bytes * P::Bytes);
    auto rate = [](double work, const std::vector<Time> &times, double Time::*part) {
      return work / median(times, part) * 1e-9;
    };
    std::printf("%-4s %lldx%lld, %u threads: %u tokens, native %5.0f (%5.0f), torch %5.0f (%5.0f) "
                "GFLOP/s; one token, panels %5.1f (%5.1f), rows %5.1f (%5.1f) GB/s\n",
                type, (long long)N, (long long)K, team.threads(), Tokens,
                rate(flops, native, &Time::processor), rate(flops, native, &Time::clock),
                rate(flops, library, &Time::processor), rate(flops, library, &Time::clock),
                rate(bytes, panels, &Time::processor), rate(bytes, panels, &Time::clock),
                rate(bytes, rows, &Time::processor), rate(bytes, rows, &Time::clock));
    std::fflush(stdout);
  }

private:
  struct Time {
    double processor, clock;
  };
  Time run(void (*body)(StepState &)) {
    Pass pass;
    StepState state;
    state.host = arena;
    state.tokens = Tokens;
    state.torch = &torch;
    state.context = &pass;
    double start = seconds(CLOCK_MONOTONIC);
    team.run(body, state);
    double clock = seconds(CLOCK_MONOTONIC) - start;
    return {*std::max_element(pass.processor, pass.processor + team.threads()), clock};
  }
  static double median(const std::vector<Time> &times, double Time::*part) {
    std::vector<double> values;
    for (const Time &time : times)
      values.push_back(time.*part);
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  }

  std::byte *arena;
  Team team;
  int rounds;
  TorchLibrary &torch;
};

} // namespace

int main(int argc, char **argv) {
  TorchLibrary torch;
  if (Failure failure = torch.open(argc > 1 ? argv[1] : "")) {
    std::fprintf(stderr, "%s\n", failure.text.c_str());
    return 1;
  }
  int rounds = argc > 2 ? std::max(1, std::atoi(argv[2])) : 7;
  constexpr uint64_t Size = Weights + WeightBytes;
  Arena arena;
  if (Failure failure = arena.allocate(Size)) {
    std::fprintf(stderr, "%s\n", failure.text.c_str());
    return 1;
  }
  for (uint64_t at = 0; at < Size; at += 4) // a normal number in every type
    std::memcpy(arena.base() + at, "\x80\x3f\x80\x3f", 4);

  for (uint32_t threads : {1u, 2u}) {
    Bench bench(arena.base(), threads, rounds, torch);
    bench.product<F32, 2048, 2048>("f32");
    bench.product<F32, 2816, 1024>("f32");
    bench.product<BF16, 2048, 2048>("bf16");
    bench.product<BF16, 5632, 2048>("bf16");
    bench.product<BF16, 2816, 1024>("bf16");
  }
  return 0;
}
