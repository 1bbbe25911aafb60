#include "compiler/devicemap/ModuleTree.h"

#include "compiler/support/Quantity.h"

#include <cassert>

namespace ashlar::devicemap {

ModuleTree::ModuleTree(std::string rootClass) {
  nodes.emplace_back();
  nodes.front().className = std::move(rootClass);
}

static NodeId add(std::vector<Node> &nodes, Node node) {
  nodes.push_back(std::move(node));
  return static_cast<NodeId>(nodes.size() - 1);
}

NodeId ModuleTree::addModule(NodeId parent, llvm::StringRef name, llvm::StringRef className) {
  Node node;
  node.name = name.str();
  node.parent = parent;
  node.className = className.str();
  NodeId id = add(nodes, std::move(node));
  nodes[index(parent)].modules.push_back(id);
  return id;
}

NodeId ModuleTree::addTensor(NodeId parent, NodeKind kind, llvm::StringRef name,
                             llvm::ArrayRef<uint64_t> shape, TorchType type, bool persistent) {
  Node node;
  node.name = name.str();
  node.kind = kind;
  node.parent = parent;
  node.shape.assign(shape.begin(), shape.end());
  node.elements = *countElements(shape);
  node.type = type;
  node.persistent = persistent;
  NodeId id = add(nodes, std::move(node));
  Node &module = nodes[index(parent)];
  (kind == NodeKind::Parameter ? module.parameters : module.buffers).push_back(id);
  return id;
}

std::string ModuleTree::path(NodeId id, NodeId within) const {
  llvm::SmallVector<NodeId, 16> names;
  for (; id != within; id = (*this)[id].parent)
    names.push_back(id);
  std::string text;
  while (!names.empty()) {
    if (!text.empty())
      text += '.';
    text += (*this)[names.pop_back_val()].name;
  }
  return text;
}

std::optional<uint64_t> countElements(llvm::ArrayRef<uint64_t> shape) {
  uint64_t product = 1;
  for (uint64_t extent : shape)
    if (extent == 0)
      return 0;
  for (uint64_t extent : shape) {
    std::optional<uint64_t> next = checkedMul(product, extent);
    if (!next || *next > MaxElements)
      return std::nullopt;
    product = *next;
  }
  return product;
}

TreeIndex::TreeIndex(const ModuleTree &tree) {
  first.resize(tree.nodes.size());
  count.resize(tree.nodes.size());
  children.reserve(tree.nodes.size());
  for (uint32_t i = 1; i < tree.nodes.size(); ++i)
    children.try_emplace({index(tree.nodes[i].parent), tree.nodes[i].name}, static_cast<NodeId>(i));

  std::vector<NodeId> pending = {Root};
  while (!pending.empty()) {
    NodeId module = pending.back();
    pending.pop_back();
    first[index(module)] = static_cast<uint32_t>(order.size());
    order.push_back(module);
    const auto &below = tree[module].modules;
    pending.insert(pending.end(), below.rbegin(), below.rend());
  }
  for (size_t i = order.size(); i--;) {
    uint32_t all = count[index(order[i])] += 1;
    if (order[i] != Root)
      count[index(tree[order[i]].parent)] += all;
  }
}

std::optional<NodeId> TreeIndex::child(NodeId module, llvm::StringRef name) const {
  auto found = children.find({index(module), name});
  return found == children.end() ? std::nullopt : std::optional(found->second);
}

std::optional<NodeId> TreeIndex::find(llvm::StringRef path) const {
  std::optional<NodeId> node = Root;
  while (node && !path.empty()) {
    auto [name, rest] = path.split('.');
    if (rest.empty() && path.ends_with("."))
      return std::nullopt;
    node = child(*node, name);
    path = rest;
  }
  return node;
}

} // namespace ashlar::devicemap
