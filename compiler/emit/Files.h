/// The emitters, one a file.
#pragma once

#include "compiler/emit/Emit.h"
#include "compiler/emit/Names.h"

namespace ashlar::emission {

/// model.h: every offset, as typed references.
SourceFile layoutFile(const Names &names);
/// model.cpp: what the runtime must know.
SourceFile infoFile(const plan::Plan &plan);
/// plain.cpp: decode.cpp or forward.cpp once more, as plain C++.
SourceFile plainFile(const plan::Plan &plan);
/// prefill.cpp, decode.cpp or forward.cpp: the steps of one phase.
SourceFile phaseFile(const Names &names, const plan::Phase &phase);

/// "0 to 4", "0, 2, 4": the layers that a comment speaks of.
std::string layerRange(llvm::ArrayRef<uint32_t> layers);

/// Pads `line` so that comments stand under each other.
std::string withComment(std::string line, llvm::StringRef comment);

} // namespace ashlar::emission
