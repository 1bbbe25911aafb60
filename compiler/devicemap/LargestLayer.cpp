#include "compiler/devicemap/LargestLayer.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <numeric>

namespace ashlar::devicemap {

LargestLayer::LargestLayer(const ModuleTree &tree, const TreeIndex &treeIndex, const Sizes &sizes,
                           const llvm::StringSet<> &noSplit, llvm::ArrayRef<NodeId> rootTensors)
    : sizes(sizes), ranges(tree.nodes.size()), tensors(rootTensors.begin(), rootTensors.end()) {
  // The root's parameters come before its modules, its buffers behind them.
  auto addTensors = [&](NodeKind kind) {
    for (NodeId tensor : rootTensors)
      if (tree[tensor].kind == kind) {
        ranges[index(tensor)] = {uint32_t(slots.size()), uint32_t(slots.size() + 1)};
        slots.push_back(tensor);
      }
  };
  addTensors(NodeKind::Parameter);
  llvm::ArrayRef<NodeId> order = treeIndex.modules();
  for (size_t i = 1; i < order.size(); ++i) {
    const Node &module = tree[order[i]];
    bool inLayer = false; // under a layer: never looked at
    if (NodeId parent = module.parent; parent != Root)
      inLayer = ranges[index(parent)].to == UINT32_MAX || noSplit.contains(tree[parent].className);
    bool isLayer = module.modules.empty() || noSplit.contains(module.className);
    ranges[index(order[i])] = {uint32_t(slots.size()), inLayer ? UINT32_MAX : 0};
    if (isLayer && !inLayer)
      slots.push_back(order[i]);
  }
  // Backwards, so that a module's range can take in those under it.
  for (size_t i = order.size(); i-- > 1;) {
    Range &range = ranges[index(order[i])];
    if (range.to == UINT32_MAX) {
      range.to = range.from;
      continue;
    }
    const Node &module = tree[order[i]];
    if (module.modules.empty() || noSplit.contains(module.className))
      range.to = range.from + 1;
    else
      range.to = ranges[index(module.modules.back())].to;
  }
  addTensors(NodeKind::Buffer);

  std::vector<uint32_t> bySize(slots.size());
  std::iota(bySize.begin(), bySize.end(), 0);
  std::sort(bySize.begin(), bySize.end(), [&](uint32_t a, uint32_t b) {
    auto order = sizes[slots[b]] <=> sizes[slots[a]];
    return order == 0 ? a < b : order < 0;
  });
  while (width < slots.size())
    width *= 2;
  heap.resize(2 * width);
  for (uint32_t i = 0, rank = 0; i != bySize.size(); ++i) {
    rank += i && sizes[slots[bySize[i]]] != sizes[slots[bySize[i - 1]]];
    heap[width + bySize[i]] = {rank, 1, bySize[i]};
  }
  for (uint32_t i = width; --i;)
    heap[i] = join(heap[2 * i], heap[2 * i + 1]);
  take(search({0, width}));
}

LargestLayer::Found LargestLayer::join(Found a, Found b) {
  if (a.rank != b.rank)
    return a.rank < b.rank ? a : b;
  return {a.rank, a.count + b.count, a.slot};
}

LargestLayer::Found LargestLayer::search(Range range) const {
  Found left, right;
  for (uint32_t from = range.from + width, to = range.to + width; from < to; from /= 2, to /= 2) {
    if (from % 2)
      left = join(left, heap[from++]);
    if (to % 2)
      right = join(heap[--to], right);
  }
  return join(left, right);
}

void LargestLayer::switchOff(Range range) {
  for (uint32_t slot = range.from; slot != range.to; ++slot) {
    uint32_t i = slot + width;
    if (heap[i].rank == UINT32_MAX)
      continue;
    heap[i] = {};
    while (i /= 2)
      heap[i] = join(heap[2 * i], heap[2 * i + 1]);
  }
}

void LargestLayer::take(Found found) {
  rank = found.rank;
  names = found.count;
  // A largest size of zero is the integer that the search starts from.
  largest = names && sizes[slots[found.slot]] > Number(0) ? sizes[slots[found.slot]] : Number(0);
}

void LargestLayer::dropTensors() {
  for (NodeId tensor : tensors)
    switchOff(ranges[index(tensor)]);
  tensors.clear();
}

void LargestLayer::treat(NodeId node) {
  Range range = ranges[index(node)];
  if (!llvm::is_contained(struck, node)) {
    Found own = search(range);
    if (own.rank == rank)
      names -= own.count;
    struck.push_back(node);
  }
  if (names)
    return;
  dropTensors();
  take(join(search({0, range.from}), search({range.to, width})));
  struck = {node};
}

void LargestLayer::lookAgain() {
  dropTensors();
  take(search({0, width}));
  struck.clear();
}

void LargestLayer::placed(NodeId node) {
  llvm::erase(struck, node);
  switchOff(ranges[index(node)]);
}

} // namespace ashlar::devicemap
