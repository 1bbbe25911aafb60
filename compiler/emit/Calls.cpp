#include "compiler/emit/Calls.h"

#include "compiler/spec/OnTheWay.h"

#include "runtime/Step.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <numeric>

namespace ashlar::emission {

bool meet(const std::vector<Access> &a, const std::vector<Access> &b) {
  for (const Access &x : a)
    for (const Access &y : b)
      if (x.memory == y.memory && x.begin < y.end && y.begin < x.end)
        return true;
  return false;
}

namespace {
/// Builds the calls of one unit.
class Builder {
public:
  Builder(const Names &names, uint32_t unit, StepRows rows)
      : names(names), unit(unit), block(names.model.blocks[unit]), rows(rows),
        rounded(roundedValues(block, [&](const Op &op) { return rounds(op); })) {}

  std::vector<Call> calls;

  /// What products of these steps do instead of other ops.
  std::vector<OnTheWay> onTheWay() const {
    switch (rows) {
    case StepRows::One:
      return ashlar::onTheWay(block);
    case StepRows::Chunk:
      return ashlar::onTheWay(block, rounded);
    case StepRows::Batch:
      break;
    }
    return std::vector<OnTheWay>(block.ops.size(), OnTheWay::Nothing);
  }

  void add(const Op &op) {
    switch (op.kind) {
    case OpKind::Embed:
      return simple(op, "embed");
    case OpKind::Angles: {
      const Rope &rope = names.model.ropes[op.rope];
      Call call = make(op, "angles");
      call.arguments = llvm::formatv("rope::{0}, {1}, {2}", rope.name, floatLiteral(rope.amplitude),
                                     names.value(unit, op.result));
      calls.push_back(std::move(call));
      return;
    }
    case OpKind::Positions:
      return simple(op, llvm::formatv("positions<{0}>", op.offset));
    case OpKind::RmsNorm:
      if (op.heads)
        return norm(op, llvm::formatv("rmsnorm<{0}, {1}>", op.heads, op.headDim));
      return norm(op, "rmsnorm");
    case OpKind::LayerNorm:
      return norm(op, "layernorm");
    case OpKind::Rotate:
      return simple(op, llvm::formatv("rotate<{0}, {1}>", op.heads, op.headDim));
    case OpKind::Attend:
      return attend(op);
    case OpKind::Linear:
      return linear(op);
    case OpKind::Glu:
      return simple(op, llvm::formatv("glu<{0}>", functor(op.activation)));
    case OpKind::Activate:
      return simple(op, llvm::formatv("activate<{0}>", functor(op.activation)));
    case OpKind::Add:
      return simple(op, "add");
    case OpKind::Multiply:
      return simple(op, "multiply");
    case OpKind::Last:
      return simple(op, "last");
    }
  }

  /// The call of the product before becomes that of the sum, unless that would write over what the
  /// product still reads.
  void addToSum(const Op &sum, const Op &product) {
    Call call = make(sum, "linear");
    if (meet(call.writes, calls.back().reads))
      return add(sum);
    ValueId other = sum.inputs[sum.inputs.front() == product.result ? 1 : 0];
    call.reads = calls.back().reads;
    call.reads.push_back(ofValue(other));
    std::vector<std::string> arguments = operands(product);
    arguments.push_back(names.value(unit, other));
    arguments.push_back(names.value(unit, sum.result));
    call.arguments = llvm::join(arguments, ", ");
    calls.back() = std::move(call);
  }

