#include "compiler/devicemap/Place.h"

#include "compiler/devicemap/Check.h"
#include "compiler/devicemap/Walk.h"

#include <algorithm>

namespace ashlar::devicemap {

/// Says what the references say when they made a map.
static void report(const ModuleTree &tree, const WalkResult &result, const Budgets &budgets,
                   Diagnostics &diags) {
  std::vector<std::string> unused;
  for (const auto &[device, needed] : result.unused)
    unused.push_back(text(device) + " (has " + text(*budgets.find(device)) + " bytes, needs " +
                     text(needed) + ")");
  if (!unused.empty()) {
    diags.warning(tree.source, "nothing was placed on " + listed(unused));
    diags.note("that is for what came first and the room that the largest layer is kept; the walk "
               "does not come back to a device");
  }
  if (result.homelessBuffers) {
    diags.warning(tree.source, "the buffers of offloaded modules take " +
                                   text(*result.homelessBuffers) +
                                   " bytes, and no accelerator has as much left");
    diags.note("with --offload-buffers they stay with their modules");
  }
}

/// Says what they say when they load by it.
static void warnOfLoad(const ModuleTree &tree, const TreeIndex &treeIndex, const DeviceMap &map,
                       const Options &options, Diagnostics &diags) {
  std::vector<std::string> missing = uncovered(tree, treeIndex, map);
  // Transformers does not look when parameters were left off on purpose.
  if (!missing.empty() && !options.noPlacement) {
    diags.warning(tree.source, "the device map gives no device to " + listed(missing));
    diags.note("the rules drop the buffers of modules that they split, and a load by this map "
               "fails; keep such modules whole with --no-split CLASS");
  }
  checkTied(tree, map, diags);
}

static void warnOfNames(const ModuleTree &tree, const TreeIndex &treeIndex, const Options &options,
                        Diagnostics &diags) {
  llvm::StringSet<> classes;
  for (NodeId module : treeIndex.modules())
    classes.insert(tree[module].className);
  for (const std::string &name : options.noSplit)
    if (!classes.contains(name))
      diags.warning(tree.source, "no module is of the no-split class " + name);
  for (const auto &[name, type] : options.specialTypes) {
    std::optional<NodeId> node = treeIndex.find(name);
    if (!node || tree[*node].kind == NodeKind::Module)
      diags.warning(tree.source, "no tensor has the name " + name + " that a special type is for");
  }
}

/// A map of the user's, in the order in which the model defines what it names.
static DeviceMap inOrder(const DeviceMap &map, const TreeIndex &treeIndex) {
  std::vector<std::pair<uint32_t, const MapEntry *>> entries;
  for (const MapEntry &entry : map.entries()) {
    std::optional<NodeId> node = treeIndex.find(entry.key);
    entries.emplace_back(node ? index(*node) : UINT32_MAX, &entry);
  }
  std::sort(entries.begin(), entries.end(), [](const auto &a, const auto &b) {
    return std::tie(a.first, a.second->key) < std::tie(b.first, b.second->key);
  });
  DeviceMap ordered;
  for (const auto &[place, entry] : entries)
    ordered.set(entry->key, entry->device);
  return ordered;
}

/// Whether the rules know all that is asked for.
static bool ruled(const ModuleTree &tree, const Options &options, Diagnostics &diags) {
  bool transformers = options.rules == Rules::Transformers;
  llvm::StringRef unknown;
  if (transformers && (options.dtype || !options.specialTypes.empty()))
    unknown = "dtype but the tensors' own";
  else if (transformers && options.fallbackAllocation)
    unknown = "fallback allocation";
  else if (!transformers && options.noPlacement)
    unknown = "parameters that are left off the map";
  if (unknown.empty())
    return true;
  diags.error(Exit::BadInput, tree.source,
              "the rules of " + name(options.rules) + " have no " + unknown);
  diags.note(llvm::Twine("leave it out, or follow those of ") +
             (transformers ? "Accelerate with --compat accelerate"
                           : "Transformers with --compat transformers"));
  return false;
}

/// Whether a strategy has what it needs.
static bool ready(const ModuleTree &tree, const std::optional<Budgets> &budgets,
                  const Options &options, Diagnostics &diags) {
  if (!ruled(tree, options, diags))
    return false;
  if (budgets)
    return true;
  diags.error(Exit::BadInput, tree.source, "a strategy needs to know what each device may take");
  diags.note("say it as in --max-memory 0=22GiB,cpu=60GiB");
  return false;
}

std::optional<Budgets> budgetsFor(const ModuleTree &tree, Strategy strategy,
                                  const std::optional<Budgets> &budgets, const Options &options,
                                  Diagnostics &diags) {
  if (!ready(tree, budgets, options, diags))
    return std::nullopt;
  TreeIndex treeIndex(tree);
  Sizes sizes = computeSizes(tree, treeIndex, options);
  return cut(*budgets, strategy, tree, treeIndex, sizes, options, diags);
}

std::optional<DeviceMap> place(const ModuleTree &tree, const Choice &choice,
                               const std::optional<Budgets> &budgets, const Options &options,
                               Diagnostics &diags) {
  TreeIndex treeIndex(tree);
  if (!choice.strategy) {
    if (!check(tree, treeIndex, choice.manual, diags))
      return std::nullopt;
    checkTied(tree, choice.manual, diags);
    return inOrder(choice.manual, treeIndex);
  }
  if (!ready(tree, budgets, options, diags))
    return std::nullopt;
  warnOfNames(tree, treeIndex, options, diags);
  Sizes sizes = computeSizes(tree, treeIndex, options);
  std::optional<Budgets> caps =
      cut(*budgets, *choice.strategy, tree, treeIndex, sizes, options, diags);
  if (!caps)
    return std::nullopt;
  std::optional<WalkResult> result = walk(tree, treeIndex, sizes, *caps, options, diags);
  if (!result)
    return std::nullopt;
  // Transformers cleans no map that parameters were left off: they would be on it again.
  DeviceMap map =
      options.cleanResult && !options.noPlacement ? cleaned(result->map) : std::move(result->map);
  report(tree, *result, *caps, diags);
  warnOfLoad(tree, treeIndex, map, options, diags);
  return map;
}

} // namespace ashlar::devicemap
