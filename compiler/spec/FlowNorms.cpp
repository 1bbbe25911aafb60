// Norms, of rows and of heads.

#include "compiler/spec/Flow.h"

namespace ashlar {

std::optional<double> Flow::eps(spec::ExprId id) {
  std::optional<double> eps = in.evaluator.real(id, "eps");
  if (!eps || *eps >= 0)
    return eps;
  fail(in.file.expr(id), "eps is " + show(*eps) + ", and cannot be below 0");
  in.evaluator.noteKeys(id);
  return std::nullopt;
}

std::optional<Flow::Operand> Flow::rmsnorm(const spec::Expr &e) {
  std::optional<Operand> x = operand(e.operands[0]);
  std::optional<WeightId> w = x ? weight(e.operands[1], 1, "rmsnorm") : std::nullopt;
  if (!w)
    return std::nullopt;
  uint64_t columns = at(*x).columns / std::max<uint64_t>(x->heads, 1);
  if (in.model.weight(*w).shape[0] != columns)
    return fail(e, "rmsnorm of " + describe(*x) + " does not fit the weight " + describe(*w));
  std::optional<double> small = eps(e.operands[2]);
  if (!small)
    return std::nullopt;
  Op op = makeOp(OpKind::RmsNorm, {x->value});
  op.weight = w;
  op.eps = *small;
  op.heads = x->heads;
  op.headDim = x->heads ? columns : 0;
  Operand made =
      add(e, std::move(op), at(*x).columns, at(*x).lastOnly, in.file.expr(e.operands[1]).text);
  made.heads = x->heads;
  return made;
}

// A weight that is absent under this config is none: the norm then only shifts and scales.
std::optional<Flow::Operand> Flow::layernorm(const spec::Expr &e) {
  std::optional<Operand> x = whole(e.operands[0], "layernorm");
  if (!x)
    return std::nullopt;
  Op op = makeOp(OpKind::LayerNorm, {x->value});
  const spec::Expr &named = in.file.expr(e.operands[1]);
  const Symbol *symbol = named.kind == spec::ExprKind::Name ? in.symbols.find(named.text) : nullptr;
  if (!symbol || symbol->kind != Symbol::IsAbsentWeight) {
    op.weight = weight(e.operands[1], 1, "layernorm");
    if (!op.weight)
      return std::nullopt;
    if (in.model.weight(*op.weight).shape[0] != at(*x).columns)
      return fail(e, "layernorm of " + describe(*x) + " does not fit the weight " +
                         describe(*op.weight));
    op.bias = biasOf(*op.weight);
  }
  std::optional<double> small = eps(e.operands[2]);
  if (!small)
    return std::nullopt;
  op.eps = *small;
  return add(e, std::move(op), at(*x).columns, at(*x).lastOnly, named.text);
}

} // namespace ashlar
