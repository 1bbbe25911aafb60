/// Device maps on request: of a model, or of the modules that a file lists.
#pragma once

#include "compiler/Driver.h"
#include "compiler/devicemap/DeviceMap.h"
#include "compiler/machine/Machine.h"
#include "compiler/spec/Model.h"

namespace ashlar {

/// The map that the request asks for. Without --max-memory, the budgets are what the memories of
/// the machine hold: as if all of it were free.
std::optional<devicemap::DeviceMap> deviceMapOf(const Model &model, const Request &request,
                                                const Machine *machine, Diagnostics &diags);

/// Whether the request's map depends on a machine.
bool needsMachine(const Request &request, Emit emit);

/// Prints `Emit::Sizes`, `Budgets` or `DeviceMap`.
bool printDeviceMap(const Model &model, const Request &request, const Machine *machine, Emit emit,
                    llvm::raw_ostream &out, Diagnostics &diags);

/// The same for each part of a modules file. A part that is wrong prints nothing, and the others
/// are still done.
Exit modulesCommand(const PlanOptions &options, Diagnostics &diags);

} // namespace ashlar
