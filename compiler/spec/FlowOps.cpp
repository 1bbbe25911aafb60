// The ops of the language, one function each. specs/README.md lists them.

#include "compiler/spec/Activations.h"
#include "compiler/spec/Flow.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <set>

namespace ashlar {

Op Flow::makeOp(OpKind kind, llvm::ArrayRef<ValueId> inputs) {
  Op op = {};
  op.kind = kind;
  op.inputs.assign(inputs.begin(), inputs.end());
  return op;
}

std::optional<Flow::Operand> Flow::call(const spec::Expr &e) {
  struct Signature {
    llvm::StringLiteral name;
    llvm::StringLiteral arguments;
    unsigned count; // of those without a name
    std::optional<Operand> (Flow::*make)(const spec::Expr &e);
    llvm::StringLiteral named[2];
  };
  static constexpr Signature Signatures[] = {
      {"embed", "ids, weight", 2, &Flow::embed, {"", ""}},
      {"positions", "weight, offset = …", 1, &Flow::positions, {"offset", ""}},
      {"rmsnorm", "value, weight, eps", 3, &Flow::rmsnorm, {"", ""}},
      {"layernorm", "value, weight, eps", 3, &Flow::layernorm, {"", ""}},
      {"linear", "value, weight", 2, &Flow::linear, {"", ""}},
      {"split", "value, heads", 2, &Flow::split, {"", ""}},
      {"merge", "value", 1, &Flow::merge, {"", ""}},
      {"rope", "value, rope", 2, &Flow::rope, {"", ""}},
      {"attend",
       "queries, keys, values, scale = …, window = …",
       3,
       &Flow::attend,
       {"scale", "window"}},
      {"glu", "gate, up, activation", 3, &Flow::glu, {"", ""}},
      {"act", "value, activation", 2, &Flow::act, {"", ""}},
      {"last", "value", 1, &Flow::last, {"", ""}},
  };
  const Signature *signature =
      llvm::find_if(Signatures, [&](const Signature &s) { return s.name == e.text; });
  std::optional<Activation> byName = findActivation(e.text);
  if (signature == std::end(Signatures) && !byName) {
    std::vector<llvm::StringRef> known;
    for (const Signature &s : Signatures)
      known.push_back(s.name);
    std::string all = llvm::join(known, ", ");
    llvm::append_range(known, activationNames());
    fail(e, "unknown op \"" + e.text + "\"");
    if (llvm::StringRef near = nearest(e.text, known); !near.empty())
      in.errors.note("did you mean \"" + near + "\"?");
    else
      in.errors.note("there are " + all + ", and activations by their names");
    return std::nullopt;
  }
  llvm::StringRef arguments = byName ? "value" : llvm::StringRef(signature->arguments);
  unsigned count = byName ? 1 : signature->count;
  std::set<llvm::StringRef> given;
  for (const spec::NamedArgument &argument : e.named) {
    bool known = !byName && llvm::is_contained(signature->named, argument.name);
    if (known && given.insert(argument.name).second)
      continue;
    in.errors.error(spec::at(argument.name),
                    known ? "\"" + argument.name + "\" is given twice"
                          : e.text + " has no argument named \"" + argument.name + "\"");
    in.errors.note("write " + e.text + "(" + arguments + ")");
    return std::nullopt;
  }
  if (e.operands.size() != count) {
    fail(e, e.text + " takes " + llvm::Twine(count) + " argument" + (count == 1 ? "" : "s") +
                ", not " + llvm::Twine(e.operands.size()));
    in.errors.note("write " + e.text + "(" + arguments + ")");
    return std::nullopt;
  }
  bool ofSequence = llvm::is_contained({"positions", "rope", "attend", "last"}, e.text);
  if (in.model.input && !byName && ofSequence)
    return fail(e, e.text + " is for the tokens of a sequence; this model's rows are independent");
  return byName ? activate(e, *byName) : (this->*signature->make)(e);
}

std::optional<Flow::Operand> Flow::embed(const spec::Expr &e) {
  const spec::Expr &ids = in.file.expr(e.operands[0]);
  const Symbol *symbol = ids.kind == spec::ExprKind::Name ? in.symbols.find(ids.text) : nullptr;
  if (!symbol || symbol->kind != Symbol::IsValue || block.values[symbol->id].columns != 0)
    return fail(ids, "embed takes the token ids, the stream \"ids\"");
  std::optional<WeightId> table = weight(e.operands[1], 2, "embed");
  if (!table)
    return std::nullopt;
  Op op = makeOp(OpKind::Embed, {});
  op.weight = table;
  const std::vector<uint64_t> &shape = in.model.weight(*table).shape;
  if (!in.model.vocabulary)
    in.model.vocabulary = shape[0];
  return add(e, std::move(op), shape[1], false, in.file.expr(e.operands[1]).text);
}

std::optional<Flow::Operand> Flow::positions(const spec::Expr &e) {
  std::optional<WeightId> table = weight(e.operands[0], 2, "positions");
  if (!table)
    return std::nullopt;
  Op op = makeOp(OpKind::Positions, {});
  op.weight = table;
  const std::vector<uint64_t> &shape = in.model.weight(*table).shape;
  for (const spec::NamedArgument &argument : e.named) {
    std::optional<int64_t> offset =
        in.evaluator.integer(argument.value, "the offset", 0, int64_t(shape[0]) - 1);
    if (!offset)
      return std::nullopt;
    op.offset = uint64_t(*offset);
  }
  return add(e, std::move(op), shape[1], false, in.file.expr(e.operands[0]).text);
}

std::optional<Flow::Operand> Flow::linear(const spec::Expr &e) {
  std::optional<Operand> x = whole(e.operands[0], "linear");
  std::optional<WeightId> w = x ? weight(e.operands[1], 2, "linear") : std::nullopt;
  if (!w)
    return std::nullopt;
  const Weight &matrix = in.model.weight(*w);
  if (matrix.shape[1] != at(*x).columns) {
    fail(e, "linear of " + describe(*x) + " does not fit the weight " + describe(*w) +
                ", which takes " + llvm::Twine(matrix.shape[1]) + " columns");
    in.errors.note(matrix.declared, "declared here");
    return std::nullopt;
  }
  // What a thread computes of a row before it counts lies on its stack.
  constexpr uint64_t MostOutputs = uint64_t(1) << 22;
  if (matrix.shape[0] > MostOutputs) {
    fail(e, "linear with the weight " + describe(*w) + " has " + llvm::Twine(matrix.shape[0]) +
                " outputs; at most " + llvm::Twine(MostOutputs) + " are allowed");
    return std::nullopt;
  }
  Op op = makeOp(OpKind::Linear, {x->value});
  op.weight = w;
  op.bias = biasOf(*w);
  return add(e, std::move(op), matrix.shape[0], at(*x).lastOnly, in.file.expr(e.operands[1]).text);
}

static bool sameRows(const Value &a, const Value &b) {
  return a.columns == b.columns && a.lastOnly == b.lastOnly;
}

std::optional<Flow::Operand> Flow::glu(const spec::Expr &e) {
  std::optional<Operand> gate = whole(e.operands[0], "glu");
  std::optional<Operand> up = gate ? whole(e.operands[1], "glu") : std::nullopt;
  std::optional<Activation> with = up ? activation(e.operands[2]) : std::nullopt;
  if (!with)
    return std::nullopt;
  if (!sameRows(at(*gate), at(*up)))
    return fail(e, "glu takes two values of one shape, not " + describe(*gate) + " and " +
                       describe(*up));
  Op op = makeOp(OpKind::Glu, {gate->value, up->value});
  op.activation = *with;
  return add(e, std::move(op), at(*gate).columns, at(*gate).lastOnly, e.text);
}

std::optional<Activation> Flow::activation(spec::ExprId id) {
  const spec::Expr &e = in.file.expr(id);
  if (e.kind == spec::ExprKind::Name && !in.symbols.find(e.text)) {
    if (std::optional<Activation> found = findActivation(e.text))
      return found;
    fail(e, "unknown activation \"" + e.text + "\"");
    noteActivations(e.text, in.errors);
    return std::nullopt;
  }
  return in.evaluator.activation(id);
}

std::optional<Flow::Operand> Flow::act(const spec::Expr &e) {
  std::optional<Activation> with = activation(e.operands[1]);
  return with ? activate(e, *with) : std::nullopt;
}

std::optional<Flow::Operand> Flow::activate(const spec::Expr &e, Activation activation) {
  std::optional<Operand> x = operand(e.operands[0]);
  if (!x)
    return std::nullopt;
  Op op = makeOp(OpKind::Activate, {x->value});
  op.activation = activation;
  Operand made = add(e, std::move(op), at(*x).columns, at(*x).lastOnly, name(activation));
  made.heads = x->heads;
  return made;
}

std::optional<Flow::Operand> Flow::last(const spec::Expr &e) {
  std::optional<Operand> x = whole(e.operands[0], "last");
  if (!x)
    return std::nullopt;
  if (at(*x).lastOnly)
    return fail(e, describe(*x) + " is one row already");
  Op op = makeOp(OpKind::Last, {x->value});
  return add(e, std::move(op), at(*x).columns, true, e.text);
}

std::optional<Flow::Operand> Flow::elementwise(const spec::Expr &e) {
  std::optional<Operand> a = operand(e.operands[0]);
  std::optional<Operand> b = a ? operand(e.operands[1]) : std::nullopt;
  if (!b)
    return std::nullopt;
  if (!sameRows(at(*a), at(*b)) || a->heads != b->heads)
    return fail(e, "'" + e.text + "' takes two values of one shape, not " + describe(*a) + " and " +
                       describe(*b));
  bool sum = e.op == spec::Operator::Add;
  Op op = makeOp(sum ? OpKind::Add : OpKind::Multiply, {a->value, b->value});
  Operand made = add(e, std::move(op), at(*a).columns, at(*a).lastOnly, sum ? "sum" : "product");
  made.heads = a->heads;
  return made;
}

} // namespace ashlar
