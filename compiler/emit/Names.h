/// How emitted code names things: the C++ type and expression for each value, weight and cache, and
/// which layers share one struct and one function.
#pragma once

#include "compiler/place/Units.h"
#include "compiler/plan/Plan.h"
#include "compiler/spec/Model.h"

#include <map>

namespace ashlar::emission {

/// Layers that are equal but for places: one struct, one function, one table.
struct LayerShape {
  std::string type;             // "Layer", or "Layer16" by the first layer of several shapes
  std::string table;            // "layers", "layers16"
  std::string function;         // "layer", "layer16"
  std::vector<uint32_t> layers; // in the order of the table
  std::vector<uint32_t> units;  // of the first of them
};

/// A member of a layer's struct: a weight or one half of a cache.
struct Member {
  std::string name; // "q", "keys"
  std::string type; // "host::Panels<BF16, 192, 192>"
};

/// Everything that naming needs, computed once for a file's emission.
class Names {
public:
  Names(const Model &model, const plan::Plan &plan);

  const Model &model;
  const plan::Plan &plan;

  const std::vector<LayerShape> &shapes() const { return layerShapes; }
  const LayerShape &shapeOf(uint32_t layer) const { return layerShapes[shapeOfLayer[layer]]; }
  std::vector<uint32_t> unitsOf(uint32_t layer) const;

  /// The members of a layer's struct, and their offsets for one of its layers.
  std::vector<Member> members(const LayerShape &shape) const;
  std::vector<uint64_t> offsets(uint32_t layer) const;

  /// "host::Rows<F32, 192>".
  std::string valueType(const plan::Value &value, const plan::Place &place) const;
  std::string weightType(const plan::Weight &weight) const;
  std::string cacheType(const plan::Cache &cache) const;

  /// "act::q", "stream::x", "act::qkv.columns<64, 64>()".
  std::string value(uint32_t unit, ValueId id) const;
  /// "at.q" in a layer, "weights::table" outside or where another part stores it.
  std::string weight(uint32_t unit, WeightId id) const;
  /// The placed value behind a value of a block, and its frame.
  const plan::Value &placed(uint32_t unit, ValueId id) const;
  /// From the start of its memory.
  uint64_t address(uint32_t unit, ValueId id) const;
  /// Whether the block's result has bytes of its own and must be copied to its stream.
  bool copiesResult(uint32_t unit) const;

  const plan::Weight &stored(WeightId id) const;
  /// Whether products with weights of bf16 round rows in steps of several of them.
  bool roundsIn(uint32_t unit) const {
    return plan.processors[plan.units[unit].prefill].bf16Products;
  }
  /// Whether LibTorch computes this op in steps of several rows.
  bool isForTorch(uint32_t unit, const Op &op) const;
  /// The room that LibTorch's products with weights of bf16 need.
  TorchScratch torchScratch() const;
  /// In how many pieces attention of one token cuts a sequence, and the room that it needs.
  uint64_t pieces(const Op &op) const;
  Bytes pieceBytes(const Op &op) const;
  /// The types by which kernels know that room: "host::Pieces<1, 8, 256, 32, 16>", each once.
  std::vector<std::string> pieceTypes() const;
  /// What an object of the type at an index of these is called, and of that which an op needs.
  static std::string pieceName(size_t type);
  std::string pieceName(const Op &op) const;
  const plan::Frame &streams() const;
  /// The namespaces of references into a memory, and of the kernels of a processor: by what they
  /// are, whatever a profile calls them.
  std::string memory(const plan::Place &) const { return "host"; }
  std::string processor(uint32_t index) const { return plan.processors[index].kind; }

private:
  std::string pieceType(const Op &op) const;
  /// The weights of each op, by the types and names that a unit's code has for them.
  std::vector<std::string> weightsInCode(uint32_t unit) const;
  bool sameLayer(uint32_t a, uint32_t b) const;
  std::vector<WeightId> layerWeights(uint32_t layer) const;
  /// The value that has bytes: itself, unless it is a part of one.
  ValueId whole(uint32_t unit, ValueId id) const;
  const plan::Value *findInFrame(uint32_t unit, ValueId id) const;

  std::map<std::string, const plan::Weight *> storedByName;
  std::map<uint32_t, std::vector<uint32_t>> unitsOfLayer;
  std::vector<LayerShape> layerShapes;
  std::vector<uint32_t> shapeOfLayer;
};

/// A number as C++ source that reads back to the same float: "1e-05f".
std::string floatLiteral(float value);

/// How a layer's struct calls a weight: "q" for "layers.3.q", "experts_0_gate" for
/// "layers.3.experts.0.gate".
std::string localName(llvm::StringRef name);

} // namespace ashlar::emission
