#include "compiler/spec/OneRow.h"

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

std::vector<OneRow> inOneRow(const Block &block) {
  std::vector<OneRow> result(block.ops.size(), OneRow::Alone);
  for (size_t at = 1; at < block.ops.size(); ++at) {
    const Op &op = block.ops[at], &before = block.ops[at - 1];
    if (!canBeDoneLater(block, before) || !llvm::is_contained(op.inputs, before.result))
      continue;
    if (op.kind == OpKind::Add)
      result[at] = OneRow::Sum;
    if (op.kind != OpKind::Glu || at < 2)
      continue;
    const Op &first = block.ops[at - 2];
    if (canBeDoneLater(block, first) && llvm::is_contained(op.inputs, first.result) &&
        first.inputs == before.inputs && !first.bias && !before.bias)
      result[at] = OneRow::Gated;
  }
  return result;
}

} // namespace ashlar
