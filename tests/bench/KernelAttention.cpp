// Attention: of one token, of one in each of several sequences, and of the many of a prompt.
#include "templates/cpu/attention.h"
#include "tests/bench/Kernels.h"
#include "tests/bench/Peaks.h"

namespace bench {
namespace {

constexpr host::Rows<F32, Heads * Dim> q{{X}}, y{{Y}};
constexpr float Scale = 0.125f;

/// The keys of a layer, or its values, for so many positions.
template <class T, int64_t Context, int64_t Sequences = 1>
using Cache = host::Cache<T, KeyHeads, Context, Dim, Sequences>;
template <class T> constexpr uint64_t Bytes = KeyHeads *cpu::RowBytes<T, Dim>; // of a position

// Caches in turn, as the layers of a model have them, so that they come from memory.
template <class T, int64_t Context> void oneToken(Bench &bench, const std::string &type) {
  constexpr uint64_t Keys = Context * Bytes<T>;
  bench.bytes(
      {"attend " + type + ", context " + std::to_string(Context), 1, 2 * Keys, 2 * Keys},
      +[](Step<1> &step, uint64_t at) {
        step.position = Context - 1;
        cpu::attend(step, q, Cache<T, Context>{{at}}, Cache<T, Context>{{at + Keys}}, y, Scale);
      });
}

template <class T> void batch(Bench &bench, const std::string &type) {
  constexpr int64_t Context = 1024, Sequences = 8;
  constexpr uint64_t Keys = Sequences * Context * Bytes<T>;
  using All = Cache<T, Context, Sequences>;
  bench.bytes(
      {"attend " + type + ", batch", Sequences, 2 * Keys, 2 * Keys},
      +[](BatchStep<Sequences> &step, uint64_t at) {
        constexpr uint64_t Last = Context - 1;
        static constexpr TokenPlace places[Sequences] = {
            {0, Last}, {1, Last}, {2, Last}, {3, Last}, {4, Last}, {5, Last}, {6, Last}, {7, Last}};
        step.places = places;
        step.position = Last;
        cpu::attend(step, q, All{{at}}, All{{at + Keys}}, y, Scale);
      });
}

/// Of a prompt, of which each token sees those before it, the last `Window` of them.
template <class T, int64_t Window = 0> void manyTokens(Bench &bench, const std::string &type) {
  constexpr uint64_t Keys = Tokens * Bytes<T>;
  double tokens = bench.many(), window = Window && Window < tokens ? double(Window) : tokens;
  double seen = window * (tokens - window) + window * (window + 1) / 2; // by all of them
  bench.operations(
      {"attend " + type, bench.many(), 4.0 * Heads * Dim * seen, 2 * Keys}, peakOfAttention<T>(),
      +[](Step<Tokens> &step, uint64_t at) {
        cpu::attend<Window>(step, q, Cache<T, Tokens>{{at}}, Cache<T, Tokens>{{at + Keys}}, y,
                            Scale);
      });
}

void oneTokenOfWindow(Bench &bench) {
  constexpr int64_t Context = 2048, Window = 1024;
  constexpr uint64_t Keys = Context * Bytes<BF16>;
  using All = Cache<BF16, Context>;
  bench.bytes(
      {"attend bf16, window 1024", 1, 2.0 * Window * Bytes<BF16>, 2 * Keys},
      +[](Step<1> &step, uint64_t at) {
        step.position = Context - 1;
        cpu::attend<Window>(step, q, All{{at}}, All{{at + Keys}}, y, Scale);
      });
}

/// With a single key head, in so many pieces, or whole.
template <class T, int64_t Pieces> void oneKeyHead(Bench &bench, const std::string &name) {
  constexpr int64_t Group = 8, Size = 128, Context = 8192;
  constexpr uint64_t Keys = Context * cpu::RowBytes<T, Size>;
  bench.bytes(
      {"attend " + name, 1, 2 * Keys, 2 * Keys}, +[](Step<1> &step, uint64_t at) {
        constexpr host::Rows<F32, Group * Size> q{{X}}, y{{Y}};
        host::Cache<T, 1, Context, Size> k{{at}}, v{{at + Keys}};
        step.position = Context - 1;
        if constexpr (Pieces == 1) {
          cpu::attend(step, q, k, v, y, Scale);
        } else {
          constexpr host::Pieces<1, Group, Size, Pieces, 1> pieces{{Z}};
          cpu::attendPieces(step, q, k, v, pieces, Scale);
          step.sync();
          cpu::joinPieces(step, pieces, y);
        }
      });
}

template <class T> void attention(Bench &bench, const std::string &type) {
  oneToken<T, 64>(bench, type);
  oneToken<T, 1024>(bench, type);
  oneToken<T, 4096>(bench, type);
  batch<T>(bench, type);
  manyTokens<T>(bench, type);
}

} // namespace

void measureAttention(Bench &bench) {
  attention<F32>(bench, "f32");
  attention<F16>(bench, "f16");
  attention<BF16>(bench, "bf16");
  attention<Int8Rows>(bench, "int8");
  oneTokenOfWindow(bench);
  manyTokens<BF16, 128>(bench, "bf16, window 128");
  oneKeyHead<BF16, 1>(bench, "bf16, one key head");
  oneKeyHead<BF16, 8>(bench, "bf16, one key head in pieces");
  oneKeyHead<Int8Rows, 1>(bench, "int8, one key head");
  oneKeyHead<Int8Rows, 8>(bench, "int8, one key head in pieces");
}

} // namespace bench
