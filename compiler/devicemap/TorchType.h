/// The number types of PyTorch by their names there, and what the rules count for them.
#pragma once

#include "compiler/devicemap/Number.h"

#include "llvm/ADT/StringRef.h"

#include <optional>

namespace ashlar::devicemap {

/// An index into the table of types.
enum class TorchType : uint8_t {};

/// Takes a torch name ("bfloat16", "torch.bfloat16", "half") or one of Ashlar's ("bf16").
std::optional<TorchType> parseTorchType(llvm::StringRef name);
/// Takes in addition what Accelerate plans with but tensors do not have: INT2, INT4 and FP8.
std::optional<TorchType> parsePlannedType(llvm::StringRef name);

/// "bfloat16".
llvm::StringRef name(TorchType type);
/// Whether a load with another dtype leaves tensors of this type as they are.
bool isNeverCast(TorchType type);

/// What Accelerate counts for a number of elements: an eighth of a byte for a bool, and nothing for
/// types whose names end in less than 8 bits.
Number acceleratedBytes(TorchType type, Int elements);
/// The smaller of the two by that count.
TorchType smaller(TorchType a, TorchType b);
/// What an element takes in memory.
uint64_t storedBytes(TorchType type);

/// All names, for messages.
std::string knownTorchTypes();

} // namespace ashlar::devicemap
