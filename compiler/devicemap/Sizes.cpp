#include "compiler/devicemap/Sizes.h"

#include "llvm/Support/JSON.h"

namespace ashlar::devicemap {

static Number bytesOf(const Node &tensor, const Options &options,
                      std::optional<TorchType> special) {
  Int elements = static_cast<Int>(tensor.elements);
  if (options.rules == Rules::Transformers)
    return Number(elements * static_cast<Int>(storedBytes(tensor.type)));
  if (special)
    return acceleratedBytes(*special, elements);
  // A wider type is not counted, although a load casts up to it.
  TorchType type = options.dtype && !isNeverCast(tensor.type) ? smaller(*options.dtype, tensor.type)
                                                              : tensor.type;
  return acceleratedBytes(type, elements);
}

/// Of a tied group one member is counted: for Accelerate, which goes by identity, the first of all;
/// for Transformers, which goes by the names that a model declares, the source.
static std::vector<bool> countedElsewhere(const ModuleTree &tree, const TreeIndex &treeIndex,
                                          Rules rules) {
  std::vector<bool> result(tree.nodes.size());
  std::vector<uint32_t> group(tree.nodes.size(), UINT32_MAX);
  for (uint32_t g = 0; g != tree.tied.size(); ++g)
    for (NodeId member : tree.tied[g].members) {
      group[index(member)] = g;
      result[index(member)] = rules == Rules::Accelerate || member != tree.tied[g].source;
    }
  if (rules == Rules::Transformers || tree.tied.empty())
    return result;
  std::vector<bool> met(tree.tied.size());
  for (NodeId module : treeIndex.modules())
    for (NodeId parameter : tree[module].parameters)
      if (uint32_t g = group[index(parameter)]; g != UINT32_MAX && !met[g]) {
        met[g] = true;
        result[index(parameter)] = false;
      }
  return result;
}

Sizes computeSizes(const ModuleTree &tree, const TreeIndex &treeIndex, const Options &options,
                   bool buffersOnly) {
  Sizes sizes;
  sizes.of.resize(tree.nodes.size());
  sizes.inTable.resize(tree.nodes.size());
  std::vector<bool> elsewhere = countedElsewhere(tree, treeIndex, options.rules);
  llvm::DenseMap<uint32_t, TorchType> special;
  for (const auto &[path, type] : options.specialTypes)
    if (std::optional<NodeId> node = treeIndex.find(path))
      special[index(*node)] = type;

  llvm::SmallVector<NodeId, 16> around;
  auto count = [&](NodeId tensor) {
    if (elsewhere[index(tensor)])
      return;
    auto found = special.find(index(tensor));
    Number bytes = bytesOf(tree[tensor], options,
                           found == special.end() ? std::nullopt : std::optional(found->second));
    around = {tensor};
    while (around.back() != Root)
      around.push_back(tree[around.back()].parent);
    for (NodeId node : llvm::reverse(around)) {
      sizes.of[index(node)] += bytes;
      if (!sizes.inTable[index(node)])
        sizes.table.push_back(node);
      sizes.inTable[index(node)] = true;
    }
  };
  if (!buffersOnly)
    for (NodeId module : treeIndex.modules())
      for (NodeId parameter : tree[module].parameters)
        count(parameter);
  for (NodeId module : treeIndex.modules())
    for (NodeId buffer : tree[module].buffers)
      count(buffer);
  return sizes;
}

Number bufferBytes(const ModuleTree &tree, const TreeIndex &treeIndex, NodeId module,
                   const Options &options, const llvm::StringMap<TorchType> &special) {
  Number sum;
  for (NodeId below : treeIndex.subtree(module))
    for (NodeId buffer : tree[below].buffers) {
      std::optional<TorchType> type;
      if (!special.empty())
        if (auto found = special.find(tree.path(buffer, module)); found != special.end())
          type = found->second;
      sum += bytesOf(tree[buffer], options, type);
    }
  return sum;
}

void print(const Sizes &sizes, const ModuleTree &tree, llvm::raw_ostream &out) {
  llvm::json::OStream json(out, 2);
  json.object([&] {
    for (NodeId node : sizes.table) {
      json.attributeBegin(tree.path(node));
      json.rawValue(text(sizes[node]));
      json.attributeEnd();
    }
  });
  out << '\n';
}

} // namespace ashlar::devicemap
