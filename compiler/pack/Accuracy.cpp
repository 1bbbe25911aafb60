/// What quantization did to the weights, by layer: printed when a pack was written.
#include "compiler/pack/Pack.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/Support/FormatVariadic.h"

namespace ashlar {

namespace {
/// The weights of one type in one layer, or of one unit outside of the layers.
struct Group {
  QuantizationError error;
  const QuantizedWeight *worst = nullptr;
  size_t weights = 0;

  void add(const QuantizedWeight &weight) {
    error.add(weight.error);
    ++weights;
    if (!worst || worst->error.relative() < weight.error.relative())
      worst = &weight;
  }
};
} // namespace

/// "layers.3" of "layers.3.mlp.down", "head" of "head".
static llvm::StringRef placeOf(llvm::StringRef weight) {
  size_t dot = weight.find('.', weight.find('.') + 1);
  return weight.contains('.') ? weight.take_front(dot) : weight;
}

static void printLine(llvm::StringRef name, DataType type, const Group &group,
                      llvm::raw_ostream &out) {
  out << llvm::formatv("{0,-20} {1,-5} {2,7:P2}", name, ashlar::name(type), group.error.relative());
  if (group.weights > 1)
    out << llvm::formatv("  most in {0}: {1:P2}", group.worst->name, group.worst->error.relative());
  out << '\n';
}

void printAccuracy(const std::vector<QuantizedWeight> &weights, llvm::raw_ostream &out) {
  if (weights.empty())
    return;
  llvm::MapVector<std::pair<llvm::StringRef, uint8_t>, Group> places;
  llvm::MapVector<uint8_t, Group> all;
  for (const QuantizedWeight &weight : weights) {
    places[{placeOf(weight.name), uint8_t(weight.type)}].add(weight);
    all[uint8_t(weight.type)].add(weight);
  }
  out << llvm::formatv("{0,-20} {1,-5} {2,7}\n", "quantized", "type", "error");
  for (auto &[place, group] : places)
    printLine(place.first, DataType(place.second), group, out);
  for (auto &[type, group] : all)
    printLine("all", DataType(type), group, out);
  out << "the error is the root mean square of what was rounded away, as a part of the weights'\n";
}

} // namespace ashlar
