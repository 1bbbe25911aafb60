#include "compiler/spec/Flow.h"

#include "llvm/ADT/STLExtras.h"

namespace ashlar {

std::optional<Block> Flow::run(std::string name, std::optional<uint32_t> layer) {
  block.name = std::move(name);
  block.kind = item.name.str();
  block.layer = layer;
  size_t mark = in.symbols.mark();
  bool good = inputs();
  for (const spec::Statement &next : item.statements)
    good = good && statement(next);
  in.symbols.release(mark);
  if (!good || !everythingIsUsed())
    return std::nullopt;
  inputsFirst();
  return std::move(block);
}

bool Flow::inputs() {
  if (const Symbol *symbol = in.symbols.find(item.output)) {
    in.errors.error(spec::at(item.output),
                    "\"" + item.output + "\" cannot name a stream: it has another meaning");
    in.errors.note(spec::at(symbol->name), "here");
    return false;
  }
  for (llvm::StringRef name : item.inputs) {
    std::optional<StreamId> found = in.streams.find(name);
    if (!found && name == "ids" && in.model.input) {
      in.errors.error(spec::at(name), "a model with an input reads rows, and no token ids");
      return false;
    }
    if (!found && name == "ids")
      found = in.streams.add("ids", 0, false);
    if (!found) {
      in.errors.error(spec::at(name),
                      "no block before this one writes the stream \"" + name + "\"");
      if (llvm::StringRef near = in.streams.nearestTo(name); !near.empty())
        in.errors.note("did you mean \"" + near + "\"?");
      return false;
    }
    StreamId id = *found;
    const Stream &stream = in.model.stream(id);
    Symbol symbol = {Symbol::IsValue, name, {}, {}, uint32_t(block.values.size())};
    if (!in.symbols.define(std::move(symbol), in.errors))
      return false;
    block.inputs.push_back(id);
    block.values.push_back({stream.name, stream.columns, stream.lastOnly, id});
    places.push_back(name);
    taken.insert({name.str(), stream.name});
  }
  for (const spec::Statement &statement : item.statements)
    taken.insert(statement.name.str()); // no temporary may have a variable's name
  named = block.values.size();
  return true;
}

bool Flow::statement(const spec::Statement &statement) {
  std::optional<Operand> made = operand(statement.value);
  if (!made || !fewValues(statement))
    return false;
  bool isNew = index(made->value) >= named;
  bool returns = statement.name.empty();
  for (; named < block.values.size(); ++named) {
    Value &value = block.values[named];
    if (named == index(made->value) && !returns)
      value.name = statement.name.str();
    else if (named == index(made->value))
      value.name = fresh(item.output);
    else if (!llvm::is_contained(ropeValues, static_cast<ValueId>(named)))
      value.name = fresh(value.name);
  }
  if (returns)
    return result(*made);
  if (isNew)
    places[index(made->value)] = statement.name;
  Symbol symbol = {Symbol::IsValue, statement.name, {}, {}, index(made->value), made->heads};
  return in.symbols.define(std::move(symbol), in.errors);
}

// What places values compares each with each.
bool Flow::fewValues(const spec::Statement &statement) {
  constexpr size_t MaxValues = 1024;
  if (block.values.size() <= MaxValues)
    return true;
  fail(in.file.expr(statement.value), "the block " + item.name + " has more than " +
                                          llvm::Twine(MaxValues) + " values up to here");
  in.errors.note("what it does can be several blocks, each of which reads what another writes");
  return false;
}

bool Flow::result(const Operand &operand) {
  const spec::Expr &e = in.file.expr(item.statements.back().value);
  if (operand.heads) {
    fail(e, "a stream holds whole values, not " + describe(operand));
    in.errors.note("put merge( ) around it");
    return false;
  }
  if (index(operand.value) < block.inputs.size())
    return fail(e, "the block returns its input \"" + at(operand).name + "\" as it came"), false;
  if (at(operand).part) {
    fail(e, "a stream holds whole values, and " + describe(operand) + " is a part of one");
    return false;
  }
  std::optional<StreamId> stream = output(operand);
  if (!stream)
    return false;
  block.output = *stream;
  at(operand).stream = block.output;
  return true;
}

std::optional<StreamId> Flow::output(const Operand &operand) {
  const Value &value = at(operand);
  std::optional<StreamId> known = in.streams.find(item.output);
  if (item.output == "ids" || (known && in.model.stream(*known).columns == 0)) {
    in.errors.error(spec::at(item.output), "no block can write the token ids");
    return std::nullopt;
  }
  if (item.isNew)
    return in.streams.renew(item.output, value.columns, value.lastOnly);
  if (!known)
    return in.streams.add(item.output, value.columns, value.lastOnly);
  if (known == in.model.input) {
    in.errors.error(spec::at(item.output), "no block can write the input");
    in.errors.note("with '-> new " + item.output + "' the name stands for what the block writes");
    return std::nullopt;
  }
  const Stream &stream = in.model.stream(*known);
  if (stream.columns == value.columns && stream.lastOnly == value.lastOnly)
    return known;
  return fail(in.file.expr(item.statements.back().value),
              "the stream " + item.output + " [" + (stream.lastOnly ? "last" : "tokens") + ", " +
                  llvm::Twine(stream.columns) + "] cannot take " + describe(operand));
}

// So the op that makes the result is the last one: whatever came after it would be of no use.
bool Flow::everythingIsUsed() {
  std::vector<bool> used(block.values.size());
  for (const Op &op : block.ops) {
    for (ValueId input : op.inputs) {
      used[index(input)] = true;
      if (const std::optional<Part> &part = block.values[index(input)].part)
        used[index(part->of)] = true;
    }
    if (op.kind == OpKind::Embed)
      for (auto [at, stream] : llvm::enumerate(block.inputs))
        if (in.model.stream(stream).columns == 0)
          used[at] = true;
  }
  bool good = true;
  for (auto [at, value] : llvm::enumerate(block.values)) {
    bool isResult = at >= block.inputs.size() && value.stream == block.output;
    if (used[at] || isResult || dividedParts.count(at))
      continue;
    in.errors.error(spec::at(places[at]), "\"" + value.name + "\" is never used");
    good = false;
  }
  return good;
}

// The ropes that the block turned out to use become inputs after those that it names.
void Flow::inputsFirst() {
  size_t declared = block.inputs.size(), ropes = ropeValues.size();
  std::vector<uint32_t> where(block.values.size());
  std::vector<Value> values(block.values.size());
  for (uint32_t from = 0, next = declared + ropes; from < where.size(); ++from) {
    auto rope = llvm::find(ropeValues, static_cast<ValueId>(from));
    where[from] = from < declared            ? from
                  : rope != ropeValues.end() ? declared + (rope - ropeValues.begin())
                                             : next++;
    values[where[from]] = std::move(block.values[from]);
  }
  block.values = std::move(values);
  for (Value &value : block.values)
    if (value.part)
      value.part->of = static_cast<ValueId>(where[index(value.part->of)]);
  for (size_t rope = 0; rope < ropes; ++rope)
    block.inputs.push_back(*block.values[declared + rope].stream);
  for (Op &op : block.ops) {
    for (ValueId &input : op.inputs)
      input = static_cast<ValueId>(where[index(input)]);
    op.result = static_cast<ValueId>(where[index(op.result)]);
  }
}

std::optional<Flow::Operand> Flow::operand(spec::ExprId id) {
  const spec::Expr &e = in.file.expr(id);
  if (e.kind == spec::ExprKind::Call)
    return call(e);
  if (e.kind == spec::ExprKind::Slice)
    return slice(e);
  if (e.kind == spec::ExprKind::Conditional) {
    std::optional<bool> condition = in.evaluator.boolean(e.operands[0], "a condition");
    return condition ? operand(e.operands[*condition ? 1 : 2]) : std::nullopt;
  }
  if (e.kind == spec::ExprKind::Binary &&
      (e.op == spec::Operator::Add || e.op == spec::Operator::Multiply))
    return elementwise(e);
  if (e.kind == spec::ExprKind::Binary || e.kind == spec::ExprKind::Unary)
    return fail(e, "'" + e.text + "' does not work on values; + and * do");
  if (e.kind != spec::ExprKind::Name)
    return fail(e, "a value is wanted here, and this is a constant");

  const Symbol *symbol = in.symbols.find(e.text);
  if (!symbol)
    return in.symbols.reportUnknown(e.text, in.errors), std::nullopt;
  switch (symbol->kind) {
  case Symbol::IsValue:
    if (block.values[symbol->id].columns == 0)
      return fail(e, "\"" + e.text + "\" holds token ids, which only embed takes");
    return Operand{static_cast<ValueId>(symbol->id), symbol->heads};
  case Symbol::IsWeight:
  case Symbol::IsAbsentWeight:
    fail(e, "\"" + e.text + "\" is a weight, and a value is wanted here");
    in.errors.note("weights go into embed, positions, linear and norms");
    return std::nullopt;
  case Symbol::IsRope:
    fail(e, "\"" + e.text + "\" is a rope, and a value is wanted here");
    in.errors.note("a rope goes into rope(value, " + e.text + ")");
    return std::nullopt;
  case Symbol::IsConstant:
    break;
  }
  return fail(e, "\"" + e.text + "\" is a constant, and a value is wanted here");
}

std::optional<Flow::Operand> Flow::whole(spec::ExprId id, llvm::StringRef op) {
  std::optional<Operand> made = operand(id);
  if (!made || !made->heads)
    return made;
  fail(in.file.expr(id), op + " takes a whole value, not " + describe(*made));
  in.errors.note("put merge( ) around it");
  return std::nullopt;
}

std::optional<WeightId> Flow::weight(spec::ExprId id, unsigned rank, llvm::StringRef op) {
  const spec::Expr &e = in.file.expr(id);
  const Symbol *symbol = e.kind == spec::ExprKind::Name ? in.symbols.find(e.text) : nullptr;
  if (e.kind == spec::ExprKind::Name && !symbol)
    return in.symbols.reportUnknown(e.text, in.errors), std::nullopt;
  if (symbol && symbol->kind == Symbol::IsAbsentWeight) {
    fail(e, "the weight \"" + e.text + "\" is absent under this config");
    in.errors.note(spec::at(symbol->name), "its condition is false");
    in.errors.note("use it under the same condition: if C then A else B");
    return std::nullopt;
  }
  if (!symbol || symbol->kind != Symbol::IsWeight)
    return fail(e, op + " takes the name of a weight here");
  WeightId found = static_cast<WeightId>(symbol->id);
  if (in.model.weight(found).shape.size() != rank) {
    fail(e, op + " takes a weight of " + (rank == 1 ? "one size" : "two sizes") + ", not " +
                describe(found));
    in.errors.note(spec::at(symbol->name), "declared here");
    return std::nullopt;
  }
  in.usedWeights[index(found)] = true;
  return found;
}

// A bias stands right behind its weight and belongs to no name of the spec.
std::optional<WeightId> Flow::biasOf(WeightId id) {
  const Weight &weight = in.model.weight(id);
  uint32_t next = index(id) + 1;
  if (next == in.model.weights.size() || in.model.weights[next].name != weight.name + "_bias" ||
      in.model.weights[next].declared != weight.declared)
    return std::nullopt;
  in.usedWeights[next] = true;
  return static_cast<WeightId>(next);
}

Flow::Operand Flow::add(const spec::Expr &e, Op op, uint64_t columns, bool lastOnly,
                        llvm::StringRef name) {
  op.result = static_cast<ValueId>(block.values.size());
  block.values.push_back({name.str(), columns, lastOnly});
  places.push_back(e.text); // until a variable takes the value
  block.ops.push_back(std::move(op));
  return {block.ops.back().result};
}

std::nullopt_t Flow::fail(const spec::Expr &e, const llvm::Twine &text) {
  in.errors.error(spec::at(e.text), text);
  return std::nullopt;
}

std::string Flow::describe(const Operand &operand) const {
  const Value &value = at(operand);
  std::string text = value.name + (value.lastOnly ? " [last, " : " [tokens, ");
  if (operand.heads)
    text += std::to_string(operand.heads) + " heads of ";
  return text + std::to_string(value.columns / std::max<uint64_t>(operand.heads, 1)) + "]";
}

std::string Flow::describe(WeightId id) const {
  const Weight &weight = in.model.weight(id);
  std::string text = llvm::StringRef(weight.name).rsplit('.').second.str();
  text = (text.empty() ? weight.name : text) + " [";
  for (auto [at, size] : llvm::enumerate(weight.shape))
    text += (at ? ", " : "") + std::to_string(size);
  return text + "]";
}

std::string Flow::fresh(llvm::StringRef base) {
  std::string name = base.str();
  for (unsigned &n = suffixes[base]; !taken.insert(name).second; ++n)
    name = base.str() + "_" + std::to_string(n + 2);
  return name;
}

} // namespace ashlar
