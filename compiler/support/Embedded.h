/// The files that the tool carries inside itself: specs, kernels, the runtime's sources and its
/// built archive. So the tool is one file that works wherever it is copied.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace ashlar {

struct EmbeddedFile {
  llvm::StringRef path; // from the root of the source tree: "templates/cpu/linear.h"
  llvm::StringRef bytes;
};

/// All of them, sorted by path. The table is written by compiler/support/Embed.cmake.
llvm::ArrayRef<EmbeddedFile> embeddedFiles();

/// The file with this path, or null.
const EmbeddedFile *findEmbedded(llvm::StringRef path);

} // namespace ashlar
