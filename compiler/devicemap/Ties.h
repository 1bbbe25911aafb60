/// Which tied parameters lie inside which nodes, by the rules' reading of names.
///
/// A parameter is inside a node when the node's name and a dot occur anywhere in the parameter's
/// name and a dot: a module `h` of the root is around `enc.path.weight` too. Groups and members are
/// in the order of their names; in the references the order of groups is that of a hash table.
#pragma once

#include "compiler/devicemap/ModuleTree.h"
#include "compiler/support/Diagnostics.h"

namespace ashlar::devicemap {

class Ties {
public:
  /// Nothing when names repeat so much that the table would not end.
  static std::optional<Ties> find(const ModuleTree &tree, const TreeIndex &index,
                                  Diagnostics &diags);

  /// The members outside of the node of all groups that have members on both sides.
  llvm::SmallVector<NodeId, 8> outside(NodeId node) const;
  /// A member inside of the node of the outside member's group, for messages.
  NodeId insidePartOf(NodeId node, NodeId outside) const;

  llvm::ArrayRef<std::vector<NodeId>> groups() const { return members; }

private:
  struct Inside {
    NodeId node;
    uint32_t group, member;
    friend auto operator<=>(const Inside &, const Inside &) = default;
  };
  llvm::ArrayRef<Inside> around(NodeId node) const;

  std::vector<std::vector<NodeId>> members;
  std::vector<Inside> table; // sorted
};

} // namespace ashlar::devicemap