  /// The same of the two products before, whose weights must be of one kind.
  void addGated(const Op &glu, const Op &first, const Op &second) {
    Call call = make(glu, llvm::formatv("glu<{0}>", functor(glu.activation)));
    call.reads = calls.back().reads;
    llvm::append_range(call.reads, calls[calls.size() - 2].reads);
    const plan::Weight &one = names.stored(*first.weight), &other = names.stored(*second.weight);
    if (meet(call.writes, call.reads) || one.type != other.type || one.layout != other.layout)
      return add(glu);
    bool inOrder = glu.inputs.front() == first.result;
    call.arguments =
        llvm::formatv("{0}, {1}, {2}, {3}", value(first.inputs.front()),
                      names.weight(unit, *(inOrder ? first : second).weight),
                      names.weight(unit, *(inOrder ? second : first).weight), value(glu.result));
    if (rows == StepRows::One)
      call.joint = joint(Joint::Gated, first, call, 2);
    calls.pop_back();
    calls.back() = std::move(call);
  }

  void copyResult() {
    const Op &op = block.ops.back();
    const Stream &stream = names.model.stream(block.output);
    Call call = make(op, "copy");
    call.reads = call.writes;
    call.writes.clear();
    for (const plan::Value &value : names.streams().values)
      if (value.name == stream.name)
        call.writes.push_back(access(names.streams().place,
                                     names.plan.address(names.streams().place) + value.offset,
                                     value.size));
    call.arguments = llvm::formatv("{0}, stream::{1}", names.value(unit, op.result), stream.name);
    calls.push_back(std::move(call));
  }

private:
  /// The type by which kernels are given an activation.
  std::string functor(Activation activation) const {
    constexpr llvm::StringLiteral Types[] = {"Silu", "Gelu",        "GeluTanh", "GeluQuick",
                                             "Relu", "ReluSquared", "Sigmoid",  "Tanh"};
    return "cpu::" + Types[static_cast<uint8_t>(activation)].str();
  }
  static Access access(const plan::Place &place, uint64_t address, Bytes size) {
    return {place.memory, address, address + size.value};
  }
  Access ofValue(ValueId id) const {
    // Of a part, all that it is a part of.
    return access(names.streams().place, names.address(unit, id), names.placed(unit, id).size);
  }
  Access ofWeight(WeightId id) const {
    const plan::Weight &weight = names.stored(id);
    return access(weight.place, names.plan.address(weight.place), weight.size);
  }

  /// A call with what the op touches, its arguments still to be written.
  Call make(const Op &op, std::string kernel) const {
    Call call;
    call.kernel = std::move(kernel);
    const Value &result = block.values[index(op.result)];
    call.lastOnly = result.lastOnly;
    call.comment = llvm::formatv("[{0}, {1}]", result.lastOnly ? "1" : "T", result.columns);
    for (ValueId input : op.inputs)
      call.reads.push_back(ofValue(input));
    for (auto id : {op.weight, op.bias})
      if (id)
        call.reads.push_back(ofWeight(*id));
    call.writes.push_back(ofValue(op.result));
    return call;
  }

  /// Whether a product rounds the rows that it reads.
  bool rounds(const Op &op) const {
    const plan::Weight &weight = names.stored(*op.weight);
    return rows == StepRows::Chunk && names.roundsIn(unit) && weight.type == DataType::BF16 &&
           weight.layout == plan::Layout::Panels && !block.values[index(op.result)].lastOnly;
  }

  std::string value(ValueId id) const {
    std::string name = names.value(unit, id);
    if (!rounded[index(id)])
      return name;
    return name + (writtenOverInput(id) ? ".roundedInPlace()" : ".rounded()");
  }
  /// Whether the op that computes a value writes to bytes of what it reads.
  bool writtenOverInput(ValueId id) const {
    std::vector<OnTheWay> done = onTheWay();
    for (auto [at, op] : llvm::enumerate(block.ops))
      if (op.result == id && done[at] == OnTheWay::Nothing)
        return meet(make(op, "").reads, {ofValue(id)});
    return false;
  }
  std::vector<std::string> operands(const Op &op) const {
    std::vector<std::string> result;
    for (ValueId input : op.inputs)
      result.push_back(value(input));
    for (auto id : {op.weight, op.bias})
      if (id)
        result.push_back(names.weight(unit, *id));
    return result;
  }

