#include "compiler/place/Units.h"
#include "compiler/support/PanelBytes.h"
#include "compiler/support/Pattern.h"

#include "llvm/ADT/STLExtras.h"

namespace ashlar {

Form formFor(ProcessorKind kind) { return kind == ProcessorKind::Cuda ? Form::Rows : Form::Panels; }

/// How a weight is stored follows from who reads it: a product reads panels, a table that is only
/// looked up stays in rows, a norm's weight or a bias is a vector in f32.
static std::vector<plan::Layout> layouts(const Model &model) {
  std::vector<plan::Layout> result(model.weights.size(), plan::Layout::Rows);
  for (const Block &block : model.blocks)
    for (const Op &op : block.ops) {
      if (op.bias)
        result[index(model.stored(*op.bias))] = plan::Layout::Vector;
      if (!op.weight)
        continue;
      plan::Layout &layout = result[index(model.stored(*op.weight))];
      if (op.kind == OpKind::Linear)
        layout = plan::Layout::Panels;
      else if (op.kind != OpKind::Embed && op.kind != OpKind::Positions)
        layout = plan::Layout::Vector;
    }
  return result;
}

/// Whether a pattern of `--keep` speaks of a weight: by the spec's name or the reference's, or by
/// the leading part of one, as in "layers.3" or "model.layers.3.mlp".
static bool speaksOf(llvm::StringRef pattern, const Model &model, WeightId id) {
  for (auto [at, weight] : llvm::enumerate(model.weights))
    if (model.stored(WeightId(uint32_t(at))) == id &&
        (matchesPart(pattern, weight.name) || matchesPart(pattern, weight.parameter)))
      return true;
  return false;
}

std::optional<std::vector<StoredAs>> storedAs(const Model &model, const Request &request,
                                              Diagnostics &diags) {
  std::vector<plan::Layout> layoutOf = layouts(model);
  std::vector<StoredAs> result;
  for (auto [weight, layout] : llvm::zip_equal(model.weights, layoutOf)) {
    DataType type =
        layout == plan::Layout::Vector ? DataType::F32 : request.weightType.value_or(weight.type);
    if (layout == plan::Layout::Panels && request.quantize)
      type = *request.quantize;
    result.push_back({layout, type});
  }
  for (const KeptType &keep : request.keep) {
    bool used = false;
    for (auto [at, weight] : llvm::enumerate(model.weights)) {
      if (weight.tiedTo || layoutOf[at] != plan::Layout::Panels ||
          !speaksOf(keep.pattern, model, WeightId(uint32_t(at))))
        continue;
      used = true;
      result[at].type = keep.type.value_or(request.weightType.value_or(weight.type));
    }
    if (used)
      continue;
    std::vector<llvm::StringRef> names;
    for (auto [at, weight] : llvm::enumerate(model.weights))
      if (layoutOf[index(model.stored(WeightId(uint32_t(at))))] == plan::Layout::Panels)
        names.insert(names.end(), {weight.name, llvm::StringRef(weight.parameter),
                                   llvm::StringRef(weight.parameter).rsplit('.').first});
    diags.error(Exit::BadInput, "", "--keep " + keep.pattern + " matches no weight of a product");
    llvm::StringRef near = nearest(keep.pattern, names);
    diags.note(!near.empty()   ? "did you mean '" + near.str() + "'?"
               : names.empty() ? "the model has none"
                               : "they have names as " + names.front().str() + " or " +
                                     names[1].str() + "; * stands for any text");
    return std::nullopt;
  }
  return result;
}

StoredWeight store(const Model &model, WeightId id, StoredAs as, Form form) {
  // Quantized weights exist in panels only, for every processor.
  if (as.layout == plan::Layout::Panels && form == Form::Rows && !isQuantized(as.type))
    as.layout = plan::Layout::Rows;
  const Weight &weight = model.weight(id);
  StoredWeight result;
  result.weight = id;
  result.layout = as.layout;
  result.type = as.type;
  result.columns = weight.shape.back();
  result.rows = weight.shape.size() == 1 ? 1 : weight.shape.front();
  result.size =
      Bytes(as.layout == plan::Layout::Panels ? panelBytes(as.type, result.rows, result.columns)
                                              : result.rows * result.columns * bytesOf(as.type));
  return result;
}

} // namespace ashlar
