/// `infer_auto_device_map`: the walk over the modules in definition order that fills one device
/// after the other and never comes back to one that it has left.
#pragma once

#include "compiler/devicemap/Budgets.h"

namespace ashlar::devicemap {

struct WalkResult {
  DeviceMap map; // not cleaned
  /// Devices on which nothing was placed, and the bytes that the first thing tried there needs.
  std::vector<Budget> unused;
  /// The buffers of what is on the CPU or on disk, when no accelerator has room for them.
  std::optional<Number> homelessBuffers;
};

/// Reports and returns nothing where the references end in an error of their own.
std::optional<WalkResult> walk(const ModuleTree &tree, const TreeIndex &index, const Sizes &sizes,
                               const Budgets &budgets, const Options &options, Diagnostics &diags);

} // namespace ashlar::devicemap
