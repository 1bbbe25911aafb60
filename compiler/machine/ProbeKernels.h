/// The kernels of apps in the shapes in which a probe times them, compiled for each instruction
/// set. A function runs on every thread of a team and calls its kernel `ProbeCalls::count` times,
/// with a barrier after each, as apps do.
#pragma once

#include "runtime/Step.h"

namespace ashlar {

/// What a function is told, through StepState::context.
struct ProbeCalls {
  uint64_t count = 1;
  uint64_t places = 1; // operands of that many calls lie one after another and are used in turn
  uint64_t first = 0;  // from this one on
};

// Weights in the caches; weights that stream from memory; weights for many tokens. A call takes a
// millisecond or so: on a busy machine that often passes undisturbed, and ten rarely do.
struct ProbeShape {
  static constexpr int64_t TinyRows = 64, TinyColumns = 64;
  static constexpr int64_t CachedRows = 1024, CachedColumns = 512;
  static constexpr int64_t StreamRows = 4096, StreamColumns = 2048;
  static constexpr int64_t ManyRows = 512, ManyColumns = 1024;
  static constexpr uint32_t Tokens = 128;
  // Of LibTorch's products, whose preparation of the weights counts less the more rows share it: as
  // many as a chunk mostly has.
  static constexpr uint32_t TorchTokens = 512;
  // Attention: four query heads to a key head, and as many pieces as so short a context has.
  static constexpr int64_t KeyHeads = 8, QueryHeads = 32, HeadDim = 64, Context = 1024;
  static constexpr int64_t Pieces = Context / host::LeastPiece;
};

/// Where things lie in the arena: three activations of up to [Tokens, StreamRows] f32, of which
/// pieces of attention take one, then weights or caches.
struct ProbeArena {
  static constexpr uint64_t ActivationBytes = ProbeShape::Tokens * ProbeShape::StreamRows * 4;
  static constexpr uint64_t X = 0, Y = ActivationBytes, Z = 2 * ActivationBytes;
  static constexpr uint64_t Operands = 4 * ActivationBytes;
  // Of LibTorch's linear: rows of bf16 that go in, and for each thread, behind the weights, those
  // that come out.
  static constexpr uint64_t TorchIn = 3 * ActivationBytes;
  static constexpr uint64_t TorchOut = Operands + (4 << 20);
  static constexpr uint64_t TorchOutBytes = ProbeShape::TorchTokens * ProbeShape::ManyRows * 2;
  static_assert(ProbeShape::TorchTokens * ProbeShape::ManyColumns * 4 <= ActivationBytes);
  static_assert(ProbeShape::Pieces * ProbeShape::QueryHeads * (ProbeShape::HeadDim + 2) * 4 <=
                ActivationBytes);
};

using ProbeFunction = void (*)(StepState &);

struct ProbeKernels {
  struct Linear { // with weights of one type
    ProbeFunction tiny, cached, stream, tokens;
  };
  struct Torch { // LibTorch's products, of many tokens
    ProbeFunction tiny, tokens;
  };
  struct Attend { // over a cache of one type, from StepState::position on
    // One token: by key heads, and by pieces for more threads than there are of these.
    ProbeFunction one, pieces;
    ProbeFunction tokens;
  };
  Linear linear[5]; // in the order of DataTypes
  Torch torchF32, torchBF16;
  Attend attend[4]; // in the order of CacheTypes
  // Elementwise: one row of StreamColumns, and Tokens of them.
  ProbeFunction norm, normTokens, gluTokens;
};

namespace probe_scalar {
extern const ProbeKernels kernels;
}
namespace probe_avx2 {
extern const ProbeKernels kernels;
}
namespace probe_avx512 {
extern const ProbeKernels kernels;
}
namespace probe_avx512vnni {
extern const ProbeKernels kernels;
}
namespace probe_avx512bf16 {
extern const ProbeKernels kernels;
}
namespace probe_avx512amx {
extern const ProbeKernels kernels;
}

} // namespace ashlar
