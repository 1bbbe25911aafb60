/// The spec language: reading a spec, and binding it to a checkpoint's config.
///
/// A spec is declarative text that describes a family of models; specs/README.md explains the
/// language. Every function says what is wrong with file, line, column and caret, reports several
/// mistakes in one run (20 at most), and returns nothing when it reported one.
#pragma once

#include "compiler/checkpoint/Config.h"
#include "compiler/spec/Model.h"
#include "compiler/spec/Syntax.h"
#include "compiler/support/Diagnostics.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>

namespace ashlar {

/// Reads a spec. The text must have been taken into the diagnostics before, as `readText` and
/// `findSpec` do, and must outlive the tree.
std::optional<spec::File> parseSpec(llvm::StringRef text, Diagnostics &diags);

/// The canonical text of a spec, `--emit=spec`: it reads back as the same tree.
void print(const spec::File &file, llvm::raw_ostream &out);

/// Binds a spec to a config: every name resolved, every shape a number, every op's sides compared.
/// Warns about weights that nothing uses and about config keys that nothing reads.
std::optional<Model> check(const spec::File &file, const Config &config, Diagnostics &diags);

/// The text of the spec inside the tool whose list of model types names this one, taken into the
/// diagnostics under its path.
std::optional<llvm::StringRef> findSpec(llvm::StringRef modelType, Diagnostics &diags);

} // namespace ashlar
