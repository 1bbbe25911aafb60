/// The strategy for machines with one processor: every unit resident where it is computed. With a
/// single candidate a unit, the fastest placement is the only one.
#include "compiler/place/Problem.h"

#include <algorithm>

namespace ashlar {

std::optional<Placement> place(const Problem &problem) {
  Placement placement;
  for (const std::vector<Candidate> &candidates : problem.units) {
    auto cost = [&](const Candidate &c) {
      return prefillTime(problem, c.prefillTime, c.decodeTime) +
             c.decodeTime * problem.workload.generate;
    };
    auto best = std::min_element(candidates.begin(), candidates.end(),
                                 [&](auto &a, auto &b) { return cost(a) < cost(b); });
    placement.choice.push_back(best - candidates.begin());
  }
  if (!verify(problem, placement).empty())
    return std::nullopt;
  return placement;
}

} // namespace ashlar
