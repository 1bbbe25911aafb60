/// The static schedule: the steps of each phase, in order, with what each waits for.
#pragma once

#include "compiler/place/Solve.h"

namespace ashlar {

/// Three phases. `load` brings the weights of every unit from the pack to their home, in the order
/// of first use. `prefill` and `decode` run the units, one after another; before each, the streams
/// that it reads are sent to its memory and the weights that are not resident are brought to its
/// slot. The arena fills in the places.
std::vector<plan::Phase> schedule(const Machine &machine, const Solution &solution);

/// The units whose weights a unit reads: itself, where it stores some, and those it shares with.
std::vector<uint32_t> extentsOf(const Machine &machine, const Solution &solution, uint32_t unit);
/// The bytes of a unit's own weights in the form of its executor.
Bytes extentBytes(const Machine &machine, const Solution &solution, uint32_t unit);

/// `--emit=schedule`.
void print(const std::vector<plan::Phase> &phases, const Model &model, const Machine &machine,
           llvm::raw_ostream &out);
void printJson(const std::vector<plan::Phase> &phases, const Model &model, const Machine &machine,
               llvm::raw_ostream &out);

} // namespace ashlar
