/// Device maps by the rules of Hugging Face Accelerate and Transformers: the entry to this folder.
#pragma once

#include "compiler/devicemap/Budgets.h"

namespace ashlar::devicemap {

/// What a device map shall be: made by a strategy, or given.
struct Choice {
  std::optional<Strategy> strategy;
  DeviceMap manual; // where there is no strategy
};

/// Reads a strategy's name, a device for the whole model, a JSON object or the path of one.
std::optional<Choice> parseChoice(llvm::StringRef text, Diagnostics &diags);

/// The budgets that a strategy walks with.
std::optional<Budgets> budgetsFor(const ModuleTree &tree, Strategy strategy,
                                  const std::optional<Budgets> &budgets, const Options &options,
                                  Diagnostics &diags);

/// The map that Accelerate or Transformers would leave in `hf_device_map`. Where theirs is made
/// but would not load, as when it misses a tensor, that is a warning; where they end in an error,
/// that is an error. Budgets are needed for strategies only.
std::optional<DeviceMap> place(const ModuleTree &tree, const Choice &choice,
                               const std::optional<Budgets> &budgets, const Options &options,
                               Diagnostics &diags);

} // namespace ashlar::devicemap
