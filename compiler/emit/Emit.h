/// Translates a plan into source files. Emission decides nothing: what is called, in which order,
/// on which processor and at which bytes is read off the model and the plan.
#pragma once

#include "compiler/place/Problem.h"

namespace ashlar {

struct SourceFile {
  std::string path; // relative to the project: "decode.cpp"
  std::string text;
};

/// model.h, model.cpp, and prefill.cpp and decode.cpp or forward.cpp; and plain.cpp, of which
/// `takesInstructions` says no. Model and plan must agree (`checkAgreement`).
std::vector<SourceFile> emit(const Model &model, const plan::Plan &plan);

/// Whether a source file is compiled for the plan's instruction sets. model.cpp runs before they
/// are checked, and plain.cpp is there to do without them.
bool takesInstructions(const SourceFile &file);

/// What makes them a project that builds by itself: CMakeLists.txt, the runtime and the kernels.
std::vector<SourceFile> emitProject(const plan::Plan &plan);

/// The model as a plan from a file cuts it: its blocks are the plan's units, if they agree at all.
Model cutAsPlanned(const Model &model, const plan::Plan &plan);

/// Whether a plan that came from a file belongs to a model: it was made for this one, with the same
/// units, weights and values; its regions hold what the runtime puts there; and its names, which
/// become source text, are names. The differences are the user's errors. `model` is cut as planned,
/// `digest` that of the whole.
bool checkAgreement(const Model &model, llvm::StringRef digest, const plan::Plan &plan,
                    const Fittings &fittings, llvm::StringRef planFile, Diagnostics &diags);

/// Whether apps can run the plan: on a cpu alone, with all weights in its memory; and a model that
/// reads tokens must end in logits. `model` is cut as planned.
bool checkRunnable(const Model &model, const plan::Plan &plan, Diagnostics &diags);

} // namespace ashlar
