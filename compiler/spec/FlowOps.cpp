// The ops of the language, one function each. specs/README.md lists them.

#include "compiler/spec/Flow.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <cmath>

namespace ashlar {

namespace {

struct Signature {
  llvm::StringLiteral name;
  llvm::StringLiteral arguments;
  unsigned count; // of those without a name
  llvm::StringLiteral named;
};

constexpr Signature Signatures[] = {
    {"embed", "ids, weight", 2, ""},
    {"rmsnorm", "value, weight, eps", 3, ""},
    {"linear", "value, weight", 2, ""},
    {"split", "value, heads", 2, ""},
    {"merge", "value", 1, ""},
    {"rope", "value, rope", 2, ""},
    {"attend", "queries, keys, values, scale = …", 3, "scale"},
    {"glu", "gate, up, silu", 3, ""},
    {"silu", "value", 1, ""},
    {"last", "value", 1, ""},
};

Op makeOp(OpKind kind, llvm::ArrayRef<ValueId> inputs) {
  Op op = {};
  op.kind = kind;
  op.inputs.assign(inputs.begin(), inputs.end());
  return op;
}

} // namespace

std::optional<Flow::Operand> Flow::call(const spec::Expr &e) {
  const Signature *signature =
      llvm::find_if(Signatures, [&](const Signature &s) { return s.name == e.text; });
  if (signature == std::end(Signatures)) {
    std::vector<llvm::StringRef> known;
    for (const Signature &s : Signatures)
      known.push_back(s.name);
    fail(e, "unknown op \"" + e.text + "\"");
    if (llvm::StringRef near = nearest(e.text, known); !near.empty())
      in.errors.note("did you mean \"" + near + "\"?");
    else
      in.errors.note("there are " + llvm::join(known, ", "));
    return std::nullopt;
  }
  for (const spec::NamedArgument &argument : e.named)
    if (argument.name != signature->named) {
      in.errors.error(spec::at(argument.name),
                      e.text + " has no argument named \"" + argument.name + "\"");
      in.errors.note("write " + e.text + "(" + signature->arguments + ")");
      return std::nullopt;
    }
  if (e.operands.size() != signature->count || e.named.size() > 1) {
    fail(e, e.text + " takes " + llvm::Twine(signature->count) + " argument" +
                (signature->count == 1 ? "" : "s") + ", not " + llvm::Twine(e.operands.size()));
    in.errors.note("write " + e.text + "(" + signature->arguments + ")");
    return std::nullopt;
  }
  switch (signature - Signatures) {
  case 0:
    return embed(e);
  case 1:
    return rmsnorm(e);
  case 2:
    return linear(e);
  case 3:
    return split(e);
  case 4:
    return merge(e);
  case 5:
    return rope(e);
  case 6:
    return attend(e);
  case 7:
    return glu(e);
  case 8:
    return silu(e);
  default:
    return last(e);
  }
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
  if (!in.model.hidden) {
    in.model.vocabulary = shape[0];
    in.model.hidden = shape[1];
  }
  return add(e, std::move(op), shape[1], false, in.file.expr(e.operands[1]).text);
}

std::optional<Flow::Operand> Flow::rmsnorm(const spec::Expr &e) {
  std::optional<Operand> x = whole(e.operands[0], "rmsnorm");
  std::optional<WeightId> w = x ? weight(e.operands[1], 1, "rmsnorm") : std::nullopt;
  if (!w)
    return std::nullopt;
  if (in.model.weight(*w).shape[0] != at(*x).columns)
    return fail(e, "rmsnorm of " + describe(*x) + " does not fit the weight " + describe(*w));
  std::optional<double> eps = in.evaluator.real(e.operands[2], "eps");
  if (!eps)
    return std::nullopt;
  if (*eps < 0) {
    fail(in.file.expr(e.operands[2]), "eps is " + show(*eps) + ", and cannot be below 0");
    in.evaluator.noteKeys(e.operands[2]);
    return std::nullopt;
  }
  Op op = makeOp(OpKind::RmsNorm, {x->value});
  op.weight = w;
  op.eps = *eps;
  return add(e, std::move(op), at(*x).columns, at(*x).lastOnly, in.file.expr(e.operands[1]).text);
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
  Op op = makeOp(OpKind::Linear, {x->value});
  op.weight = w;
  // A bias stands right behind its weight and belongs to no name of the spec.
  uint32_t next = index(*w) + 1;
  if (next < in.model.weights.size() && in.model.weights[next].name == matrix.name + "_bias" &&
      in.model.weights[next].declared == matrix.declared) {
    op.bias = static_cast<WeightId>(next);
    in.usedWeights[next] = true;
  }
  return add(e, std::move(op), matrix.shape[0], at(*x).lastOnly, in.file.expr(e.operands[1]).text);
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
    auto stream =
        llvm::find_if(in.model.streams, [&](const Stream &s) { return s.name == rope.name; });
    if (stream == in.model.streams.end()) {
      in.model.streams.push_back({rope.name, rope.dims, false});
      stream = std::prev(in.model.streams.end());
    }
    StreamId id = static_cast<StreamId>(stream - in.model.streams.begin());
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
  for (const spec::NamedArgument &argument : e.named) {
    std::optional<double> scale = in.evaluator.real(argument.value, "the scale");
    if (!scale)
      return std::nullopt;
    op.scale = *scale;
  }
  Operand made = add(e, std::move(op), at(queries).columns, false, e.text);
  made.heads = queries.heads;
  return made;
}

bool Flow::isSilu(spec::ExprId id) {
  const spec::Expr &e = in.file.expr(id);
  if (e.kind == spec::ExprKind::Name && e.text == "silu")
    return true;
  fail(e, "glu takes the name of its activation here, and silu is the only one");
  return false;
}

static bool sameRows(const Value &a, const Value &b) {
  return a.columns == b.columns && a.lastOnly == b.lastOnly;
}

std::optional<Flow::Operand> Flow::glu(const spec::Expr &e) {
  std::optional<Operand> gate = whole(e.operands[0], "glu");
  std::optional<Operand> up = gate ? whole(e.operands[1], "glu") : std::nullopt;
  if (!up || !isSilu(e.operands[2]))
    return std::nullopt;
  if (!sameRows(at(*gate), at(*up)))
    return fail(e, "glu takes two values of one shape, not " + describe(*gate) + " and " +
                       describe(*up));
  Op op = makeOp(OpKind::Glu, {gate->value, up->value});
  return add(e, std::move(op), at(*gate).columns, at(*gate).lastOnly, e.text);
}

std::optional<Flow::Operand> Flow::silu(const spec::Expr &e) {
  std::optional<Operand> x = operand(e.operands[0]);
  if (!x)
    return std::nullopt;
  Op op = makeOp(OpKind::Silu, {x->value});
  Operand made = add(e, std::move(op), at(*x).columns, at(*x).lastOnly, e.text);
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
