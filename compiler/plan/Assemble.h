/// Writes down what the phases before decided, as one Plan.
#pragma once

#include "compiler/plan/Plan.h"
#include "compiler/schedule/Arena.h"

namespace ashlar {

/// `digest` is that of the whole model.
plan::Plan assemble(llvm::StringRef digest, const Machine &machine, const Solution &solution,
                    std::vector<plan::Phase> phases, const Arena &arena);

/// What a step of a phase takes, less than which no placement does, and what most of it goes into.
plan::Prediction predict(const Machine &machine, const Solution &solution, bool decode);

} // namespace ashlar
