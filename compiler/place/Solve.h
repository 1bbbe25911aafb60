/// Chooses the sizes that the user left open, places the units, and says what would fit when
/// nothing does.
#pragma once

#include "compiler/place/Strategies.h"

#include <functional>

namespace ashlar {

/// What is decided about homes before anything is solved.
struct Directions {
  std::vector<Pinned> pins;
  /// By weight, those of a device map; nothing: all homes are solved for.
  std::optional<std::vector<Home>> homes;
  ProcessorId main{}; // computes what a device map leaves on the cpu or the disk
  /// The homes that the same strategy gives when each memory, by its index, takes this much less;
  /// with the option that asks for it.
  std::function<std::optional<std::pair<std::vector<Home>, std::string>>(
      const std::vector<Bytes> &less)>
      lessWeights;
};

/// A placed model, with everything that it was decided from.
struct Solution {
  Model model; // cut where its weights have several homes
  Sizes sizes;
  std::vector<Unit> units;
  Problem problem;
  Placement placement;
  bool fromDeviceMap = false;
  bool bf16Products = false; // in steps of several rows, on the cpu
  ByType<uint32_t> ahead;    // in steps of one row, on the cpu

  const Candidate &chosen(uint32_t unit) const {
    return problem.units[unit].candidates[placement.choice[unit]];
  }
};

/// Exit code 2 when it does not fit: the shortfall of each memory, its largest items, and the
/// nearest requests that fit, as options of this command.
std::optional<Solution> solve(const Model &model, const Machine &machine, const Request &request,
                              const Directions &directions, const Fittings &fittings,
                              Diagnostics &diags);

} // namespace ashlar
