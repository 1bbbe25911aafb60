// A whole layer, token after token, by teams of any size: more threads than processors, so that
// some are always late, come to the same bytes as one thread alone.
#include "templates/cpu/kernels.h"
#include "templates/cpu/quantize.h"
#include "tests/unit/Kernels.h"

#include <thread>

using namespace kernels;

namespace {

constexpr int64_t Hidden = 256, Ffn = 640, Heads = 16, Kv = 8, Dim = 16, Context = 64;
constexpr float Frequencies[Dim / 2] = {1, 0.5f, 0.25f, 0.125f};

template <class T, int64_t N, int64_t K> Panels<T, N, K> matrix(Arena &arena) {
  auto values = normal<F32>(N * K, 0.1);
  std::vector<typename T::storage> packed(cpu::panelBytes<T>(N, K) / sizeof(typename T::storage));
  if constexpr (cpu::Quantized<T>) {
    for (int64_t first = 0; first < N; first += PanelRows) {
      const float *rows[PanelRows];
      int64_t count = std::min(PanelRows, N - first);
      for (int64_t row = 0; row < count; ++row)
        rows[row] = values.data() + (first + row) * K;
      cpu::quantizePanel<T>(rows, count, K,
                            packed.data() + first / PanelRows * cpu::panelSize<T>(K));
    }
  } else {
    std::vector<typename T::storage> stored(values.size());
    for (size_t i = 0; i < values.size(); ++i)
      stored[i] = encode<T>(values[i]);
    packed = panels<T>(stored, N, K);
  }
  return {arena.add<T>(packed)};
}

template <class T> struct Layer {
  static constexpr uint32_t Tokens = 8;
  template <int64_t N> Rows<F32, N> row() { return {arena.add<F32>(Tokens * N)}; }

  Arena arena;
  Vector<F32, Hidden> norm{arena.add<F32>(normal<F32>(Hidden))};
  Panels<T, Heads * Dim, Hidden> q = matrix<T, Heads * Dim, Hidden>(arena);
  Panels<T, Kv * Dim, Hidden> k = matrix<T, Kv * Dim, Hidden>(arena),
                              v = matrix<T, Kv * Dim, Hidden>(arena);
  Panels<T, Hidden, Heads *Dim> o = matrix<T, Hidden, Heads * Dim>(arena);
  Panels<T, Ffn, Hidden> gate = matrix<T, Ffn, Hidden>(arena), up = matrix<T, Ffn, Hidden>(arena);
  Panels<T, Hidden, Ffn> down = matrix<T, Hidden, Ffn>(arena);
  Cache<F16, Kv, Context, Dim> keys{arena.add<F16>(Kv * Context * Dim)},
      values{arena.add<F16>(Kv * Context * Dim)};
  Rows<F32, Hidden> start{arena.add<F32>(normal<F32>(Tokens * Hidden))},
      x = row<Hidden>(), a = row<Hidden>(), y = row<Heads * Dim>(), out = row<Hidden>();
  Rows<F32, Heads *Dim> queries = row<Heads * Dim>();
  Rows<F32, Kv *Dim> newK = row<Kv * Dim>(), newV = row<Kv * Dim>();
  Rows<F32, Dim> angles = row<Dim>();
  Rows<F32, Ffn> gated = row<Ffn>(), upped = row<Ffn>();

  template <uint32_t Max> void run(StepState &state) {
    Step<Max> step(state);
    cpu::angles(step, Frequencies, 1.0f, angles);
    if (state.position == 0)
      cpu::copy(step, start, x);
    step.sync();
    if constexpr (Max == 1) {
      cpu::products(step, cpu::rmsnormed(x, norm, 1e-5f), cpu::to(q, queries), cpu::to(k, newK),
                    cpu::to(v, newV));
    } else {
      cpu::rmsnorm(step, x, norm, a, 1e-5f);
      step.sync();
      cpu::linear(step, a, q, queries);
      cpu::linear(step, a, k, newK);
      cpu::linear(step, a, v, newV);
    }
    step.sync();
    cpu::rotate<Heads, Dim>(step, queries, angles, queries);
    cpu::rotate<Kv, Dim>(step, newK, angles, newK);
    step.sync();
    cpu::store(step, newK, keys);
    cpu::store(step, newV, values);
    step.sync();
    cpu::attend(step, queries, keys, values, y, 0.25f);
    step.sync();
    cpu::linear(step, y, o, out);
    step.sync();
    cpu::add(step, x, out, x);
    step.sync();
    if constexpr (Max == 1) {
      cpu::glu<cpu::Silu>(step, cpu::rmsnormed(x, norm, 1e-5f), gate, up, gated);
    } else {
      cpu::rmsnorm(step, x, norm, a, 1e-5f);
      step.sync();
      cpu::linear(step, a, gate, gated);
      cpu::linear(step, a, up, upped);
      step.sync();
      cpu::glu<cpu::Silu>(step, gated, upped, gated);
    }
    step.sync();
    cpu::linear(step, gated, down, out);
    step.sync();
    cpu::add(step, x, out, x);
    step.sync();
  }

  /// All that a team of so many threads makes of it.
  template <uint32_t Max> std::vector<float> results(uint32_t threads) {
    Team team(threads);
    std::string error;
    CHECK(team.start(error));
    StepState state;
    state.host = arena.data();
    state.tokens = Max;
    state.context = this;
    for (; state.position + Max <= Context; state.position += Max)
      team.advance(
          [](StepState &state) { static_cast<Layer *>(state.context)->template run<Max>(state); },
          state);
    auto from = arena.template at<F32>(x.offset);
    std::vector<float> result(from, from + Max * Hidden);
    for (int64_t i = 0; i < Kv * Context * Dim; ++i)
      result.push_back(float(decode<F16>(arena.template at<F16>(values.offset)[i])));
    return result;
  }
};

template <class T> void check() {
  auto layer = std::make_unique<Layer<T>>();
  auto one = layer->template results<1>(1), eight = layer->template results<8>(1);
  CHECK(std::isfinite(one[0]) && one[0] != 0 && std::isfinite(eight[0]));
  for (uint32_t threads : {2u, 3u, std::min(8u, 2 * std::thread::hardware_concurrency() + 1)})
    for (int i = 0; i < 20; ++i) {
      CHECK(layer->template results<1>(threads) == one);
      CHECK(layer->template results<8>(threads) == eight);
    }
  CHECK(layer->arena.gapsAreWhole());
}

TEST(f32) { check<F32>(); }
TEST(bf16) { check<BF16>(); }
TEST(int8) { check<Int8>(); }
TEST(int4) { check<Int4>(); }

} // namespace
