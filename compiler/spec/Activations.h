/// The names by which configs and specs call activations, and the classes that stand for them in
/// the reference implementation. Several names may mean one function.
#pragma once

#include "compiler/spec/Errors.h"
#include "compiler/spec/Model.h"

#include <optional>

namespace ashlar {

std::optional<Activation> findActivation(llvm::StringRef name);
/// Of a name that `findActivation` knows: "NewGELUActivation" for "gelu_new".
llvm::StringRef classOfActivation(llvm::StringRef name);
/// The nearest name, or all of them: belongs to the error before it.
void noteActivations(llvm::StringRef name, Errors &errors);
/// All names, for suggestions.
std::vector<llvm::StringRef> activationNames();

} // namespace ashlar