  void norm(const Op &op, std::string kernel) {
    std::string eps = ", " + floatLiteral(float(op.eps));
    simple(op, kernel);
    Call &call = calls.back();
    call.arguments += eps;
    if (rows != StepRows::One || op.heads || !isOwn(op.result) ||
        block.values[index(op.result)].columns > uint64_t(host::StackColumns))
      return;
    call.joint = joint(Joint::Norm, op, call, readsOf(op.result));
    call.joint->made = llvm::formatv("{0}ed({1}{2})", kernel, llvm::join(operands(op), ", "), eps);
  }

  /// What a call that reads one row of an op's first input can be joined by.
  Joint joint(Joint::Kind kind, const Op &op, const Call &call, size_t reads) const {
    ValueId row = op.inputs.front();
    Joint result{kind, row, op.result, reads};
    if (kind == Joint::Norm)
      return result;
    result.given = value(row);
    result.rest = llvm::StringRef(call.arguments).drop_front(result.given.size() + 2).str();
    const plan::Weight &weight = names.stored(*op.weight);
    result.type = weight.type;
    result.layout = weight.layout;
    return result;
  }
  size_t readsOf(ValueId id) const {
    size_t reads = 0;
    for (const Op &op : block.ops)
      reads += llvm::count(op.inputs, id);
    return reads;
  }
  /// Whether a value is known to this unit alone, and as a whole.
  bool isOwn(ValueId id) const {
    return !block.values[index(id)].stream && llvm::none_of(block.values, [&](const Value &value) {
      return value.part && value.part->of == id;
    });
  }

  /// Inputs, weight, bias, result: the order of most kernels' arguments.
  void simple(const Op &op, std::string kernel) {
    Call call = make(op, std::move(kernel));
    std::vector<std::string> arguments = operands(op);
    arguments.push_back(value(op.result));
    call.arguments = llvm::join(arguments, ", ");
    calls.push_back(std::move(call));
  }

  void linear(const Op &op) {
    const plan::Weight &weight = names.stored(*op.weight);
    if (rows == StepRows::Chunk && names.isForTorch(unit, op))
      return torchLinear(op, weight);
    simple(op, "linear");
    Call &call = calls.back();
    call.rounds = rounds(op) && !rounded[index(op.inputs.front())];
    if (rows == StepRows::One)
      call.joint = joint(Joint::Product, op, call, 1);
  }

  /// By LibTorch. Its products with weights of bf16 take rows of bf16: those of x are rounded once
  /// for all products that follow, until x is written again.
  void torchLinear(const Op &op, const plan::Weight &weight) {
    if (weight.type != DataType::BF16) {
      simple(op, "linear");
      calls.back().space = "torch";
      return;
    }
    plan::Place place = *names.plan.hostRegion("torch");
    Access scratch = access(place, names.plan.address(place), names.plan.region(place).size);
    if (!isInScratch(op.inputs.front())) {
      Call round = make(op, "round");
      round.space = "torch";
      round.reads = {ofValue(op.inputs.front())};
      round.writes = {scratch};
      round.arguments = names.value(unit, op.inputs.front()) + ", scratch";
      round.comment = llvm::formatv("[T, {0}]", weight.columns);
      calls.push_back(std::move(round));
      inScratch = {op.inputs.front(), calls.size()};
    }
    simple(op, "linear");
    calls.back().space = "torch";
    calls.back().arguments += ", scratch";
    calls.back().reads.push_back(scratch);
  }

  bool isInScratch(ValueId id) const {
    if (!inScratch || inScratch->first != id)
      return false;
    Access value = ofValue(id);
    return llvm::none_of(llvm::drop_begin(calls, inScratch->second),
                         [&](const Call &call) { return meet(call.writes, {value}); });
  }

