/// Device maps on request: of a model, or of the modules that a file lists.
#pragma once

#include "compiler/Driver.h"
#include "compiler/devicemap/DeviceMap.h"
#include "compiler/spec/Model.h"

namespace ashlar {

/// The map that the request asks for.
std::optional<devicemap::DeviceMap> deviceMapOf(const Model &model, const Request &request,
                                                Diagnostics &diags);

/// Prints `Emit::Sizes`, `Budgets` or `DeviceMap`.
bool printDeviceMap(const Model &model, const Request &request, Emit emit, llvm::raw_ostream &out,
                    Diagnostics &diags);

/// The same for each part of a modules file. A part that is wrong prints nothing, and the others
/// are still done.
Exit modulesCommand(const PlanOptions &options, Diagnostics &diags);

} // namespace ashlar
