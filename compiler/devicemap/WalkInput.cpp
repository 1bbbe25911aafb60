#include "compiler/devicemap/WalkState.h"

#include "llvm/ADT/DenseSet.h"

namespace ashlar::devicemap {

// Models need thousands of steps. This is where modules that were made for the purpose end: every
// fallback search starts anew at the front, and every split of one of many partners has the node
// that they are tied to treated again.
static constexpr uint64_t MaxWork = 1u << 25;

WalkInput::WalkInput(const ModuleTree &tree, const TreeIndex &treeIndex, const Sizes &sizes,
                     const Options &options, Ties found, Diagnostics &diags)
    : tree(tree), treeIndex(treeIndex), sizes(sizes), options(options), diags(diags),
      ties(std::move(found)), noSplit(options.noSplitSet()), repeated(tree.nodes.size()) {
  for (const auto &[path, type] : options.specialTypes)
    special[path] = type;
  if (options.noPlacement)
    for (const std::string &name : *options.noPlacement)
      noPlacement.insert(name);
  for (const TiedGroup &group : tree.tied) {
    std::vector<NodeId> members = group.members;
    llvm::sort(members);
    llvm::DenseSet<uint32_t> modules;
    for (NodeId member : members)
      repeated[index(member)] = !modules.insert(index(tree[member].parent)).second;
  }
}

llvm::SmallVector<NodeId, 8> WalkInput::ownParameters(NodeId module) const {
  llvm::SmallVector<NodeId, 8> result(llvm::ArrayRef(tree[module].parameters));
  if (options.rules == Rules::Accelerate)
    llvm::erase_if(result, [&](NodeId node) { return repeated[index(node)]; });
  return result;
}

llvm::SmallVector<NodeId, 8> WalkInput::parts(NodeId module) const {
  llvm::SmallVector<NodeId, 8> result = ownParameters(module);
  result.append(tree[module].modules.begin(), tree[module].modules.end());
  return result;
}

std::optional<WalkInput::Company>
WalkInput::company(NodeId node, llvm::function_ref<bool(NodeId)> isPending) const {
  Company company{ties.outside(node), {}, sizes[node]};
  work += 1 + company.outside.size();
  if (work > MaxWork) {
    fail("the walk came by more than " + llvm::Twine(MaxWork) +
             " modules and tied parameters that do not fit",
         "tie fewer parameters, name fewer devices, or leave --fallback-allocation out");
    return std::nullopt;
  }
  llvm::DenseSet<uint32_t> met;
  for (NodeId tied : company.outside) {
    NodeId partner = tree[tied].parent;
    while (partner != Root && !isPending(partner))
      partner = tree[partner].parent;
    if (partner == Root) {
      fail("the rules of " + name(options.rules) + " end in an IndexError: '" + tree.path(tied) +
               "' is tied to '" + tree.path(ties.insidePartOf(node, tied)) +
               "', and when that is placed with '" + tree.path(node) +
               "' no module is left that holds it",
           "keep the modules of tied weights whole with --no-split CLASS, change the budgets, or "
           "write the map with --device-map FILE");
      return std::nullopt;
    }
    // Accelerate adds a partner once for each tied member that it holds.
    if (options.rules == Rules::Accelerate) {
      company.partners.push_back(partner);
      company.bytes += sizes[partner] - sizes[tied];
    } else if (met.insert(index(partner)).second) {
      company.partners.push_back(partner);
      company.bytes += sizes[partner];
    }
  }
  return company;
}

} // namespace ashlar::devicemap