  /// Keys and values go to the cache; then the queries attend over all of it.
  void attend(const Op &op) {
    const plan::Cache &cache = *names.plan.units[unit].cache;
    auto half = [&](const plan::Place &place) {
      return access(place, names.plan.address(place), cache.size);
    };
    for (auto [input, member, place] : {std::tuple(op.inputs[1], "at.keys", cache.keys),
                                        std::tuple(op.inputs[2], "at.values", cache.values)}) {
      Call store;
      store.kernel = "store";
      store.arguments = llvm::formatv("{0}, {1}", names.value(unit, input), member);
      store.comment = llvm::formatv("[T, {0}]", cache.heads * cache.dim);
      store.reads.push_back(ofValue(input));
      store.writes.push_back(half(place));
      calls.push_back(std::move(store));
    }
    std::string window = op.window ? llvm::formatv("<{0}>", op.window).str() : "";
    bool cuts = rows != StepRows::Chunk && names.pieces(op) > 1;
    Call call = make(op, (cuts ? "attendPieces" : "attend") + window);
    call.reads = {ofValue(op.inputs[0]), half(cache.keys), half(cache.values)};
    std::string to = value(op.result);
    if (cuts) {
      to = names.pieceName(op);
      plan::Place place = *names.plan.hostRegion("pieces");
      call.writes = {access(place, names.plan.address(place), names.plan.region(place).size)};
      call.comment = llvm::formatv("[T, {0} pieces]", names.pieces(op));
    }
    call.arguments =
        llvm::formatv("{0}, at.keys, at.values, {1}, {2}", names.value(unit, op.inputs[0]), to,
                      floatLiteral(float(op.scale)));
    calls.push_back(std::move(call));
    if (!cuts)
      return;
    Call join = make(op, "joinPieces" + window);
    join.reads = calls.back().writes;
    join.arguments = to + ", " + value(op.result);
    calls.push_back(std::move(join));
  }

  const Names &names;
  uint32_t unit;
  const Block &block;
  StepRows rows;
  std::vector<bool> rounded; // values that are rounded by who writes them
  /// What stands rounded in LibTorch's scratch, and the calls before it did.
  std::optional<std::pair<ValueId, size_t>> inScratch;
};
} // namespace

std::vector<Call> callsOf(const Names &names, uint32_t unit, StepRows rows) {
  Builder builder(names, unit, rows);
  const Block &block = names.model.blocks[unit];
  std::vector<OnTheWay> done = builder.onTheWay();
  for (size_t at = 0; at < block.ops.size(); ++at) {
    const Op &op = block.ops[at];
    if (done[at] == OnTheWay::Sum)
      builder.addToSum(op, block.ops[at - 1]);
    else if (done[at] == OnTheWay::Gated)
      builder.addGated(op, block.ops[at - 2], block.ops[at - 1]);
    else
      builder.add(op);
  }
  if (names.copiesResult(unit))
    builder.copyResult();
  return std::move(builder.calls);
}

static bool mustWait(const Call &call, const Call &earlier) {
  return meet(earlier.writes, call.reads) || meet(earlier.writes, call.writes) ||
         meet(earlier.reads, call.writes);
}

std::vector<bool> arrange(std::vector<Call> &calls) {
  // How many calls must be done one after another before this one.
  std::vector<uint32_t> depths(calls.size(), 0);
  for (size_t at = 0; at < calls.size(); ++at)
    for (size_t before = 0; before < at; ++before)
      if (mustWait(calls[at], calls[before]))
        depths[at] = std::max(depths[at], depths[before] + 1);
  std::vector<size_t> order(calls.size());
  std::iota(order.begin(), order.end(), 0);
  auto key = [&](size_t at) { return std::pair(calls[at].lastOnly, depths[at]); };
  llvm::stable_sort(order, [&](size_t a, size_t b) { return key(a) < key(b); });
  std::vector<Call> arranged;
  std::vector<bool> waits;
  for (auto [place, at] : llvm::enumerate(order)) {
    waits.push_back(place > 0 && key(at) != key(order[place - 1]));
    arranged.push_back(std::move(calls[at]));
  }
  calls = std::move(arranged);
  return waits;
}

} // namespace ashlar::emission
