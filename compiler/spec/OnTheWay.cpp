#include "compiler/spec/OnTheWay.h"

#include "llvm/ADT/STLExtras.h"

namespace ashlar {

/// Whether nothing but one op reads the result of a product.
static bool isReadOnce(const Block &block, const Op &product) {
  size_t reads = 0;
  for (const Op &op : block.ops)
    reads += llvm::count(op.inputs, product.result);
  bool hasParts = llvm::any_of(block.values, [&](const Value &value) {
    return value.part && value.part->of == product.result;
  });
  return reads == 1 && !hasParts && !block.values[index(product.result)].lastOnly;
}

static bool canBeDoneLater(const Block &block, const Op &op) {
  return op.kind == OpKind::Linear && isReadOnce(block, op);
}

std::vector<OnTheWay> onTheWay(const Block &block) {
  std::vector<OnTheWay> result(block.ops.size(), OnTheWay::Nothing);
  for (size_t at = 1; at < block.ops.size(); ++at) {
    const Op &op = block.ops[at], &before = block.ops[at - 1];
    if (!canBeDoneLater(block, before) || !llvm::is_contained(op.inputs, before.result))
      continue;
    if (op.kind == OpKind::Add)
      result[at] = OnTheWay::Sum;
    if (op.kind != OpKind::Glu || at < 2)
      continue;
    const Op &first = block.ops[at - 2];
    if (canBeDoneLater(block, first) && llvm::is_contained(op.inputs, first.result) &&
        first.inputs == before.inputs && !first.bias && !before.bias)
      result[at] = OnTheWay::Gated;
  }
  return result;
}

std::vector<OnTheWay> onTheWay(const Block &block, const std::vector<bool> &rounded) {
  std::vector<OnTheWay> result = onTheWay(block);
  for (size_t at = 1; at < block.ops.size(); ++at) {
    const Op &before = block.ops[at - 1];
    if (before.inputs.empty() || !rounded[index(before.inputs.front())])
      result[at] = OnTheWay::Nothing;
  }
  return result;
}

/// Kernels that write rows as they are asked to.
static bool canRound(const Op &op) {
  return (op.kind == OpKind::RmsNorm && !op.heads) || op.kind == OpKind::LayerNorm ||
         op.kind == OpKind::Glu || op.kind == OpKind::Activate || op.kind == OpKind::Attend;
}

std::vector<bool> roundedValues(const Block &block, llvm::function_ref<bool(const Op &)> rounds) {
  std::vector<bool> result(block.values.size());
  for (const Op &op : block.ops)
    result[index(op.result)] = canRound(op) && !block.values[index(op.result)].stream;
  for (const Value &value : block.values)
    if (value.part)
      result[index(value.part->of)] = false;
  for (const Op &op : block.ops)
    for (ValueId input : op.inputs)
      if (op.kind != OpKind::Linear || !rounds(op) || block.values[index(op.result)].lastOnly)
        result[index(input)] = false;
  return result;
}

} // namespace ashlar
