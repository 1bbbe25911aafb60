/// `compute_module_sizes`: the bytes of every module and tensor.
#pragma once

#include "compiler/devicemap/Options.h"

namespace ashlar::devicemap {

struct Sizes {
  std::vector<Number> of; // by node; 0 for an alias of a tensor that is counted under another name
  /// What has an entry in the reference's table, in the order of its insertion: the tensors that
  /// are counted, each after the modules around it that are not there yet.
  std::vector<NodeId> table;
  std::vector<bool> inTable; // by node

  Number operator[](NodeId id) const { return of[index(id)]; }
};

Sizes computeSizes(const ModuleTree &tree, const TreeIndex &index, const Options &options,
                   bool buffersOnly = false);

/// The bytes of a module's buffers. Special types are looked up by the name within the module, as
/// the reference does, so that they seldom count here.
Number bufferBytes(const ModuleTree &tree, const TreeIndex &index, NodeId module,
                   const Options &options, const llvm::StringMap<TorchType> &special);

/// The table as JSON.
void print(const Sizes &sizes, const ModuleTree &tree, llvm::raw_ostream &out);

} // namespace ashlar::devicemap
