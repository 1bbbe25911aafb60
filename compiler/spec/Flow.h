/// The data flow of one block: its statements become values and ops, and the shapes of both sides
/// of every op are compared.
#pragma once

#include "compiler/spec/Evaluate.h"
#include "compiler/spec/Model.h"
#include "compiler/spec/Streams.h"

#include "llvm/ADT/StringMap.h"

#include <optional>
#include <set>

namespace ashlar {

/// What the blocks of a spec are checked against, and add to.
struct FlowContext {
  const spec::File &file;
  Model &model;
  Symbols &symbols;
  Evaluator &evaluator;
  Errors &errors;
  Streams &streams;
  std::vector<bool> &usedWeights; // by WeightId
};

/// Checks one block and is done. `name` and `layer` are for the block; the streams that it writes
/// for the first time, and those of the ropes that it uses, are added to the model.
class Flow {
public:
  Flow(FlowContext context, const spec::BlockItem &item) : in(context), item(item) {}
  std::optional<Block> run(std::string name, std::optional<uint32_t> layer);

private:
  /// A value as an expression sees it: whole, or as so many heads.
  struct Operand {
    ValueId value;
    uint64_t heads = 0;
  };

  bool inputs();
  bool statement(const spec::Statement &statement);
  bool fewValues(const spec::Statement &statement);
  bool result(const Operand &operand);
  std::optional<StreamId> output(const Operand &operand);
  bool everythingIsUsed();
  void inputsFirst();

  std::optional<Operand> operand(spec::ExprId id);
  std::optional<Operand> whole(spec::ExprId id, llvm::StringRef op);
  std::optional<WeightId> weight(spec::ExprId id, unsigned rank, llvm::StringRef op);
  std::optional<WeightId> biasOf(WeightId id);
  std::optional<Operand> elementwise(const spec::Expr &e);
  std::optional<Operand> call(const spec::Expr &e);
  std::optional<Operand> embed(const spec::Expr &e);
  std::optional<Operand> positions(const spec::Expr &e);
  std::optional<Operand> linear(const spec::Expr &e);
  std::optional<Operand> glu(const spec::Expr &e);
  std::optional<Operand> activate(const spec::Expr &e, Activation activation);
  std::optional<Operand> act(const spec::Expr &e);
  std::optional<Operand> last(const spec::Expr &e);
  std::optional<Activation> activation(spec::ExprId id);
  // FlowNorms.cpp
  std::optional<Operand> rmsnorm(const spec::Expr &e);
  std::optional<Operand> layernorm(const spec::Expr &e);
  std::optional<double> eps(spec::ExprId id);
  // FlowHeads.cpp
  std::optional<Operand> slice(const spec::Expr &e);
  std::optional<Operand> split(const spec::Expr &e);
  std::optional<Operand> merge(const spec::Expr &e);
  std::optional<Operand> rope(const spec::Expr &e);
  std::optional<Operand> attend(const spec::Expr &e);
  bool attendOption(const spec::NamedArgument &argument, Op &op);

  static Op makeOp(OpKind kind, llvm::ArrayRef<ValueId> inputs);
  Operand add(const spec::Expr &e, Op op, uint64_t columns, bool lastOnly, llvm::StringRef name);
  std::nullopt_t fail(const spec::Expr &e, const llvm::Twine &text);
  std::string describe(const Operand &operand) const;
  std::string describe(WeightId id) const;
  std::string fresh(llvm::StringRef base);
  Value &at(Operand operand) { return block.values[index(operand.value)]; }
  const Value &at(Operand operand) const { return block.values[index(operand.value)]; }

  FlowContext in;
  const spec::BlockItem &item;
  Block block;
  std::vector<llvm::StringRef> places; // of the values: what made each
  std::vector<ValueId> ropeValues;
  std::set<uint32_t> dividedParts;    // parts that others were taken of
  std::set<std::string> taken;        // the names of values
  llvm::StringMap<unsigned> suffixes; // how many were tried for a name
  size_t named = 0;                   // values that have their name; those after it have a wish
};

} // namespace ashlar
