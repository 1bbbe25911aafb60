// Kernels whose work is the bytes of the rows that they read and write: of one row and of many.
// Those rows are in the caches, as they are in apps, and so is what the plain read beside them
// reads; what is read of tables and written to caches of keys is in memory.
#include "templates/cpu/cache.h"
#include "templates/cpu/elementwise.h"
#include "templates/cpu/embed.h"
#include "templates/cpu/norm.h"
#include "templates/cpu/quantize.h"
#include "templates/cpu/rope.h"
#include "tests/bench/Kernels.h"

namespace bench {
namespace {

constexpr host::Rows<F32, Hidden> x{{X}}, y{{Y}}, z{{Z}};
constexpr host::Rows<F32, Ffn> wideX{{X}}, wideY{{Y}}, wideZ{{Z}};
constexpr host::Vector<F32, Hidden> norm{{Vectors}}, bias{{Vectors + Hidden * 4}};
constexpr host::Vector<F32, Dim> headNorm{{Vectors}};
constexpr host::Rows<F32, Dim> turns{{Z}};
constexpr float Eps = 1e-5f;

template <uint32_t Max> uint32_t rowsOf(const Bench &bench) { return Max == 1 ? 1 : bench.many(); }

/// Some f32 of each row are read or written.
template <uint32_t Max, class Kernel>
void plain(Bench &bench, const char *name, int64_t columns, Kernel kernel) {
  uint32_t rows = rowsOf<Max>(bench);
  bench.bytes({name, rows, 4.0 * double(columns) * rows}, +kernel);
}

template <class A, uint32_t Max> void activation(Bench &bench, const char *name) {
  plain<Max>(bench, name, 2 * Ffn,
             [](Step<Max> &step, uint64_t) { cpu::activate<A>(step, wideX, wideY); });
}

template <uint32_t Max> void elementwise(Bench &bench) {
  using S = Step<Max>;
  plain<Max>(bench, "add", 3 * Hidden, [](S &step, uint64_t) { cpu::add(step, x, y, z); });
  plain<Max>(bench, "multiply", 3 * Hidden,
             [](S &step, uint64_t) { cpu::multiply(step, x, y, z); });
  plain<Max>(bench, "copy", 2 * Hidden, [](S &step, uint64_t) { cpu::copy(step, x, y); });
  activation<cpu::Silu, Max>(bench, "activate silu");
  activation<cpu::Gelu, Max>(bench, "activate gelu");
  activation<cpu::GeluTanh, Max>(bench, "activate gelu by tanh");
  activation<cpu::GeluQuick, Max>(bench, "activate quick gelu");
  activation<cpu::Relu, Max>(bench, "activate relu");
  activation<cpu::ReluSquared, Max>(bench, "activate relu squared");
  activation<cpu::Sigmoid, Max>(bench, "activate sigmoid");
  activation<cpu::Tanh, Max>(bench, "activate tanh");
  plain<Max>(bench, "glu silu", 3 * Ffn,
             [](S &step, uint64_t) { cpu::glu<cpu::Silu>(step, wideX, wideY, wideZ); });
}

template <uint32_t Max> void norms(Bench &bench) {
  using S = Step<Max>;
  plain<Max>(bench, "rmsnorm", 2 * Hidden,
             [](S &step, uint64_t) { cpu::rmsnorm(step, x, norm, y, Eps); });
  plain<Max>(bench, "rmsnorm of heads", 2 * Hidden,
             [](S &step, uint64_t) { cpu::rmsnorm<Heads, Dim>(step, x, headNorm, y, Eps); });
  plain<Max>(bench, "layernorm", 2 * Hidden,
             [](S &step, uint64_t) { cpu::layernorm(step, x, norm, bias, y, Eps); });
}

template <uint32_t Max> void turning(Bench &bench) {
  using S = Step<Max>;
  plain<Max>(bench, "angles", Dim, [](S &step, uint64_t) {
    static constexpr float frequencies[Dim / 2] = {1, 0.5, 0.25};
    cpu::angles(step, frequencies, 1.0f, turns);
  });
  plain<Max>(bench, "rotate", 2 * Hidden + Dim,
             [](S &step, uint64_t) { cpu::rotate<Heads, Dim>(step, x, turns, y); });
}

/// What writes rows that are to be rounded: to bf16 where the processor multiplies it.
void rounding(Bench &bench) {
  using S = Step<Tokens>;
  constexpr int64_t Bytes = sizeof(cpu::Rounded::storage);
  double rows = bench.many();
  bench.bytes(
      {"rmsnorm that rounds", bench.many(), rows * Hidden * (4 + Bytes)},
      +[](S &step, uint64_t) { cpu::rmsnorm(step, x, norm, y.rounded(), Eps); });
  bench.bytes(
      {"glu silu that rounds", bench.many(), rows * Ffn * (8 + Bytes)},
      +[](S &step, uint64_t) { cpu::glu<cpu::Silu>(step, wideX, wideY, wideZ.rounded()); });
}

/// Rows that are looked up: out of order, but of as few rows as there are.
struct Ids {
  int32_t values[Tokens];
  constexpr Ids() {
    for (uint32_t i = 0; i < Tokens; ++i)
      values[i] = int32_t(i / 32 * 32 + i * 13 % 32);
  }
};
constexpr Ids ids;

/// Rows of a table of which each call has a part to itself, so that they come from memory.
template <class Table, uint32_t Max>
void lookUp(Bench &bench, const std::string &name, uint64_t rowBytes, uint64_t place) {
  uint32_t rows = rowsOf<Max>(bench);
  bench.bytes(
      {"embed " + name, rows, double((rowBytes + Hidden * 4) * rows), place},
      +[](Step<Max> &step, uint64_t at) {
        step.ids = ids.values;
        cpu::embed(step, Table{{at}}, y);
      });
}

template <class T, uint32_t Max> void embed(Bench &bench, const std::string &type) {
  uint32_t rows = rowsOf<Max>(bench);
  // In panels, the whole numbers of a row and its scales.
  constexpr uint64_t PanelBytes = cpu::panelBytes<T>(host::PanelRows, Hidden);
  constexpr uint64_t RowBytes = PanelBytes / host::PanelRows;
  if constexpr (!cpu::Quantized<T>)
    lookUp<host::Rows<T, Hidden>, Max>(bench, type, RowBytes, rows * RowBytes);
  lookUp<host::Panels<T, Vocabulary, Hidden>, Max>(bench, type + " of panels", RowBytes,
                                                   cpu::panelCount(rows) * PanelBytes);
}

template <class T, uint32_t Max> void store(Bench &bench, const std::string &type) {
  constexpr int64_t Context = Max == 1 ? 4096 : Tokens, RowBytes = cpu::RowBytes<T, Dim>;
  uint32_t rows = rowsOf<Max>(bench);
  double work = double(rows * KeyHeads * (4 * Dim + RowBytes));
  bench.bytes(
      {"store " + type, rows, work, Context * KeyHeads * RowBytes},
      +[](Step<Max> &step, uint64_t at) {
        if (Max == 1) // the next one, in the cache of another layer
          step.position = (step.position + 1) % Context;
        cpu::store(step, host::Rows<F32, KeyHeads * Dim>{{X}},
                   host::Cache<T, KeyHeads, Context, Dim>{{at}});
      });
}

template <uint32_t Max> void tables(Bench &bench) {
  uint32_t rows = rowsOf<Max>(bench);
  embed<F32, Max>(bench, "f32");
  embed<F16, Max>(bench, "f16");
  embed<BF16, Max>(bench, "bf16");
  embed<Int8, Max>(bench, "int8");
  embed<Int4, Max>(bench, "int4");
  bench.bytes(
      {"positions", rows, 8.0 * Hidden * rows, uint64_t(rows) * Hidden * 4},
      +[](Step<Max> &step, uint64_t at) {
        cpu::positions<0>(step, host::Rows<F32, Hidden>{{at}}, y);
      });
  store<F32, Max>(bench, "f32");
  store<F16, Max>(bench, "f16");
  store<BF16, Max>(bench, "bf16");
  store<Int8Rows, Max>(bench, "int8");
}

template <uint32_t Max> void rows(Bench &bench) {
  elementwise<Max>(bench);
  norms<Max>(bench);
  turning<Max>(bench);
  tables<Max>(bench);
}

/// What packs are written with, of some panels.
template <class T> void pack(Bench &bench, const std::string &type) {
  constexpr int64_t Panels = 32;
  constexpr uint64_t Bytes = cpu::panelBytes<T>(Panels * host::PanelRows, Hidden);
  static_assert(Bytes <= Activation);
  using Source = std::conditional_t<cpu::Quantized<T>, F32, T>;
  using Value = typename Source::storage;
  double work = double(Bytes + Panels * host::PanelRows * Hidden * sizeof(Value));
  bench.bytes(
      {"pack " + type, Panels * host::PanelRows, work}, +[](Step<1> &step, uint64_t) {
        forChunks(step, {Panels}, [&](int64_t begin, int64_t end) {
          for (int64_t panel = begin; panel < end; ++panel) {
            auto *from = reinterpret_cast<const Value *>(step.host + X);
            const Value *rows[host::PanelRows];
            for (int64_t row = 0; row < host::PanelRows; ++row)
              rows[row] = from + (panel * host::PanelRows + row) * Hidden;
            auto *to = reinterpret_cast<typename T::storage *>(step.host + Y) +
                       panel * cpu::panelSize<T>(Hidden);
            if constexpr (cpu::Quantized<T>)
              cpu::quantizePanel<T>(rows, host::PanelRows, Hidden, to);
            else
              cpu::packPanel<T>(rows, host::PanelRows, Hidden, to);
          }
        });
      });
}

} // namespace

void measureRows(Bench &bench) {
  rows<1>(bench);
  bench.bytes(
      {"last", 1, 8.0 * Hidden}, +[](Step<1> &step, uint64_t) { cpu::last(step, x, y); });
  rows<Tokens>(bench);
  rounding(bench);
  pack<F32>(bench, "f32");
  pack<F16>(bench, "f16");
  pack<BF16>(bench, "bf16");
  pack<Int8>(bench, "int8");
  pack<Int4>(bench, "int4");
}

} // namespace bench
