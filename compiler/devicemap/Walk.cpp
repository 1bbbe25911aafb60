#include "compiler/devicemap/Walk.h"

#include "compiler/devicemap/WalkState.h"

namespace ashlar::devicemap {
namespace {

class Walk {
public:
  Walk(const WalkInput &input, const Budgets &budgets);
  bool run();
  WalkResult result() const;

private:
  struct Target {
    Device device;
    std::optional<Number> budget; // disk has none
    bool reserves = false;        // keeps room for the largest layer
    bool isAccelerator = false;
    Number used;
    Number buffers;
    std::optional<Number> needed; // by the first thing that was tried, when nothing was placed
  };

  bool treat(NodeId node);
  void place(NodeId node, const WalkInput::Company &company);
  bool splitPartner(NodeId node, const WalkInput::Company &company);
  void split(NodeId node);
  bool leaveLookupTables(NodeId node, Number bytes);

  const WalkInput &input;
  std::vector<Target> targets;
  size_t current = 0;
  WorkList list;
  LargestLayer layers;
  FallbackSearch fallback;
  std::vector<std::pair<NodeId, size_t>> map; // node and target
};

llvm::SmallVector<NodeId, 8> rootTensors(const WalkInput &input) {
  llvm::SmallVector<NodeId, 8> tensors = input.ownParameters(Root);
  tensors.append(input.tree[Root].buffers.begin(), input.tree[Root].buffers.end());
  return tensors;
}

Walk::Walk(const WalkInput &input, const Budgets &budgets)
    : input(input), list(input.tree.nodes.size()),
      layers(input.tree, input.treeIndex, input.sizes, input.noSplit, rootTensors(input)),
      fallback(input) {
  for (const Budget &budget : budgets.list)
    if (!budget.device.is("disk"))
      targets.push_back({budget.device, budget.bytes});
  bool haveMps = false;
  for (Target &target : targets) {
    target.isAccelerator = !target.device.is("cpu");
    haveMps |= target.device.is("mps");
  }
  for (Target &target : targets)
    target.reserves =
        haveMps ? target.device.is("mps") : target.device.is("cpu") || &target == &targets.front();
  targets.push_back({Device::named("disk")});

  for (NodeId node : input.parts(Root))
    list.pushBack(node);
  for (NodeId buffer : input.tree[Root].buffers)
    list.pushBack(buffer);
}

bool Walk::run() {
  while (!list.empty())
    if (!treat(list.popFront()))
      return false;
  return true;
}

/// Places the node, or puts it or its parts back to the front of the list.
bool Walk::treat(NodeId node) {
  layers.treat(node);
  std::optional<WalkInput::Company> company =
      input.company(node, [&](NodeId entry) { return list.contains(entry); });
  if (!company)
    return false;
  Target &target = targets[current];
  Number reserved = target.reserves ? layers.size() : Number(0);
  std::optional<Number> cap = target.budget;
  if (cap && target.reserves)
    *cap = *cap - reserved;

  if (!cap || target.used + company->bytes <= *cap) {
    place(node, *company);
    return true;
  }
  Number alone = target.used + input.sizes[node];
  if (!company->outside.empty() && alone <= *cap && splitPartner(node, *company))
    return true;
  // What fits alone, but not with its partners, stays whole in Accelerate.
  bool tooLarge = input.options.rules == Rules::Transformers || alone >= *cap;
  if (tooLarge && input.canSplit(node)) {
    split(node);
    return true;
  }
  if (leaveLookupTables(node, company->bytes))
    return true;
  if (target.used == Number(0)) {
    std::optional<NodeId> found;
    // The room that is kept is counted on every device here.
    if (input.options.fallbackAllocation &&
        !fallback.run(list, *target.budget - max(layers.size(), company->bytes) - target.used,
                      found))
      return false;
    if (found) {
      list.pushFront({*found, node});
      return true;
    }
    target.needed = company->bytes + reserved;
  }
  target.used += reserved;
  ++current;
  list.pushFront(node);
  return true;
}

void Walk::place(NodeId node, const WalkInput::Company &company) {
  Target &target = targets[current];
  target.used += company.bytes;
  map.emplace_back(node, current);
  layers.placed(node);
  for (NodeId partner : company.partners)
    if (list.contains(partner)) {
      list.remove(partner);
      layers.placed(partner);
      map.emplace_back(partner, current);
    }
  if (input.tree[node].kind == NodeKind::Module)
    target.buffers += bufferBytes(input.tree, input.treeIndex, node, input.options, input.special);
}

bool Walk::splitPartner(NodeId node, const WalkInput::Company &company) {
  for (NodeId partner : company.partners)
    if (input.canSplit(partner)) {
      list.replace(partner, input.parts(partner));
      list.pushFront(node);
      layers.lookAgain();
      return true;
    }
  return false;
}

void Walk::split(NodeId node) {
  list.pushFront(input.parts(node));
  layers.lookAgain();
}

/// A no-split module that would be the first thing to leave the accelerators, because of parameters
/// that may be left off the map: the rest of it is placed alone.
bool Walk::leaveLookupTables(NodeId node, Number bytes) {
  const Target &next = targets[current + 1];
  const Node &module = input.tree[node];
  if (input.options.rules != Rules::Transformers || input.noPlacement.empty() ||
      module.kind != NodeKind::Module || !input.noSplit.contains(module.className) ||
      !next.isAccelerator || bytes <= *next.budget)
    return false;
  llvm::SmallVector<NodeId, 8> rest;
  bool any = false;
  for (auto tensors : {&Node::parameters, &Node::buffers})
    for (NodeId below : input.treeIndex.subtree(node))
      for (NodeId tensor : input.tree[below].*tensors) {
        bool isTable = input.noPlacement.contains(input.tree.path(tensor, node));
        any |= isTable && tensors == &Node::parameters;
        if (!isTable)
          rest.push_back(tensor);
      }
  if (!any)
    return false;
  layers.placed(node);
  list.pushFront(rest);
  return true;
}

WalkResult Walk::result() const {
  WalkResult result;
  for (auto [node, target] : map)
    result.map.set(input.tree.path(node), targets[target].device);
  Number away;
  for (const Target &target : targets) {
    if (target.needed)
      result.unused.push_back({target.device, *target.needed});
    if (!target.isAccelerator)
      away += target.buffers;
  }
  bool haveAccelerator = false, haveRoom = false;
  for (const Target &target : targets) {
    haveAccelerator |= target.isAccelerator;
    haveRoom |= target.isAccelerator && *target.budget >= away + target.used;
  }
  if (!input.options.offloadBuffers && away > Number(0) && haveAccelerator && !haveRoom)
    result.homelessBuffers = away;
  return result;
}

} // namespace

std::optional<WalkResult> walk(const ModuleTree &tree, const TreeIndex &treeIndex,
                               const Sizes &sizes, const Budgets &budgets, const Options &options,
                               Diagnostics &diags) {
  std::optional<Ties> ties = Ties::find(tree, treeIndex, diags);
  if (!ties)
    return std::nullopt;
  WalkInput input(tree, treeIndex, sizes, options, std::move(*ties), diags);
  Walk walk(input, budgets);
  if (!walk.run())
    return std::nullopt;
  return walk.result();
}

} // namespace ashlar::devicemap
