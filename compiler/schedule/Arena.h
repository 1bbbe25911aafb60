/// Gives everything its bytes: regions in every memory, and a place in them for each weight, cache
/// and frame. What is laid out here is what is allocated.
#pragma once

#include "compiler/schedule/Schedule.h"

namespace ashlar {

struct UnitPlaces {
  plan::Place extent;               // the unit's weights, as one run
  std::vector<plan::Place> weights; // by Unit::stored
  plan::Place keys, values;
  plan::Place frame;
};

struct Arena {
  std::vector<plan::Memory> memories;
  std::vector<UnitPlaces> units;
  plan::Place stream;
};

/// Also fills in the places of the load phase, and where the pack holds each extent.
Arena layOut(const Model &model, const Machine &machine, const Solution &solution,
             std::vector<plan::Phase> &phases);

/// `--emit=arena`.
void print(const Arena &arena, llvm::raw_ostream &out);

} // namespace ashlar
