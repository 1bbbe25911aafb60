#include "compiler/devicemap/Check.h"

namespace ashlar::devicemap {

std::string listed(llvm::ArrayRef<std::string> names) {
  constexpr size_t Shown = 16;
  std::string text;
  for (const std::string &name : names.take_front(Shown))
    text += (text.empty() ? "" : ", ") + name;
  if (names.size() > Shown)
    text += " and " + std::to_string(names.size() - Shown) + " more";
  return text;
}

std::vector<std::string> uncovered(const ModuleTree &tree, const TreeIndex &treeIndex,
                                   const DeviceMap &map) {
  std::vector<bool> covered(tree.nodes.size());
  for (const MapEntry &entry : map.entries())
    if (std::optional<NodeId> node = treeIndex.find(entry.key))
      covered[index(*node)] = true;
  std::vector<std::string> missing;
  for (NodeId module : treeIndex.modules()) {
    if (covered[index(tree[module].parent)])
      covered[index(module)] = true;
    if (covered[index(module)])
      continue;
    for (const auto &tensors : {tree[module].parameters, tree[module].buffers})
      for (NodeId tensor : tensors)
        if (tree[tensor].persistent && !covered[index(tensor)])
          missing.push_back(tree.path(tensor));
  }
  return missing;
}

bool check(const ModuleTree &tree, const TreeIndex &treeIndex, const DeviceMap &map,
           Diagnostics &diags) {
  std::vector<std::string> strangers;
  for (const MapEntry &entry : map.entries()) {
    std::optional<NodeId> node = treeIndex.find(entry.key);
    if (!node || tree[*node].kind != NodeKind::Module)
      strangers.push_back(entry.key);
  }
  if (!strangers.empty()) {
    diags.warning(tree.source, "keys of the device map that are no modules: " + listed(strangers));
    diags.note("those that name a tensor hold for it alone, others for nothing");
  }
  std::vector<std::string> missing = uncovered(tree, treeIndex, map);
  if (missing.empty())
    return true;
  diags.error(Exit::BadInput, tree.source, "the device map gives no device to " + listed(missing));
  diags.note("add entries for them, or one with the key \"\" for all that is left");
  return false;
}

void checkTied(const ModuleTree &tree, const DeviceMap &map, Diagnostics &diags) {
  for (const TiedGroup &group : tree.tied) {
    std::vector<std::string> places;
    bool apart = false;
    const Device *first = nullptr;
    for (NodeId member : group.members) {
      std::string path = tree.path(member);
      const Device *device = deviceOf(map, path);
      if (!device) // said by whoever looked for what is missing
        continue;
      first = first ? first : device;
      apart |= *device != *first;
      places.push_back(path + " on " + text(*device));
    }
    if (!apart)
      continue;
    diags.warning(tree.source, "tied parameters are on different devices: " + listed(places));
    diags.note("each of these devices will hold a copy");
  }
}

} // namespace ashlar::devicemap
