/// The header of a safetensors file: a JSON object that names tensors, their types, shapes and
/// extents. It is scanned in one pass and nothing but the tensors is kept, so that even the
/// largest header costs no more than three times its own bytes.
#pragma once

#include "compiler/checkpoint/Checkpoint.h"

namespace ashlar {

/// What a header may hold. The first is the format's, the others are ours and far beyond what
/// checkpoints have.
inline constexpr uint64_t MaxHeaderBytes = 100'000'000;
inline constexpr uint64_t MaxTensors = 1'000'000;
inline constexpr uint64_t MaxNameBytes = 1024;
inline constexpr uint64_t MaxRank = 64;
inline constexpr uint64_t MaxMetadataBytes = 1 << 20; // of unknown keys' values as well

/// Reads a header's text and appends its tensors, with offsets counted from the header's end.
/// Their extents are consistent with their types and shapes, but not yet with each other and the
/// file. `file` names the file in messages, where places count from its start: the text stands at
/// byte 8.
bool parseHeader(llvm::StringRef file, llvm::StringRef text, std::vector<Tensor> &tensors,
                 Diagnostics &diags);

/// Checks the extents of one file's tensors: side by side from the header's end to the file's, in
/// any order, without a hole or a byte in common.
bool checkExtents(llvm::StringRef file, llvm::ArrayRef<Tensor> tensors, uint64_t dataBytes,
                  Diagnostics &diags);

} // namespace ashlar
