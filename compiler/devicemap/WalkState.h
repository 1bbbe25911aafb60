/// What the walk and its fallback search share.
#pragma once

#include "compiler/devicemap/LargestLayer.h"
#include "compiler/devicemap/Ties.h"
#include "compiler/devicemap/Walk.h"
#include "compiler/devicemap/WorkList.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace ashlar::devicemap {

/// What stays the same from the first placement to the last.
struct WalkInput {
  const ModuleTree &tree;
  const TreeIndex &treeIndex;
  const Sizes &sizes;
  const Options &options;
  Diagnostics &diags;
  Ties ties;
  llvm::StringSet<> noSplit, noPlacement;
  llvm::StringMap<TorchType> special;
  /// How often a node or a tied parameter was looked at.
  mutable uint64_t work = 0;
  /// By node: parameters that are one more name of a parameter of the same module.
  std::vector<bool> repeated;

  WalkInput(const ModuleTree &tree, const TreeIndex &treeIndex, const Sizes &sizes,
            const Options &options, Ties ties, Diagnostics &diags);

  bool canSplit(NodeId node) const {
    const Node &entry = tree[node];
    return entry.kind == NodeKind::Module && !entry.modules.empty() &&
           !noSplit.contains(entry.className);
  }
  /// A module's own parameters as entries of the list. Accelerate sees repeated ones once.
  llvm::SmallVector<NodeId, 8> ownParameters(NodeId module) const;
  /// What a module is split into. Its own buffers are left out: so they get no device.
  llvm::SmallVector<NodeId, 8> parts(NodeId module) const;

  /// What must go along with a node because of ties, and the bytes of all of it.
  struct Company {
    llvm::SmallVector<NodeId, 8> outside;  // tied parameters outside of the node
    llvm::SmallVector<NodeId, 8> partners; // the entries that hold them
    Number bytes;
  };
  /// `isPending` says which entries may still be partners. Reports and returns nothing when a tied
  /// parameter is in none, or when this was asked too often.
  std::optional<Company> company(NodeId node, llvm::function_ref<bool(NodeId)> isPending) const;

  bool fail(const llvm::Twine &text, const llvm::Twine &wayOut) const {
    diags.error(Exit::BadInput, tree.source, text);
    diags.note(wayOut);
    return false;
  }
};

/// `fallback_allocate`: when nothing has a place on a device yet, the first thing anywhere in the
/// list that fits.
class FallbackSearch {
public:
  explicit FallbackSearch(const WalkInput &input)
      : input(input), entered(input.tree.nodes.size()), left(input.tree.nodes.size()) {}

  /// Takes what it finds out of the list, whose modules around it are split. False when the search
  /// cannot go on, which was reported.
  bool run(WorkList &list, Number limit, std::optional<NodeId> &found);

private:
  const WalkInput &input;
  std::vector<uint32_t> entered, left; // by node: the last search that did
  uint32_t search = 0;
};

} // namespace ashlar::devicemap
