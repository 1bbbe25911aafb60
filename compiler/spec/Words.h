/// The names that a spec may give. They become names in emitted C++, so a spec that takes one of
/// C++'s words is told at once, and not by a C++ compiler.
#pragma once

#include "llvm/ADT/StringRef.h"

#include <string>

namespace ashlar::spec {

/// Why a name cannot be given to anything, as the end of the sentence "NAME …"; empty when it can.
std::string unfit(llvm::StringRef name);

} // namespace ashlar::spec
