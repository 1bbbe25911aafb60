/// The size of the largest layer that is still to be placed: what the first accelerator and the CPU
/// keep free, for layers that are brought there from elsewhere.
///
/// A layer is a module without modules in it, or one of a no-split class. The rules do not look
/// again before every step. They keep the names of the largest layers, strike those that are
/// treated, and look again when none is left or a module was split: so the size may be that of
/// layers that are placed long since. Here the names are only counted, and a search tree over all
/// layers finds the largest in logarithmic time.
#pragma once

#include "compiler/devicemap/Sizes.h"

namespace ashlar::devicemap {

class LargestLayer {
public:
  LargestLayer(const ModuleTree &tree, const TreeIndex &index, const Sizes &sizes,
               const llvm::StringSet<> &noSplit, llvm::ArrayRef<NodeId> rootTensors);

  Number size() const { return largest; }

  /// The node was taken from the work list to be placed; the rest of the list is looked at when its
  /// names were the last.
  void treat(NodeId node);
  /// A module was replaced by its parts: look again at all that is not placed.
  void lookAgain();
  /// The node has left the work list. When it was placed beside the one that was treated, its names
  /// still count, as they do in the rules.
  void placed(NodeId node);

private:
  struct Found {
    uint32_t rank = UINT32_MAX; // of the size, 0 is the largest
    uint32_t count = 0;
    uint32_t slot = 0; // the leftmost
  };
  struct Range {
    uint32_t from = 0, to = 0;
  };

  static Found join(Found a, Found b);
  Found search(Range range) const;
  void take(Found found);
  void switchOff(Range range);
  void dropTensors();

  const Sizes &sizes;
  std::vector<NodeId> slots; // layers in order; at first the root's own tensors too
  std::vector<Range> ranges; // of slots, by node
  std::vector<Found> heap;   // leaves from `width` on
  uint32_t width = 1;
  std::vector<NodeId> tensors; // the root's, until the first look at modules alone
  std::vector<NodeId> struck;  // nodes whose names were struck and that have no place yet
  Number largest;
  uint32_t rank = UINT32_MAX;
  uint32_t names = 0;
};

} // namespace ashlar::devicemap
