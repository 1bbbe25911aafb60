/// The index of a sharded checkpoint, `model.safetensors.index.json`: which tensor lies in which
/// file. It comes with the checkpoint and is trusted no more than its other files; a name in it
/// can only be that of a file beside it.
#pragma once

#include "compiler/checkpoint/Checkpoint.h"

namespace ashlar {

inline constexpr llvm::StringLiteral IndexName = "model.safetensors.index.json";

/// Reads the index of a directory and every file that it names, and checks that each tensor is
/// where the index says, and in no second file. Leaves the tensors sorted by name.
bool readIndexed(llvm::StringRef directory, Checkpoint &into, Diagnostics &diags);

/// Sorts by name; false, with a message, where two files hold a tensor of the same name.
bool sortTensors(Checkpoint &checkpoint, Diagnostics &diags);

/// Says `"a", "b", "c" and 4 more`: at most five names of a list.
std::string someOf(llvm::ArrayRef<std::string> names);

} // namespace ashlar
