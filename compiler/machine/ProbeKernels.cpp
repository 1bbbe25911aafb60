// Compiled once for each instruction set, with ASHLAR_PROBE_ISA as its name. Nothing here may use
// the standard library: the linker keeps one copy of an inline function, and it could be this one.
#include "compiler/machine/ProbeKernels.h"

#include "templates/cpu/attention.h"
#include "templates/cpu/elementwise.h"
#include "templates/cpu/linear.h"
#include "templates/cpu/linear_quantized.h"
#include "templates/cpu/linear_rounded.h"
#include "templates/cpu/linear_torch.h"
#include "templates/cpu/norm.h"

#define ASHLAR_JOIN(a, b) a##b
#define ASHLAR_EXPAND(a, b) ASHLAR_JOIN(a, b)
#define ASHLAR_NAMESPACE ASHLAR_EXPAND(probe_, ASHLAR_PROBE_ISA)

namespace ashlar::ASHLAR_NAMESPACE {
namespace {

using Shape = ProbeShape;
using Arena = ProbeArena;

/// Calls body(place) for each call, with a barrier after it.
template <class Body> void repeat(StepState &state, Body body) {
  const ProbeCalls calls = *static_cast<const ProbeCalls *>(state.context);
  for (uint64_t call = 0; call < calls.count; ++call) {
    body((calls.first + call) % calls.places);
    state.sync();
  }
}

template <class T, int64_t N, int64_t K, uint32_t Max> void linear(StepState &state) {
  Step<Max> step(state);
  repeat(state, [&](uint64_t place) {
    host::Rows<F32, K> x{{Arena::X}};
    host::Panels<T, N, K> w{{Arena::Operands + place * cpu::panelBytes<T>(N, K)}};
    host::Rows<F32, N> y{{Arena::Y}};
    if constexpr (Max > 1 && std::is_same_v<T, BF16>)
      cpu::linear(step, x.rounded(), w, y);
    else
      cpu::linear(step, x, w, y);
  });
}

template <class T, int64_t N, int64_t K> void torchLinear(StepState &state) {
  Step<Shape::TorchTokens> step(state);
  host::TorchRows<Shape::ManyColumns, Shape::ManyRows> scratch{Arena::TorchIn, Arena::TorchOut};
  host::Rows<F32, K> x{{Arena::X}};
  host::Matrix<T, N, K> w{{{Arena::Operands}}};
  host::Rows<F32, N> y{{Arena::Y}};
  repeat(state, [&](uint64_t) {
    if constexpr (std::is_same_v<T, BF16>) {
      torch::round(step, x, scratch);
      state.sync();
      torch::linear(step, x, w, y, scratch);
    } else {
      torch::linear(step, x, w, y);
    }
  });
}

/// The caches of a call, whose results are Y.
template <class T> struct Attention {
  static constexpr int64_t Columns = Shape::QueryHeads * Shape::HeadDim;
  static constexpr uint64_t Bytes =
      Shape::KeyHeads * Shape::Context * cpu::RowBytes<T, Shape::HeadDim>;
  using Cache = host::Cache<T, Shape::KeyHeads, Shape::Context, Shape::HeadDim>;

  host::Rows<F32, Columns> q{{Arena::X}}, y{{Arena::Y}};
  Cache keys, values;
  float scale = 0.125f;

  explicit Attention(uint64_t place)
      : keys{{Arena::Operands + place * 2 * Bytes}}, values{{keys.offset + Bytes}} {}
};

template <class T, uint32_t Max> void attend(StepState &state) {
  Step<Max> step(state);
  repeat(state, [&](uint64_t place) {
    Attention<T> of(place);
    cpu::attend(step, of.q, of.keys, of.values, of.y, of.scale);
  });
}

template <class T> void attendPieces(StepState &state) {
  constexpr host::Pieces<Shape::KeyHeads, Shape::QueryHeads / Shape::KeyHeads, Shape::HeadDim,
                         Shape::Pieces, Shape::KeyHeads + 1>
      pieces{{Arena::Z}};
  Step<1> step(state);
  repeat(state, [&](uint64_t place) {
    Attention<T> of(place);
    cpu::attendPieces(step, of.q, of.keys, of.values, pieces, of.scale);
    state.sync();
    cpu::joinPieces(step, pieces, of.y);
  });
}

template <uint32_t Max> void norm(StepState &state) {
  constexpr int64_t Columns = Shape::StreamColumns;
  Step<Max> step(state);
  repeat(state, [&](uint64_t) {
    cpu::rmsnorm(step, host::Rows<F32, Columns>{{Arena::X}},
                 host::Vector<F32, Columns>{{Arena::Operands}},
                 host::Rows<F32, Columns>{{Arena::Y}}, 1e-5f);
  });
}

void gluTokens(StepState &state) {
  constexpr int64_t Columns = Shape::StreamColumns;
  Step<Shape::Tokens> step(state);
  repeat(state, [&](uint64_t) {
    cpu::glu<cpu::Silu>(step, host::Rows<F32, Columns>{{Arena::X}},
                        host::Rows<F32, Columns>{{Arena::Y}}, host::Rows<F32, Columns>{{Arena::Z}});
  });
}

template <class T>
constexpr ProbeKernels::Linear linears = {
    linear<T, Shape::TinyRows, Shape::TinyColumns, 1>,
    linear<T, Shape::CachedRows, Shape::CachedColumns, 1>,
    linear<T, Shape::StreamRows, Shape::StreamColumns, 1>,
    linear<T, Shape::ManyRows, Shape::ManyColumns, Shape::Tokens>,
};
template <class T>
constexpr ProbeKernels::Torch torches = {
    torchLinear<T, Shape::TinyRows, Shape::TinyColumns>,
    torchLinear<T, Shape::ManyRows, Shape::ManyColumns>,
};
template <class T>
constexpr ProbeKernels::Attend attends = {attend<T, 1>, attendPieces<T>, attend<T, Shape::Tokens>};

} // namespace

constexpr ProbeKernels kernels = {
    {linears<F32>, linears<F16>, linears<BF16>, linears<Int8>, linears<Int4>},
    torches<F32>,
    torches<BF16>,
    {attends<F32>, attends<F16>, attends<BF16>, attends<Int8Rows>},
    norm<1>,
    norm<Shape::Tokens>,
    gluTokens};

} // namespace ashlar::ASHLAR_NAMESPACE
