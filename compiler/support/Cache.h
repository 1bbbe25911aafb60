/// Where the tool keeps what it need not make again: $XDG_CACHE_HOME/ashlar, or ~/.cache/ashlar.
#pragma once

#include "compiler/support/Diagnostics.h"

#include <optional>
#include <string>

namespace ashlar {

/// The cache's folder of this name, or the cache itself without one; created when it is not there.
std::optional<std::string> cacheDirectory(llvm::StringRef name, Diagnostics &diags);

} // namespace ashlar
