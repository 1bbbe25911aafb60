#include "compiler/emit/Names.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <charconv>

namespace ashlar::emission {

std::string floatLiteral(float value) {
  char buffer[48];
  auto end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr;
  std::string text(buffer, end);
  if (text.find_first_of(".e") == std::string::npos)
    text += ".0";
  return text + "f";
}

std::string localName(llvm::StringRef name) {
  // "layers", "3", and what the layer calls it.
  std::string local = name.split('.').second.split('.').second.str();
  std::replace(local.begin(), local.end(), '.', '_');
  return local;
}

/// The type's name in runtime/Step.h.
static llvm::StringRef typeTag(DataType type) {
  constexpr llvm::StringLiteral Tags[] = {"F32", "F16", "BF16", "Int8", "Int4"};
  return Tags[static_cast<uint8_t>(type)];
}

Names::Names(const Model &model, const plan::Plan &plan) : model(model), plan(plan) {
  for (const plan::Unit &unit : plan.units)
    for (const plan::Weight &weight : unit.weights)
      storedByName[weight.name] = &weight;
  for (auto [at, unit] : llvm::enumerate(plan.units))
    if (unit.layer)
      unitsOfLayer[*unit.layer].push_back(at);
  shapeOfLayer.resize(unitsOfLayer.empty() ? 0 : unitsOfLayer.rbegin()->first + 1);
  for (auto &entry : unitsOfLayer) {
    uint32_t layer = entry.first;
    auto same = llvm::find_if(layerShapes,
                              [&](LayerShape &s) { return sameLayer(s.layers.front(), layer); });
    if (same == layerShapes.end()) {
      layerShapes.push_back({"", "", "", {}, entry.second});
      same = std::prev(layerShapes.end());
    }
    same->layers.push_back(layer);
    shapeOfLayer[layer] = same - layerShapes.begin();
  }
  for (LayerShape &shape : layerShapes) {
    std::string suffix =
        layerShapes.size() == 1 ? "" : llvm::formatv("{0}", shape.layers.front()).str();
    shape.type = "Layer" + suffix;
    shape.table = "layers" + suffix;
    shape.function = "layer" + suffix;
  }
}

std::vector<uint32_t> Names::unitsOf(uint32_t layer) const { return unitsOfLayer.at(layer); }

const plan::Weight &Names::stored(WeightId id) const {
  return *storedByName.at(model.weight(model.stored(id)).name);
}

bool Names::isForTorch(uint32_t unit, const Op &op) const {
  const Block &block = model.blocks[unit];
  return op.kind == OpKind::Linear && !block.values[index(op.result)].lastOnly &&
         plan::isForTorch(plan.units[unit], stored(*op.weight));
}

uint64_t Names::pieces(const Op &op) const {
  return attentionPieces(op, {plan.context, plan.chunk, plan.batch}, plan.cpu()->threads);
}

Bytes Names::pieceBytes(const Op &op) const {
  return ashlar::pieceBytes(op, {plan.context, plan.chunk, plan.batch}, plan.cpu()->threads);
}

std::string Names::pieceType(const Op &op) const {
  return llvm::formatv("host::Pieces<{0}, {1}, {2}, {3}, {4}{5}>", op.kvHeads,
                       op.heads / op.kvHeads, op.headDim, pieces(op), plan.cpu()->threads,
                       plan.batch > 1 ? ", Batch" : "");
}

std::vector<std::string> Names::pieceTypes() const {
  std::vector<std::string> types;
  for (const Block &block : model.blocks)
    for (const Op &op : block.ops)
      if (op.kind == OpKind::Attend && pieces(op) > 1)
        if (std::string type = pieceType(op); !llvm::is_contained(types, type))
          types.push_back(std::move(type));
  return types;
}

std::string Names::pieceName(size_t type) {
  return type ? llvm::formatv("pieces{0}", type) : std::string("pieces");
}

std::vector<std::string> Names::weightsInCode(uint32_t unit) const {
  std::vector<std::string> result;
  for (const Op &op : model.blocks[unit].ops)
    for (std::optional<WeightId> id : {op.weight, op.bias})
      result.push_back(id ? weightType(stored(*id)) + " " + weight(unit, *id) : "");
  return result;
}

std::string Names::pieceName(const Op &op) const {
  std::vector<std::string> types = pieceTypes();
  return pieceName(llvm::find(types, pieceType(op)) - types.begin());
}

TorchScratch Names::torchScratch() const {
  TorchScratch scratch;
  for (auto [unit, block] : llvm::enumerate(model.blocks))
    for (const Op &op : block.ops)
      if (isForTorch(unit, op))
        if (const plan::Weight &weight = stored(*op.weight); weight.type == DataType::BF16)
          scratch.add(weight.rows, weight.columns);
  return scratch;
}

const plan::Frame &Names::streams() const {
  return *llvm::find_if(plan.frames, [](const plan::Frame &f) { return f.streams; });
}

/// One piece of code serves two layers when their units are alike and everything that is part of a
/// type or a call is equal.
bool Names::sameLayer(uint32_t a, uint32_t b) const {
  const std::vector<uint32_t> &left = unitsOfLayer.at(a), &right = unitsOfLayer.at(b);
  if (left.size() != right.size())
    return false;
  for (auto [l, r] : llvm::zip_equal(left, right)) {
    const plan::Unit &x = plan.units[l], &y = plan.units[r];
    if (x.decode != y.decode || x.prefill != y.prefill || x.home != y.home || x.state != y.state ||
        x.provider != y.provider || x.frame != y.frame ||
        x.cache.has_value() != y.cache.has_value())
      return false;
    if (x.cache && cacheType(*x.cache) != cacheType(*y.cache))
      return false;
    if (!sameShape(model, model.blocks[l], model.blocks[r]) || x.reads != y.reads ||
        x.writes != y.writes || weightsInCode(l) != weightsInCode(r))
      return false;
  }
  return true;
}

/// The weights that a layer's code names through its struct: its own and those of other layers.
std::vector<WeightId> Names::layerWeights(uint32_t layer) const {
  std::vector<WeightId> result;
  for (uint32_t unit : unitsOfLayer.at(layer))
    for (WeightId id : weightsOf(model, model.blocks[unit]))
      if (llvm::StringRef(stored(id).name).contains('.') && !llvm::is_contained(result, id))
        result.push_back(id);
  return result;
}

std::vector<Member> Names::members(const LayerShape &shape) const {
  std::vector<Member> result;
  uint32_t layer = shape.layers.front();
  for (WeightId id : layerWeights(layer))
    result.push_back({localName(stored(id).name), weightType(stored(id))});
  for (uint32_t unit : unitsOfLayer.at(layer))
    if (const auto &cache = plan.units[unit].cache)
      for (const char *half : {"keys", "values"})
        result.push_back({half, cacheType(*cache)});
  return result;
}

std::vector<uint64_t> Names::offsets(uint32_t layer) const {
  std::vector<uint64_t> result;
  for (WeightId id : layerWeights(layer))
    result.push_back(plan.address(stored(id).place));
  for (uint32_t unit : unitsOfLayer.at(layer))
    if (const auto &cache = plan.units[unit].cache) {
      result.push_back(plan.address(cache->keys));
      result.push_back(plan.address(cache->values));
    }
  return result;
}

std::string Names::valueType(const plan::Value &value, const plan::Place &place) const {
  return llvm::formatv("{0}::Rows<F32, {1}>", memory(place), value.columns);
}

std::string Names::weightType(const plan::Weight &weight) const {
  std::string space = memory(weight.place);
  llvm::StringRef type = typeTag(weight.type);
  switch (weight.layout) {
  case plan::Layout::Rows:
    return llvm::formatv("{0}::Matrix<{1}, {2}, {3}>", space, type, weight.rows, weight.columns);
  case plan::Layout::Vector:
    return llvm::formatv("{0}::Vector<{1}, {2}>", space, type, weight.columns);
  case plan::Layout::Panels:
    return llvm::formatv("{0}::Panels<{1}, {2}, {3}>", space, type, weight.rows, weight.columns);
  }
  return "";
}

std::string Names::cacheType(const plan::Cache &cache) const {
  return llvm::formatv("{0}::Cache<{1}, {2}, Context, {3}{4}>", memory(cache.keys),
                       cache.type == DataType::Int8 ? "Int8Rows" : typeTag(cache.type), cache.heads,
                       cache.dim, plan.batch > 1 ? ", Batch" : "");
}

ValueId Names::whole(uint32_t unit, ValueId id) const {
  const std::optional<Part> &part = model.blocks[unit].values[index(id)].part;
  return part ? part->of : id;
}

const plan::Value *Names::findInFrame(uint32_t unit, ValueId id) const {
  const plan::Unit &u = plan.units[unit];
  if (!u.frame)
    return nullptr;
  id = whole(unit, id);
  const Value &value = model.blocks[unit].values[index(id)];
  bool input = index(id) < model.blocks[unit].inputs.size();
  if (input)
    return nullptr;
  for (const plan::Value &v : plan.frames[*u.frame].values)
    if (v.name == value.name)
      return &v;
  return nullptr;
}

static const plan::Value &streamValue(const Names &names, StreamId id) {
  const std::string &name = names.model.stream(id).name;
  for (const plan::Value &v : names.streams().values)
    if (v.name == name)
      return v;
  internalError("stream " + name + " has no place");
}

const plan::Value &Names::placed(uint32_t unit, ValueId id) const {
  if (const plan::Value *own = findInFrame(unit, id))
    return *own;
  const Value &value = model.blocks[unit].values[index(whole(unit, id))];
  if (!value.stream)
    internalError("value " + value.name + " of " + model.blocks[unit].name + " has no place");
  return streamValue(*this, *value.stream);
}

uint64_t Names::address(uint32_t unit, ValueId id) const {
  const plan::Value &value = placed(unit, id);
  bool own = findInFrame(unit, id);
  const plan::Frame &frame = own ? plan.frames[*plan.units[unit].frame] : streams();
  return plan.address(frame.place) + value.offset;
}

std::string Names::value(uint32_t unit, ValueId id) const {
  const plan::Value *own = findInFrame(unit, id);
  std::string name = own ? "act::" + own->name : "stream::" + placed(unit, id).name;
  const Value &value = model.blocks[unit].values[index(id)];
  if (value.part)
    name += llvm::formatv(".columns<{0}, {1}>()", value.part->first, value.columns);
  return name;
}

std::string Names::weight(uint32_t unit, WeightId id) const {
  const plan::Weight &weight = stored(id);
  if (plan.units[unit].layer && llvm::StringRef(weight.name).contains('.'))
    return "at." + localName(weight.name);
  return "weights::" + weight.name;
}

bool Names::copiesResult(uint32_t unit) const {
  const Block &block = model.blocks[unit];
  return findInFrame(unit, block.ops.back().result) != nullptr;
}

} // namespace ashlar::emission
