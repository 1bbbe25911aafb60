// Products: of one row, of the few of a batch, and of the many of a prompt. Of one row and of few,
// bytes are those of the weights.
#include "templates/cpu/linear_one.h"
#include "templates/cpu/linear_rounded.h"
#include "tests/bench/Kernels.h"
#include "tests/bench/Peaks.h"

namespace bench {
namespace {

using One = Step<1>;
using Many = Step<Tokens>;

constexpr host::Rows<F32, Hidden> x{{X}}, sum{{Z}};
constexpr host::Rows<F32, Ffn> wide{{Y}};
constexpr host::Vector<F32, Hidden> norm{{Vectors}}, bias{{Vectors + Hidden * 4}};

/// Matrices one after another.
template <class T, int64_t N, int64_t K> constexpr host::Panels<T, N, K> matrix(uint64_t at) {
  return {{at}};
}
template <class T, int64_t N, int64_t K> constexpr uint64_t Bytes = cpu::panelBytes<T>(N, K);
template <class T>
constexpr uint64_t QkvBytes = Bytes<T, Hidden, Hidden> + 2 * Bytes<T, KeyHeads * Dim, Hidden>;

template <class T, class Row> void products(One &step, Row row, uint64_t at) {
  constexpr int64_t Kv = KeyHeads * Dim;
  uint64_t k = at + Bytes<T, Hidden, Hidden>, v = k + Bytes<T, Kv, Hidden>;
  constexpr uint64_t K = Y + Hidden * 4, V = K + Kv * 4;
  cpu::products(step, row, cpu::to(matrix<T, Hidden, Hidden>(at), host::Rows<F32, Hidden>{{Y}}),
                cpu::to(matrix<T, Kv, Hidden>(k), host::Rows<F32, Kv>{{K}}),
                cpu::to(matrix<T, Kv, Hidden>(v), host::Rows<F32, Kv>{{V}}));
}

template <class T> void oneRow(Bench &bench, const std::string &type) {
  constexpr uint64_t Up = Bytes<T, Ffn, Hidden>, Down = Bytes<T, Hidden, Ffn>;
  bench.bytes(
      {"linear " + type, 1, Up, Up},
      +[](One &step, uint64_t at) { cpu::linear(step, x, matrix<T, Ffn, Hidden>(at), wide); });
  bench.bytes(
      {"linear " + type + " with sum", 1, Down, Down}, +[](One &step, uint64_t at) {
        cpu::linear(step, wide, matrix<T, Hidden, Ffn>(at), sum, sum);
      });
  bench.bytes(
      {"products " + type + " of rmsnorm", 1, QkvBytes<T>, QkvBytes<T>},
      +[](One &step, uint64_t at) { products<T>(step, cpu::rmsnormed(x, norm, 1e-5f), at); });
  bench.bytes(
      {"glu " + type + " of rmsnorm", 1, 2 * Up, 2 * Up}, +[](One &step, uint64_t at) {
        cpu::glu<cpu::Silu>(step, cpu::rmsnormed(x, norm, 1e-5f), matrix<T, Ffn, Hidden>(at),
                            matrix<T, Ffn, Hidden>(at + Up), wide);
      });
}

template <class T> void manyRows(Many &step, uint64_t at) {
  if constexpr (std::is_same_v<T, BF16>)
    cpu::linear(step, x.rounded(), matrix<T, Ffn, Hidden>(at), wide);
  else
    cpu::linear(step, x, matrix<T, Ffn, Hidden>(at), wide);
}

constexpr double operations(double rows) { return 2.0 * rows * Ffn * Hidden; }

template <class T> void severalRows(Bench &bench, const std::string &type) {
  constexpr uint64_t Up = Bytes<T, Ffn, Hidden>;
  bench.bytes({"linear " + type, 4, Up, Up}, manyRows<T>);
  bench.operations({"linear " + type, bench.many(), operations(bench.many()), Up}, peakOf<T>(),
                   manyRows<T>);
}

/// What products of rounded rows do on the way, and such that round their rows themselves.
void roundedRows(Bench &bench) {
  constexpr uint64_t Up = Bytes<BF16, Ffn, Hidden>, Down = Bytes<BF16, Hidden, Ffn>;
  uint32_t rows = bench.many();
  bench.operations(
      {"linear bf16 with sum", rows, operations(rows), Down}, peakOf<BF16>(),
      +[](Many &step, uint64_t at) {
        cpu::linear(step, wide.rounded(), matrix<BF16, Hidden, Ffn>(at), sum, sum);
      });
  bench.operations(
      {"glu bf16", rows, 2 * operations(rows), 2 * Up}, peakOf<BF16>(),
      +[](Many &step, uint64_t at) {
        cpu::glu<cpu::Silu>(step, x.rounded(), matrix<BF16, Ffn, Hidden>(at),
                            matrix<BF16, Ffn, Hidden>(at + Up), wide.rounded());
      });
  bench.operations(
      {"linear bf16 that rounds", rows, operations(rows), Up}, peakOfRounding(),
      +[](Many &step, uint64_t at) {
        cpu::linear<cpu::Rounded>(step, x, matrix<BF16, Ffn, Hidden>(at), wide);
      });
}

/// Weights as LibTorch takes them.
template <class T> void byRows(Bench &bench, const std::string &type) {
  constexpr uint64_t Up = Ffn * Hidden * sizeof(typename T::storage);
  using Matrix = host::Matrix<T, Ffn, Hidden>;
  bench.bytes(
      {"linear " + type + " by rows", 1, Up, Up},
      +[](One &step, uint64_t at) { cpu::linear(step, x, Matrix{{{at}}}, wide); });
  bench.operations(
      {"linear " + type + " by rows", bench.many(), operations(bench.many()), Up}, floats,
      +[](Many &step, uint64_t at) { cpu::linear(step, x, Matrix{{{at}}}, wide); });
}

template <class T> void linear(Bench &bench, const std::string &type) {
  oneRow<T>(bench, type);
  severalRows<T>(bench, type);
}

/// With weights that are asked for ahead.
template <class T> void asks(Bench &bench, const std::string &type) {
  constexpr uint64_t Up = Bytes<T, Ffn, Hidden>;
  for (uint32_t ahead : {0u, 4096u, 8192u}) {
    bench.step.ahead = {ahead, ahead, ahead, ahead, ahead}; // a kernel reads one of them
    bench.bytes(
        {"asks " + type + " ahead " + std::to_string(ahead), 1, Up, Up},
        +[](One &step, uint64_t at) { cpu::linear(step, x, matrix<T, Ffn, Hidden>(at), wide); });
  }
  bench.step.ahead = {};
}

} // namespace

void measureProducts(Bench &bench) {
  linear<F32>(bench, "f32");
  linear<F16>(bench, "f16");
  linear<BF16>(bench, "bf16");
  linear<Int8>(bench, "int8");
  linear<Int4>(bench, "int4");
  roundedRows(bench);
  bench.bytes(
      {"products bf16 of layernorm", 1, QkvBytes<BF16>, QkvBytes<BF16>},
      +[](One &step, uint64_t at) {
        products<BF16>(step, cpu::layernormed(x, norm, bias, 1e-5f), at);
      });
  byRows<F32>(bench, "f32");
  byRows<BF16>(bench, "bf16");
  asks<F32>(bench, "f32");
  asks<F16>(bench, "f16");
  asks<BF16>(bench, "bf16");
  asks<Int8>(bench, "int8");
  asks<Int4>(bench, "int4");
}

} // namespace bench
