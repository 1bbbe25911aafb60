/// Writes down what the phases before decided, as one Plan.
#pragma once

#include "compiler/plan/Plan.h"
#include "compiler/schedule/Arena.h"

namespace ashlar {

plan::Plan assemble(const Model &model, const Machine &machine, const Solution &solution,
                    std::vector<plan::Phase> phases, const Arena &arena);

} // namespace ashlar
