/// The static schedule: the steps of each phase, in order, with what each waits for.
#pragma once

#include "compiler/place/Solve.h"

namespace ashlar {

/// Three phases. `load` brings the weights of every unit from the pack to their home, in the order
/// of first use; its places are filled in by the arena. `prefill` and `decode` run the units.
std::vector<plan::Phase> schedule(const Model &model, const Solution &solution);

/// `--emit=schedule`.
void print(const std::vector<plan::Phase> &phases, const Model &model, const Machine &machine,
           llvm::raw_ostream &out);

} // namespace ashlar
