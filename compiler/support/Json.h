/// Reads JSON from files that nobody vouches for. A document deeper or larger than the limits, with
/// a key given twice, or not of the grammar is an error with its place; what comes back is valid
/// UTF-8 throughout. Beyond the grammar only Python's bare NaN, Infinity and -Infinity are taken,
/// as doubles.
#pragma once

#include "compiler/support/Diagnostics.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/JSON.h"

#include <optional>

namespace ashlar {

/// The text must have been taken into the diagnostics (`Diagnostics::add`, `readText`). Integers
/// come back as integers where 64 bits hold them, and as doubles where not.
std::optional<llvm::json::Value> parseJson(llvm::StringRef text, Diagnostics &diags,
                                           unsigned maxDepth = 64);

/// The place of a top-level key of a text that parsed, for carets; the text's start where there is
/// no such key.
llvm::SMLoc locateKey(llvm::StringRef text, llvm::StringRef key);

/// The place of the last key of a path through nested objects, or of the longest part of the path
/// that is there. In an array the key is an item's number.
llvm::SMLoc locatePath(llvm::StringRef text, llvm::ArrayRef<llvm::StringRef> path);

} // namespace ashlar
