/// Who implements an operation: kernels of ours, or a library.
#pragma once

#include "llvm/ADT/StringRef.h"

#include <cstdint>

namespace ashlar {

enum class Provider : uint8_t { Native, Torch };
inline constexpr Provider Providers[] = {Provider::Native, Provider::Torch};

/// "native", "torch": in plans, profiles and options.
inline llvm::StringRef name(Provider provider) {
  return provider == Provider::Native ? "native" : "torch";
}

} // namespace ashlar
