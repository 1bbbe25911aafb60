#include "compiler/place/Cut.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <map>

namespace ashlar {

Cuts cutsBetween(const Model &model, llvm::function_ref<uint32_t(WeightId)> place) {
  Cuts cuts(model.blocks.size());
  for (auto [block, ops] : llvm::zip_equal(model.blocks, cuts)) {
    std::optional<uint32_t> last;
    for (auto [at, op] : llvm::enumerate(block.ops)) {
      if (!op.weight && !op.bias)
        continue;
      uint32_t now = place(model.stored(op.weight ? *op.weight : *op.bias));
      if (last && *last != now)
        ops.push_back(at);
      last = now;
    }
  }
  return cuts;
}

namespace {
/// One block that is cut.
class Cutter {
public:
  Cutter(Model &model, size_t specStreams, const Block &block, std::vector<uint32_t> cuts)
      : model(model), specStreams(specStreams), block(block), begins(std::move(cuts)) {
    for (auto [at, op] : llvm::enumerate(block.ops))
      maker[op.result] = at;
    begins.insert(begins.begin(), 0);
    cutBehindCrossingValues();
  }

  std::vector<Block> pieces() {
    std::vector<Block> result;
    for (size_t i = 0; i < begins.size(); ++i)
      result.push_back(piece(begins[i], i + 1 < begins.size() ? begins[i + 1] : block.ops.size()));
    return result;
  }

private:
  /// The value that has the bytes: a view has none of its own.
  ValueId wholeOf(ValueId id) const {
    const std::optional<Part> &part = block.values[index(id)].part;
    return part ? part->of : id;
  }
  uint32_t pieceOf(uint32_t op) const {
    return std::upper_bound(begins.begin(), begins.end(), op) - begins.begin() - 1;
  }
  /// Every value that another piece reads must be the last of its own piece. A cut can make further
  /// values cross, so until nothing changes.
  void cutBehindCrossingValues() {
    for (bool changed = true; changed;) {
      changed = false;
      for (auto [at, op] : llvm::enumerate(block.ops))
        for (ValueId input : op.inputs) {
          auto made = maker.find(wholeOf(input));
          if (made == maker.end() || pieceOf(made->second) == pieceOf(at))
            continue;
          uint32_t next = made->second + 1;
          if (!llvm::is_contained(begins, next)) {
            begins.insert(llvm::upper_bound(begins, next), next);
            changed = true;
          }
        }
    }
  }

  /// The stream of a value that crosses: blocks of one kind share it, because one runs at a time.
  StreamId streamOf(const Value &value) {
    std::string name = block.kind + "_" + value.name;
    for (unsigned n = 2;; ++n) {
      auto found =
          llvm::find_if(model.streams, [&](const Stream &stream) { return stream.name == name; });
      StreamId id = static_cast<StreamId>(found - model.streams.begin());
      if (found == model.streams.end()) {
        model.streams.push_back({name, value.columns, value.lastOnly});
        return id;
      }
      bool ours = index(id) >= specStreams;
      if (ours && found->columns == value.columns && found->lastOnly == value.lastOnly)
        return id;
      name = block.kind + "_" + value.name + "_" + std::to_string(n);
    }
  }

  Block piece(uint32_t begin, uint32_t end) {
    const Value &made = block.values[index(block.ops[end - 1].result)];
    Block result;
    result.name = block.name + "." + made.name;
    result.kind = block.kind + "_" + made.name;
    result.layer = block.layer;
    result.piece = Piece{block.name, begin};
    std::map<ValueId, ValueId> renamed;
    auto read = [&](ValueId input) {
      auto made = maker.find(input);
      if (renamed.count(input) || (made != maker.end() && made->second >= begin))
        return;
      Value value = block.values[index(input)];
      if (made != maker.end())
        value.stream = streamOf(value);
      renamed[input] = static_cast<ValueId>(result.values.size());
      result.inputs.push_back(*value.stream);
      result.values.push_back(std::move(value));
    };
    for (uint32_t at = begin; at < end; ++at) {
      if (block.ops[at].kind == OpKind::Embed)
        for (size_t input = 0; input < block.inputs.size(); ++input)
          if (model.stream(block.inputs[input]).columns == 0) // the token ids
            read(static_cast<ValueId>(input));
      for (ValueId input : block.ops[at].inputs)
        read(wholeOf(input));
    }
    for (uint32_t at = begin; at < end; ++at) {
      Op op = block.ops[at];
      for (ValueId &input : op.inputs) {
        auto known = renamed.find(input);
        if (known == renamed.end()) { // a view, seen for the first time
          Value view = block.values[index(input)];
          view.part->of = renamed.at(view.part->of);
          known = renamed.emplace(input, static_cast<ValueId>(result.values.size())).first;
          result.values.push_back(std::move(view));
        }
        input = known->second;
      }
      ValueId id = static_cast<ValueId>(result.values.size());
      result.values.push_back(block.values[index(op.result)]);
      renamed[op.result] = id;
      op.result = id;
      result.ops.push_back(std::move(op));
    }
    result.output = end == block.ops.size() ? block.output : streamOf(made);
    result.values.back().stream = result.output;
    return result;
  }

  Model &model;
  size_t specStreams; // those behind them are made here
  const Block &block;
  std::vector<uint32_t> begins; // of the pieces
  std::map<ValueId, uint32_t> maker;
};
} // namespace

Model cut(const Model &model, Cuts cuts) {
  Model result = model;
  result.blocks.clear();
  for (auto [block, ops] : llvm::zip_equal(model.blocks, cuts)) {
    if (ops.empty())
      result.blocks.push_back(block);
    else
      llvm::append_range(result.blocks,
                         Cutter(result, model.streams.size(), block, std::move(ops)).pieces());
  }
  return result;
}

} // namespace ashlar
