/// Skeletons of emitted files with `$name$` holes, from templates/source; `$$` stands for a
/// dollar sign. A hole without a value and a value without a hole are bugs of ours.
#pragma once

#include "llvm/ADT/StringRef.h"

#include <map>
#include <string>

namespace ashlar {

/// The skeleton `templates/source/NAME` with its holes filled.
std::string fill(llvm::StringRef skeleton, const std::map<std::string, std::string> &values);

} // namespace ashlar
