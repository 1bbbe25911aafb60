/// The word for weights that stay in the pack's file, where profiles, plans and options name homes:
/// no memory has this name.
#pragma once

#include "llvm/ADT/StringRef.h"

namespace ashlar {

inline constexpr llvm::StringLiteral DiskHome = "disk";

} // namespace ashlar
