// Ops on columns and heads, and attention.

#include "compiler/spec/Flow.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

namespace ashlar {

// A view: no op computes it. A part of a part is one of the whole.
std::optional<Flow::Operand> Flow::slice(const spec::Expr &e) {
  std::optional<Operand> x = whole(e.operands[0], "a range of columns");
  if (!x)
    return std::nullopt;
  uint64_t columns = at(*x).columns;
  std::optional<int64_t> begin =
      in.evaluator.integer(e.operands[1], "the first column", 0, int64_t(columns) - 1);
  std::optional<int64_t> end = begin ? in.evaluator.integer(e.operands[2], "the end of the columns",
                                                            *begin + 1, int64_t(columns))
                                     : std::nullopt;
  if (!end)
    return std::nullopt;
  Value value = {at(*x).name, uint64_t(*end - *begin), at(*x).lastOnly};
  value.part = Part{x->value, uint64_t(*begin)};
  if (at(*x).part) {
    dividedParts.insert(index(x->value));
    value.part->of = at(*x).part->of;
    value.part->first += at(*x).part->first;
  }
  block.values.push_back(std::move(value));
  places.push_back(e.text);
  return Operand{static_cast<ValueId>(block.values.size() - 1)};
}

std::optional<Flow::Operand> Flow::split(const spec::Expr &e) {
  std::optional<Operand> x = whole(e.operands[0], "split");
  if (!x)
    return std::nullopt;
  std::optional<int64_t> heads =
      in.evaluator.integer(e.operands[1], "the number of heads", 1, MaxSize);
  if (!heads)
    return std::nullopt;
  if (at(*x).columns % uint64_t(*heads) != 0) {
    fail(e, describe(*x) + " does not split into " + llvm::Twine(*heads) + " heads");
    in.evaluator.noteKeys(e.operands[1]);
    return std::nullopt;
  }
  return Operand{x->value, uint64_t(*heads)};
}

std::optional<Flow::Operand> Flow::merge(const spec::Expr &e) {
  std::optional<Operand> x = operand(e.operands[0]);
  if (!x)
    return std::nullopt;
  if (!x->heads)
    return fail(e, "merge takes a value that is split into heads, not " + describe(*x));
  return Operand{x->value};
}

std::optional<Flow::Operand> Flow::rope(const spec::Expr &e) {
  std::optional<Operand> x = operand(e.operands[0]);
  if (!x)
    return std::nullopt;
  const spec::Expr &name = in.file.expr(e.operands[1]);
  const Symbol *symbol = name.kind == spec::ExprKind::Name ? in.symbols.find(name.text) : nullptr;
  if (name.kind == spec::ExprKind::Name && !symbol)
    return in.symbols.reportUnknown(name.text, in.errors), std::nullopt;
  if (!symbol || symbol->kind != Symbol::IsRope)
    return fail(name, "rope takes the name of a rope here");
  const Rope &rope = in.model.ropes[symbol->id];
  if (!x->heads) {
    fail(e, "rope takes a value that is split into heads, not " + describe(*x));
    in.errors.note("put split( , heads) around it");
    return std::nullopt;
  }
  uint64_t headDim = at(*x).columns / x->heads;
  if (rope.dims > headDim)
    return fail(e, "the rope " + rope.name + " rotates " + llvm::Twine(rope.dims) +
                       " columns of a head, more than " + describe(*x) + " has");
  if (at(*x).lastOnly)
    return fail(e, "rope takes a row for each token, not " + describe(*x));

  auto angles = llvm::find_if(
      ropeValues, [&](ValueId id) { return block.values[index(id)].name == rope.name; });
  if (angles == ropeValues.end()) {
    std::optional<StreamId> known = in.streams.find(rope.name);
    StreamId id = known ? *known : in.streams.add(rope.name, rope.dims, false);
    ropeValues.push_back(static_cast<ValueId>(block.values.size()));
    block.values.push_back({rope.name, rope.dims, false, id});
    places.push_back(name.text);
    taken.insert(rope.name);
    angles = std::prev(ropeValues.end());
  }
  Op op = makeOp(OpKind::Rotate, {x->value, *angles});
  op.rope = symbol->id;
  op.heads = x->heads;
  op.headDim = headDim;
  Operand made = add(e, std::move(op), at(*x).columns, false, e.text);
  made.heads = x->heads;
  return made;
}

std::optional<Flow::Operand> Flow::attend(const spec::Expr &e) {
  std::optional<Operand> x[3];
  for (unsigned i = 0; i < 3; ++i) {
    if (!(x[i] = operand(e.operands[i])))
      return std::nullopt;
    if (!x[i]->heads || at(*x[i]).lastOnly) {
      fail(in.file.expr(e.operands[i]),
           "attend takes rows for all tokens, split into heads, not " + describe(*x[i]));
      return std::nullopt;
    }
  }
  auto [queries, keys, values] = std::tie(*x[0], *x[1], *x[2]);
  uint64_t headDim = at(queries).columns / queries.heads;
  if (at(keys).columns != headDim * keys.heads || at(values).columns != at(keys).columns ||
      values.heads != keys.heads || queries.heads % keys.heads != 0) {
    fail(e, "attend cannot combine " + describe(queries) + ", " + describe(keys) + " and " +
                describe(values));
    in.errors.note("all heads have the same size, keys and values the same number of them, and the "
                   "queries a multiple of that");
    return std::nullopt;
  }
  // What kernels work on lies on the stacks of their threads.
  constexpr uint64_t MostColumns = 1024, MostOfAll = 65536;
  if (headDim > MostColumns || at(queries).columns > MostOfAll) {
    fail(e, "attend of " + describe(queries) + ": a head has " + llvm::Twine(MostColumns) +
                " columns at most, all of them together " + llvm::Twine(MostOfAll));
    return std::nullopt;
  }
  if (!block.layer) {
    fail(e, "attend stands outside of a layer, and its cache belongs to one");
    in.errors.note("put the block into an 'each'");
    return std::nullopt;
  }
  Op op = makeOp(OpKind::Attend, {queries.value, keys.value, values.value});
  op.heads = queries.heads;
  op.kvHeads = keys.heads;
  op.headDim = headDim;
  op.scale = 1 / std::sqrt(double(headDim));
  for (const spec::NamedArgument &argument : e.named)
    if (!attendOption(argument, op))
      return std::nullopt;
  Operand made = add(e, std::move(op), at(queries).columns, false, e.text);
  made.heads = queries.heads;
  return made;
}

bool Flow::attendOption(const spec::NamedArgument &argument, Op &op) {
  if (argument.name == "scale") {
    std::optional<double> scale = in.evaluator.real(argument.value, "the scale");
    op.scale = scale.value_or(0);
    return scale.has_value();
  }
  std::optional<Constant> window = in.evaluator.value(argument.value);
  if (!window || std::holds_alternative<std::monostate>(*window)) // null: none
    return window.has_value();
  std::optional<int64_t> positions =
      in.evaluator.integer(argument.value, "the window", 1, int64_t(1) << 40);
  op.window = uint64_t(positions.value_or(0));
  return positions.has_value();
}

} // namespace ashlar
