/// What a device map must hold for a model, and should.
#pragma once

#include "compiler/devicemap/DeviceMap.h"
#include "compiler/devicemap/ModuleTree.h"
#include "compiler/support/Diagnostics.h"

namespace ashlar::devicemap {

/// `check_device_map`: a map of the user's must give a device to every tensor that a checkpoint
/// holds, and should name nothing but modules.
bool check(const ModuleTree &tree, const TreeIndex &index, const DeviceMap &map,
           Diagnostics &diags);

/// Warns of tied parameters on more than one device.
void checkTied(const ModuleTree &tree, const DeviceMap &map, Diagnostics &diags);

/// The tensors of a checkpoint, under all their names, that the map gives no device.
std::vector<std::string> uncovered(const ModuleTree &tree, const TreeIndex &index,
                                   const DeviceMap &map);

/// "a, b and 3 more".
std::string listed(llvm::ArrayRef<std::string> names);

} // namespace ashlar::devicemap
