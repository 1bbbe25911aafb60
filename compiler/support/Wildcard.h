/// Patterns of names, as specs ignore tensors and config keys by.
#pragma once

#include "llvm/ADT/StringRef.h"

namespace ashlar {

/// `*` stands for any text. In time of pattern times name at worst, whatever the pattern.
bool matches(llvm::StringRef pattern, llvm::StringRef name);

} // namespace ashlar
