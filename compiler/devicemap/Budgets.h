/// `get_max_memory` and `get_balanced_memory`: how many bytes of the model each device may take.
#pragma once

#include "compiler/devicemap/Sizes.h"
#include "compiler/support/Diagnostics.h"

namespace ashlar::devicemap {

/// Budgets by key, as they were given, in the order of filling. Messages name `source`.
std::optional<Budgets> normalised(llvm::ArrayRef<std::pair<std::string, Number>> given,
                                  llvm::StringRef source, Diagnostics &diags);

/// The budgets that a strategy walks with: measured ones less what the rules hold back, those of a
/// balanced strategy cut so that each accelerator takes its share.
std::optional<Budgets> cut(Budgets budgets, Strategy strategy, const ModuleTree &tree,
                           const TreeIndex &index, const Sizes &sizes, const Options &options,
                           Diagnostics &diags);

/// As JSON.
void print(const Budgets &budgets, llvm::raw_ostream &out);

} // namespace ashlar::devicemap
