// How fast linear is, by the type of its weights, and attention of one token, by the type of its
// cache, and which share of a plain read of the same bytes that is; and how fast both are of many
// tokens, with weights of bf16 of rounded ones: `ninja -C build bench-kernels` builds one of these
// for each instruction set. Arguments: how often each is measured, and "linear", "asks" (linear of
// one token with weights that are asked for ahead, and without), "attend" or "pieces" (attention of
// one token with a single key head, whole and by pieces) for one of them alone.
//
// Memory is shared with whatever else runs, so each measurement stands between two plain reads by
// the same threads, and each line is the median of several. Time is that of the threads' own
// processors, which does not count while something else runs there, and in brackets that of the
// clock. A share above 1 says that the kernel streams better than that loop.
#include "runtime/Memory.h"
#include "runtime/Team.h"
#include "runtime/TileRegisters.h"
#include "templates/cpu/attention.h"
#include "templates/cpu/linear_quantized.h"
#include "templates/cpu/linear_rounded.h"

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

using namespace ashlar;

namespace {

constexpr int64_t N = 5632, K = 2048;
constexpr uint32_t Tokens = 512;
constexpr uint64_t WeightBytes = uint64_t(1) << 28;
constexpr uint64_t X = 0, Y = X + Tokens * K * 4,
                   Weights = (Y + Tokens * N * 4 + 0x1fffff) >> 21 << 21;

double seconds(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// What one pass over the arena takes each thread, on its processor, and all of them, by the clock.
struct Pass {
  double processor[64];
  uint64_t sink[64];
};

template <class Body> void timed(StepState &state, Body body) {
  Pass &pass = *static_cast<Pass *>(state.context);
  double start = seconds(CLOCK_THREAD_CPUTIME_ID);
  body();
  pass.processor[state.thread] = seconds(CLOCK_THREAD_CPUTIME_ID) - start;
}

typedef uint64_t Line __attribute__((vector_size(ASHLAR_VECTOR_BYTES)));

void read(StepState &state) {
  timed(state, [&] {
    constexpr int64_t Block = 4096;
    int64_t blocks = WeightBytes / Block, end = blocks * (state.thread + 1) / state.threads;
    Line sums[4] = {};
    for (int64_t at = blocks * state.thread / state.threads; at < end; ++at) {
      auto from = reinterpret_cast<const Line *>(state.host + Weights + at * Block);
      for (int64_t i = 0; i < Block / int64_t(sizeof(Line)); i += 4)
        for (int64_t j = 0; j < 4; ++j)
          sums[j] += from[i + j];
    }
    Line sum = sums[0] + sums[1] + sums[2] + sums[3];
    static_cast<Pass *>(state.context)->sink[state.thread] = sum[0] + sum[1];
  });
}

template <class T> constexpr uint64_t MatrixBytes = cpu::panelBytes<T>(N, K);

template <class T> void oneToken(StepState &state) {
  Step<1> step(state);
  timed(state, [&] {
    for (uint64_t at = 0; at + MatrixBytes<T> <= WeightBytes; at += MatrixBytes<T>)
      cpu::linear(step, host::Rows<F32, K>{{X}}, host::Panels<T, N, K>{{Weights + at}},
                  host::Rows<F32, N>{{Y}});
  });
}

template <class T> void manyTokens(StepState &state) {
  Step<Tokens> step(state);
  timed(state, [&] {
    host::Rows<F32, K> x{{X}};
    host::Panels<T, N, K> w{{Weights}};
    host::Rows<F32, N> y{{Y}};
    if constexpr (std::is_same_v<T, BF16>)
      cpu::linear(step, x.rounded(), w, y);
    else
      cpu::linear(step, x, w, y);
  });
}

// Many caches in turn, as the layers of a model have them, so that they come from memory.
template <class T, int64_t Context> void attend(StepState &state) {
  constexpr int64_t KeyHeads = 8, Dim = 64, Columns = 4 * KeyHeads * Dim;
  using Cache = host::Cache<T, KeyHeads, Context, Dim>;
  constexpr uint64_t Bytes = KeyHeads * Context * cpu::RowBytes<T, Dim>;
  Step<1> step(state);
  step.position = Context - 1;
  timed(state, [&] {
    for (uint64_t at = Weights; at + 2 * Bytes <= Weights + WeightBytes; at += 2 * Bytes) {
      cpu::attend(step, host::Rows<F32, Columns>{{X}}, Cache{{at}}, Cache{{at + Bytes}},
                  host::Rows<F32, Columns>{{Y}}, 0.125f);
      step.sync();
    }
  });
}

// With one key head, in so many pieces, or whole.
constexpr int64_t OneKeyGroup = 8, OneKeyDim = 128, OneKeyContext = 8192;
template <class T>
constexpr uint64_t OneKeyBytes = uint64_t(OneKeyContext) * cpu::RowBytes<T, OneKeyDim>;

template <class T, int64_t Pieces> void attendOneKey(StepState &state) {
  using Cache = host::Cache<T, 1, OneKeyContext, OneKeyDim>;
  constexpr host::Rows<F32, OneKeyGroup * OneKeyDim> q{{X}}, y{{Y}};
  Step<1> step(state);
  step.position = OneKeyContext - 1;
  timed(state, [&] {
    for (uint64_t at = Weights; at + 2 * OneKeyBytes<T> <= Weights + WeightBytes;
         at += 2 * OneKeyBytes<T>) {
      Cache k{{at}}, v{{at + OneKeyBytes<T>}};
      if constexpr (Pieces == 1) {
        cpu::attend(step, q, k, v, y, 0.125f);
      } else {
        host::Pieces<1, OneKeyGroup, OneKeyDim, Pieces, 1> pieces{{Y + sizeof(float[1 << 16])}};
        cpu::attendPieces(step, q, k, v, pieces, 0.125f);
        step.sync();
        cpu::joinPieces(step, pieces, y);
      }
      step.sync();
    }
  });
}

// Of all tokens of a prompt, for one layer of some caches.
constexpr int64_t ManyHeads = 16, ManyKeyHeads = 4, ManyDim = 64;
constexpr int ManyCalls = 8;

template <class T> void attendMany(StepState &state) {
  constexpr int64_t Columns = ManyHeads * ManyDim;
  using Cache = host::Cache<T, ManyKeyHeads, Tokens, ManyDim>;
  constexpr uint64_t Bytes = ManyKeyHeads * Tokens * cpu::RowBytes<T, ManyDim>;
  static_assert(2 * Bytes * ManyCalls <= WeightBytes);
  Step<Tokens> step(state);
  timed(state, [&] {
    for (uint64_t call = 0, at = Weights; call < ManyCalls; ++call, at += 2 * Bytes) {
      cpu::attend(step, host::Rows<F32, Columns>{{X}}, Cache{{at}}, Cache{{at + Bytes}},
                  host::Rows<F32, Columns>{{Y}}, 0.125f);
      step.sync();
    }
  });
}

class Bench {
public:
  Bench(std::byte *arena, uint32_t threads, int repeats)
      : arena(arena), team(threads), repeats(repeats) {
    std::string reason;
    if (!team.start(reason)) {
      std::fprintf(stderr, "no threads: %s\n", reason.c_str());
      std::exit(1);
    }
  }

  template <class T> void linear(const char *name) {
    // Rates that the weights of whole matrices stand for.
    uint64_t whole = WeightBytes / MatrixBytes<T> * MatrixBytes<T>;
    Rate rate = beside(oneToken<T>, double(whole));
    std::printf("%-5s %u threads: one token ", name, team.threads());
    print(rate);
    std::printf("; ");
    printMany(manyTokens<T>, 2.0 * N * K * Tokens, (repeats + 2) / 3);
  }

  template <class T> void asks(const char *name) {
    uint64_t whole = WeightBytes / MatrixBytes<T> * MatrixBytes<T>;
    for (uint32_t bytes : {0u, 4096u, 8192u}) {
      ahead = bytes;
      Rate rate = beside(oneToken<T>, double(whole));
      std::printf("%-5s %u threads: one token, %4u ahead ", name, team.threads(), ahead);
      print(rate);
      std::printf("\n");
      std::fflush(stdout);
    }
    ahead = 0;
  }

  template <class T, int64_t... Contexts> void attention(const char *name) {
    (attentionTo<T, Contexts>(name), ...);
    std::printf("%-5s %u threads: ", name, team.threads());
    double pairs = Tokens * (Tokens + 1) / 2.0; // of a token and one that it sees
    printMany(attendMany<T>, 4.0 * ManyHeads * ManyDim * pairs * ManyCalls, repeats);
  }

  template <class T> void oneKey(const char *name) {
    uint64_t call = 2 * OneKeyBytes<T>, calls = WeightBytes / call;
    using Kernel = std::pair<const char *, void (*)(StepState &)>;
    for (auto [how, kernel] :
         {Kernel("whole", attendOneKey<T, 1>), Kernel("by pieces", attendOneKey<T, 8>)}) {
      Rate rate = beside(kernel, double(call * calls));
      std::printf("%-5s %u threads: one key head, %-9s ", name, team.threads(), how);
      print(rate);
      std::printf("\n");
      std::fflush(stdout);
    }
  }

private:
  struct Time {
    double processor, clock;
  };
  struct Rate {
    Time kernel, read; // bytes a second
    double share;
  };

  template <class T, int64_t Context> void attentionTo(const char *name) {
    uint64_t call = 2 * 8 * Context * cpu::RowBytes<T, 64>, calls = WeightBytes / call;
    Rate rate = beside(attend<T, Context>, double(call * calls));
    std::printf("%-5s %u threads: context %4d ", name, team.threads(), int(Context));
    print(rate);
    std::printf("; a call %.1f us (%.1f)\n", double(call) / rate.kernel.processor * 1e6,
                double(call) / rate.kernel.clock * 1e6);
    std::fflush(stdout);
  }

  /// Runs a kernel that reads so many bytes.
  Rate beside(void (*kernel)(StepState &), double bytes) {
    std::vector<Time> reads{run(read)}, kernels;
    std::vector<double> shares;
    for (auto *each : {&reads, &kernels})
      each->reserve(repeats + 1);
    shares.reserve(repeats);
    for (int i = 0; i < repeats; ++i) {
      kernels.push_back(run(kernel));
      reads.push_back(run(read));
      double around = (reads[i].processor + reads[i + 1].processor) / 2;
      shares.push_back(around / double(WeightBytes) * bytes / kernels.back().processor);
    }
    return {{bytes / median(kernels, &Time::processor), bytes / median(kernels, &Time::clock)},
            {double(WeightBytes) / median(reads, &Time::processor),
             double(WeightBytes) / median(reads, &Time::clock)},
            median(shares)};
  }
  static void print(const Rate &rate) {
    std::printf("%5.1f GB/s (%5.1f), read %5.1f (%5.1f), share %.2f", rate.kernel.processor * 1e-9,
                rate.kernel.clock * 1e-9, rate.read.processor * 1e-9, rate.read.clock * 1e-9,
                rate.share);
  }
  /// What a kernel of many tokens does, which are so many operations.
  void printMany(void (*kernel)(StepState &), double operations, int times) {
    std::vector<Time> many(times);
    for (Time &time : many)
      time = run(kernel);
    std::printf("%u tokens %6.1f GFLOP/s (%6.1f)\n", Tokens,
                operations / median(many, &Time::processor) * 1e-9,
                operations / median(many, &Time::clock) * 1e-9);
    std::fflush(stdout);
  }
  Time run(void (*body)(StepState &)) {
    Pass pass;
    StepState state;
    state.host = arena;
    state.tokens = Tokens;
    state.ahead = {ahead, ahead, ahead, ahead, ahead}; // a kernel reads one of them
    state.context = &pass;
    double start = seconds(CLOCK_MONOTONIC);
    team.run(body, state);
    double clock = seconds(CLOCK_MONOTONIC) - start;
    return {*std::max_element(pass.processor, pass.processor + team.threads()), clock};
  }
  static double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  }
  static double median(const std::vector<Time> &times, double Time::*part) {
    std::vector<double> values(times.size());
    for (size_t i = 0; i < times.size(); ++i)
      values[i] = times[i].*part;
    return median(values);
  }

  std::byte *arena;
  Team team;
  int repeats;
  uint32_t ahead = 0;
};

} // namespace

