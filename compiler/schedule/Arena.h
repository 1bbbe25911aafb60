/// Gives everything its bytes: regions in every memory, and a place in them for each weight, cache,
/// frame and slot. What is laid out here is what is allocated.
#pragma once

#include "compiler/schedule/Schedule.h"

namespace ashlar {

struct UnitPlaces {
  plan::Place extent;               // the unit's weights, as one run; of the disk's: in their slot
  std::vector<plan::Place> weights; // by UnitForm::stored
  plan::Place keys, values;
  plan::Place frame;
  std::vector<plan::Slot> slots; // where its extent and those that it shares are brought
};

struct Arena {
  std::vector<plan::Memory> memories;
  std::vector<UnitPlaces> units;
  std::vector<std::optional<plan::Place>> streams; // by memory: where streams have a frame
};

/// Also fills in the places of the phases' steps, and where the pack holds each extent.
Arena layOut(const Machine &machine, const Solution &solution, std::vector<plan::Phase> &phases);

/// `--emit=arena`.
void print(const Arena &arena, llvm::raw_ostream &out);
void printJson(const Arena &arena, llvm::raw_ostream &out);

} // namespace ashlar
