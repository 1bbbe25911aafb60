/// A model's modules and a request for a device map, from a JSON file:
///
///   {"modules": {"class": "Tiny", "children": [
///      {"name": "fc1", "class": "Linear",
///       "params": [{"name": "weight", "shape": [4, 3], "dtype": "float32"}],
///       "buffers": [{"name": "scale", "shape": [], "dtype": "bool", "persistent": false}],
///       "children": []}]},
///    "tied": [["fc1.weight", "fc2.weight"]],
///    "max_memory": {"0": 200, "cpu": "1GB"},
///    "no_split": ["Block"],
///    "device_map": "auto",
///    "options": {"dtype": "float16", "special_dtypes": {"fc1.weight": "INT4"},
///                "clean_result": true, "offload_buffers": false, "fallback_allocation": false,
///                "low_zero": false, "float_max_memory": false, "buffers_only": false,
///                "no_placement_params": ["table"]}}
///
/// All but `modules` may be left out. The options are arguments of the
/// functions in Accelerate and Transformers; by `float_max_memory` budgets are floats to them. A
/// tied group may also be {"source": NAME, "targets": [NAME, …]}; in a list the member that is
/// defined first is the source.
#pragma once

#include "compiler/devicemap/Place.h"

namespace ashlar::devicemap {

struct ModulesFile {
  ModuleTree tree;
  Options options;
  std::optional<std::vector<std::pair<std::string, Number>>> maxMemory;
  std::optional<Choice> choice;
  bool lowZero = false;     // makes a balanced strategy balanced_low_0
  bool buffersOnly = false; // for sizes
  bool cleanManual = false; // asked for: a map that is given is used as it is otherwise
};

/// The text must have been taken into the diagnostics; `name` is for messages without a line.
std::optional<ModulesFile> readModules(llvm::StringRef text, llvm::StringRef name,
                                       Diagnostics &diags);

} // namespace ashlar::devicemap
