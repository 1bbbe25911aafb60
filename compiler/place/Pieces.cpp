/// How attention of one token is divided by the positions of a sequence.
#include "compiler/place/Units.h"

#include "runtime/Step.h"

namespace ashlar {

/// Of pieces for each thread: as many leave no thread without work while another has two of them.
static constexpr uint64_t PiecesOfThread = 4;

static uint64_t ceilDiv(uint64_t a, uint64_t b) { return a / b + (a % b != 0); }

uint64_t attentionPieces(const Op &op, Sizes sizes, uint64_t threads) {
  uint64_t shared = op.kvHeads * sizes.batch;
  if (shared >= threads)
    return 1;
  uint64_t seen = op.window ? std::min(op.window, sizes.context) : sizes.context;
  return std::min(ceilDiv(PiecesOfThread * threads, shared), ceilDiv(seen, host::LeastPiece));
}

Bytes pieceBytes(const Op &op, Sizes sizes, uint64_t threads) {
  uint64_t pieces = attentionPieces(op, sizes, threads);
  return pieces > 1 ? Bytes(sizes.batch * op.heads * pieces * (op.headDim + 2) * sizeof(float))
                    : Bytes();
}

} // namespace ashlar