int main(int argc, char **argv) {
  int repeats = argc > 1 ? std::max(1, std::atoi(argv[1])) : 9;
  auto asked = [&](const char *which) { return argc < 3 || !std::strcmp(argv[2], which); };
#ifdef __AMX_TILE__
  if (!useTileRegisters()) {
    std::fprintf(stderr, "this system lets no program use registers of tiles\n");
    return 1;
  }
#endif
  constexpr uint64_t Size = Weights + WeightBytes;
  Arena arena;
  if (Failure failure = arena.allocate(Size)) {
    std::fprintf(stderr, "%s\n", failure.text.c_str());
    return 1;
  }
  for (uint64_t at = 0; at < Size; at += 4) // a normal number in every type
    std::memcpy(arena.base() + at, "\x80\x3f\x80\x3f", 4);

  for (uint32_t threads : {1u, 2u}) {
    Bench bench(arena.base(), threads, repeats);
    if (asked("linear")) {
      bench.linear<F32>("f32");
      bench.linear<F16>("f16");
      bench.linear<BF16>("bf16");
      bench.linear<Int8>("int8");
      bench.linear<Int4>("int4");
    }
    if (asked("asks")) {
      bench.asks<F32>("f32");
      bench.asks<F16>("f16");
      bench.asks<BF16>("bf16");
      bench.asks<Int8>("int8");
      bench.asks<Int4>("int4");
    }
    if (asked("attend")) {
      bench.attention<F32, 64, 1024, 4096>("f32");
      bench.attention<F16, 64, 1024, 4096>("f16");
      bench.attention<BF16, 64, 1024, 4096>("bf16");
      bench.attention<Int8Rows, 64, 1024, 4096>("int8");
    }
    if (asked("pieces")) {
      bench.oneKey<BF16>("bf16");
      bench.oneKey<Int8Rows>("int8");
    }
  }
  return 0;
}
