#include "compiler/ModelTree.h"

#include "compiler/support/Diagnostics.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"

namespace ashlar {

using devicemap::ModuleTree;
using devicemap::NodeId;

static devicemap::TorchType torchType(DataType type) {
  return *devicemap::parseTorchType(name(type));
}

static std::pair<llvm::StringRef, llvm::StringRef> parentAndName(llvm::StringRef path) {
  return path.contains('.') ? path.rsplit('.') : std::pair(llvm::StringRef(), path);
}

/// The module around something that the model has at this path.
static NodeId moduleOf(const llvm::StringMap<NodeId> &modules, llvm::StringRef parent,
                       llvm::StringRef path) {
  auto found = modules.find(parent);
  if (found == modules.end())
    internalError("the model has no module around '" + path + "'");
  return found->second;
}

ModuleTree moduleTree(const Model &model) {
  ModuleTree tree(model.className);
  tree.source = model.spec;
  llvm::StringMap<NodeId> modules;
  modules[""] = devicemap::Root;
  for (const Module &module : model.modules) {
    auto [parent, name] = parentAndName(module.path);
    modules[module.path] =
        tree.addModule(moduleOf(modules, parent, module.path), name, module.className);
  }
  std::vector<NodeId> parameters;
  for (const Weight &weight : model.weights) {
    auto [parent, name] = parentAndName(weight.parameter);
    parameters.push_back(tree.addTensor(moduleOf(modules, parent, weight.parameter),
                                        devicemap::NodeKind::Parameter, name, weight.shape,
                                        torchType(weight.type)));
  }
  for (const Buffer &buffer : model.buffers) {
    auto [parent, name] = parentAndName(buffer.tensor);
    tree.addTensor(moduleOf(modules, parent, buffer.tensor), devicemap::NodeKind::Buffer, name,
                   buffer.shape, *devicemap::parseTorchType(buffer.type), buffer.persistent);
  }
  llvm::MapVector<uint32_t, devicemap::TiedGroup> groups;
  for (size_t i = 0; i != model.weights.size(); ++i) {
    std::optional<WeightId> stored = model.weights[i].tiedTo;
    if (!stored)
      continue;
    devicemap::TiedGroup &group = groups[index(*stored)];
    group.source = parameters[index(*stored)];
    if (group.members.empty())
      group.members.push_back(group.source);
    group.members.push_back(parameters[i]);
  }
  for (auto &[source, group] : groups)
    tree.tied.push_back(std::move(group));
  return tree;
}

} // namespace ashlar
