/// Names by pattern: `*` stands for any text.
#pragma once

#include "llvm/ADT/StringRef.h"

namespace ashlar {

/// In time of pattern times name at worst, whatever the pattern.
bool matches(llvm::StringRef pattern, llvm::StringRef name);

/// Whether the pattern matches the name, or a whole leading part of it: "layers.3" is
/// "layers.3.mlp", too, but not "layers.30.mlp".
bool matchesPart(llvm::StringRef pattern, llvm::StringRef name);

} // namespace ashlar
