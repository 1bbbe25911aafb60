#include "compiler/spec/Model.h"

#include "llvm/ADT/STLExtras.h"

namespace ashlar {

llvm::SmallVector<WeightId, 8> weightsOf(const Model &model, const Block &block) {
  llvm::SmallVector<WeightId, 8> result;
  for (const Op &op : block.ops)
    for (std::optional<WeightId> weight : {op.weight, op.bias})
      if (weight && !llvm::is_contained(result, model.stored(*weight)))
        result.push_back(model.stored(*weight));
  return result;
}

static bool sameRows(const Value &a, const Value &b) {
  return a.name == b.name && a.columns == b.columns && a.lastOnly == b.lastOnly &&
         a.stream.has_value() == b.stream.has_value() && a.part == b.part;
}

static bool sameNumbers(const Op &a, const Op &b) {
  return a.kind == b.kind && a.inputs == b.inputs && a.result == b.result &&
         a.activation == b.activation && a.eps == b.eps && a.rope == b.rope && a.heads == b.heads &&
         a.kvHeads == b.kvHeads && a.headDim == b.headDim && a.scale == b.scale &&
         a.window == b.window && a.offset == b.offset;
}

bool sameShape(const Model &model, const Block &a, const Block &b) {
  if (a.kind != b.kind || a.inputs.size() != b.inputs.size() ||
      !llvm::equal(a.values, b.values, sameRows) || !llvm::equal(a.ops, b.ops, sameNumbers))
    return false;
  // A block that writes over its input differs from one that does not.
  auto place = [](const Block &block) {
    return llvm::find(block.inputs, block.output) - block.inputs.begin();
  };
  if (place(a) != place(b))
    return false;
  // Weights may lie elsewhere, but each op must take the same one of the block's.
  llvm::SmallVector<WeightId, 8> left = weightsOf(model, a), right = weightsOf(model, b);
  auto same = [&](std::optional<WeightId> x, std::optional<WeightId> y) {
    if (!x || !y)
      return x.has_value() == y.has_value();
    const Weight &v = model.weight(*x), &w = model.weight(*y);
    return v.shape == w.shape &&
           model.weight(model.stored(*x)).type == model.weight(model.stored(*y)).type &&
           llvm::find(left, model.stored(*x)) - left.begin() ==
               llvm::find(right, model.stored(*y)) - right.begin();
  };
  return llvm::all_of(llvm::zip_equal(a.ops, b.ops), [&](const auto &pair) {
    const auto &[x, y] = pair;
    return same(x.weight, y.weight) && same(x.bias, y.bias);
  });
}

} // namespace ashlar
