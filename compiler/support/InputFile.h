/// Files that may be several in one, divided by lines "// -----" (`--split-input-file`). A piece is
/// read as a file of its own, but places in it are those of the whole file.
#pragma once

#include "compiler/support/Diagnostics.h"
#include "compiler/support/Quantity.h"

#include "llvm/ADT/STLFunctionalExtras.h"

#include <optional>
#include <string>

namespace ashlar {

/// A file that is to be read, or a piece of one that was.
struct InputFile {
  std::string path; // as messages name it; empty: no file
  std::optional<llvm::StringRef> piece;
};

std::optional<llvm::StringRef> readText(const InputFile &file, Bytes limit, Diagnostics &diags);

/// Lets every piece of a text that was read be done by itself, whatever becomes of the others.
/// Returns what they print, divided as they were.
std::string
forEachPiece(const std::string &path, llvm::StringRef text, Diagnostics &diags,
             llvm::function_ref<void(const InputFile &piece, llvm::raw_ostream &out)> work);

} // namespace ashlar
