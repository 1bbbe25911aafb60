/// The report: what `ashlar plan` says about a plan, before it is text or JSON.
#pragma once

#include "compiler/plan/Plan.h"

namespace ashlar::plan {

struct Report {
  struct Row {
    std::string name;
    Bytes bytes;
  };
  struct MemoryTable {
    std::string name;
    std::vector<Row> rows; // add up to the total
    Bytes total, capacity;
    std::string slack;
  };
  /// Units that are placed alike: one, or blocks of consecutive layers.
  struct Placement {
    std::optional<std::pair<uint32_t, uint32_t>> layers;
    std::vector<std::string> units;    // a unit's name, or the kinds in each of the layers
    std::string home, decode, prefill; // where LibTorch takes part: "cpu with torch"
    State state = State::Resident;
    Bytes bytes;
  };
  struct Time {
    const Prediction *prediction = nullptr;
    uint64_t tokens = 0;
    double tokensPerSecond = 0;
  };
  std::vector<MemoryTable> memories;
  std::vector<Placement> placements;
  std::vector<Time> times;
};

Report reportOf(const Plan &plan);

} // namespace ashlar::plan
