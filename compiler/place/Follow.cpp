#include "compiler/place/Strategies.h"

#include "compiler/support/Diagnostics.h"

#include "llvm/ADT/STLExtras.h"

namespace ashlar {

/// Units without weights go where their result is read first.
static ProcessorId readerOf(const Problem &problem, uint32_t unit,
                            const std::vector<std::optional<ProcessorId>> &on, ProcessorId main) {
  for (uint32_t reader = unit + 1; reader < problem.units.size(); ++reader)
    if (on[reader] && llvm::is_contained(problem.units[reader].reads, problem.units[unit].writes))
      return *on[reader];
  return main;
}

Placement follow(const Problem &problem, const Machine &machine,
                 const std::vector<std::optional<Home>> &homes, ProcessorId main) {
  std::vector<std::optional<ProcessorId>> on(problem.units.size());
  for (auto [home, processor] : llvm::zip_equal(homes, on)) {
    if (!home)
      continue;
    processor = main;
    for (ProcessorId accelerator : machine.accelerators())
      if (*home == machine.processor(accelerator).memory)
        processor = accelerator;
  }
  Placement placement;
  for (auto [unit, choice] : llvm::enumerate(problem.units)) {
    ProcessorId processor = on[unit] ? *on[unit] : readerOf(problem, unit, on, main);
    Home home = homes[unit] ? *homes[unit] : machine.processor(processor).memory;
    auto candidate = llvm::find_if(choice.candidates, [&](const Candidate &c) {
      return c.home == home && c.decode == processor && c.prefill == processor;
    });
    if (candidate == choice.candidates.end())
      internalError("a device map has no candidate for a unit");
    placement.choice.push_back(candidate - choice.candidates.begin());
  }
  return placement;
}

} // namespace ashlar
