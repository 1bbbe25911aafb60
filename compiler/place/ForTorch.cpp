/// Which products can be LibTorch's, and the room that they need.
#include "compiler/place/Units.h"

#include "runtime/Step.h"

#include "llvm/ADT/STLExtras.h"

namespace ashlar {

void TorchScratch::add(uint64_t rows, uint64_t columns) {
  inputs = std::max(inputs, columns);
  outputs = std::max(outputs, rows);
}

uint64_t TorchScratch::outputsOfThread(uint64_t threads) const {
  uint64_t groups = alignUp(outputs, host::TorchGroup) / host::TorchGroup;
  return (groups + threads - 1) / threads * host::TorchGroup;
}

Bytes TorchScratch::bytesIn(uint64_t chunk) const {
  return Bytes(alignUp(chunk * inputs * bytesOf(DataType::BF16), 64));
}

Bytes TorchScratch::bytes(uint64_t chunk, uint64_t threads) const {
  return bytesIn(chunk) +
         Bytes(threads * chunk * outputsOfThread(threads) * bytesOf(DataType::BF16));
}

bool isForTorch(const Model &model, const Block &block, const Op &op,
                const std::vector<StoredAs> &as, const Request &request) {
  if (op.kind != OpKind::Linear || block.values[index(op.result)].lastOnly)
    return false;
  DataType type = as[index(model.stored(*op.weight))].type;
  return type == DataType::F32 || (type == DataType::BF16 && request.products != DataType::F32);
}

bool canUseTorch(const Model &model, const Block &block, const std::vector<StoredAs> &as,
                 const Machine &machine, const Request &request, Sizes sizes) {
  return machine.processors.size() == 1 && sizes.chunk > 1 &&
         llvm::any_of(block.ops,
                      [&](const Op &op) { return isForTorch(model, block, op, as, request); });
}

} // namespace ashlar
