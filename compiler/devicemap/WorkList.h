/// The nodes that are still to be placed, in order. A node stands in the list at most once, and
/// nothing that is in it is inside of another.
#pragma once

#include "compiler/devicemap/ModuleTree.h"

namespace ashlar::devicemap {

class WorkList {
public:
  explicit WorkList(size_t nodes)
      : next(nodes + 1, NotHere), previous(nodes + 1, NotHere), end(static_cast<uint32_t>(nodes)) {
    next[end] = previous[end] = end;
  }

  bool empty() const { return next[end] == end; }
  bool contains(NodeId node) const { return next[index(node)] != NotHere; }
  void pushBack(NodeId node) { insert(index(node), end); }
  void pushFront(NodeId node) { insert(index(node), next[end]); }
  void pushFront(llvm::ArrayRef<NodeId> nodes) {
    for (NodeId node : llvm::reverse(nodes))
      pushFront(node);
  }
  NodeId popFront() {
    NodeId node{next[end]};
    remove(node);
    return node;
  }
  void remove(NodeId node) {
    uint32_t i = index(node);
    next[previous[i]] = next[i];
    previous[next[i]] = previous[i];
    next[i] = previous[i] = NotHere;
  }
  void replace(NodeId node, llvm::ArrayRef<NodeId> nodes) {
    uint32_t behind = next[index(node)];
    remove(node);
    for (NodeId each : nodes)
      insert(index(each), behind);
  }

  std::optional<NodeId> first() const { return at(next[end]); }
  std::optional<NodeId> after(NodeId node) const { return at(next[index(node)]); }

private:
  static constexpr uint32_t NotHere = UINT32_MAX;

  std::optional<NodeId> at(uint32_t i) const {
    return i == end ? std::nullopt : std::optional(NodeId{i});
  }
  void insert(uint32_t i, uint32_t before) {
    next[i] = before;
    previous[i] = previous[before];
    next[previous[before]] = i;
    previous[before] = i;
  }

  std::vector<uint32_t> next, previous; // by node, in a ring through `end`
  uint32_t end;
};

} // namespace ashlar::devicemap
