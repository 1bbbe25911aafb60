#include "compiler/schedule/Schedule.h"

#include "llvm/ADT/STLExtras.h"

namespace ashlar {

static plan::Phase loadPhase(const Solution &solution) {
  plan::Phase phase;
  phase.name = "load";
  for (auto [at, unit] : llvm::enumerate(solution.units)) {
    if (unit.weights.value == 0)
      continue;
    plan::Step step;
    step.kind = plan::StepKind::Read;
    step.unit = at;
    step.bytes = unit.weights;
    phase.steps.push_back(step);
  }
  return phase;
}

/// Each unit waits for those that wrote its inputs last.
static plan::Phase runPhase(const Model &model, const Solution &solution, llvm::StringRef name,
                            uint64_t tokens, ProcessorId Candidate::*executor) {
  plan::Phase phase;
  phase.name = name.str();
  phase.tokens = tokens;
  std::vector<std::optional<uint32_t>> writer(model.streams.size());
  for (auto [at, block] : llvm::enumerate(model.blocks)) {
    plan::Step step;
    step.unit = at;
    const Candidate &c = solution.problem.units[at][solution.placement.choice[at]];
    step.processor = index(c.*executor);
    for (StreamId input : block.inputs)
      if (auto unit = writer[index(input)]; unit && !llvm::is_contained(step.after, *unit))
        step.after.push_back(*unit);
    llvm::sort(step.after);
    writer[index(block.output)] = at;
    phase.steps.push_back(std::move(step));
  }
  return phase;
}

std::vector<plan::Phase> schedule(const Model &model, const Solution &solution) {
  return {loadPhase(solution),
          runPhase(model, solution, "prefill", solution.sizes.chunk, &Candidate::prefill),
          runPhase(model, solution, "decode", 1, &Candidate::decode)};
}

void print(const std::vector<plan::Phase> &phases, const Model &model, const Machine &machine,
           llvm::raw_ostream &out) {
  for (const plan::Phase &phase : phases) {
    out << "schedule " << phase.name;
    if (phase.tokens)
      out << " tokens=" << phase.tokens;
    out << '\n';
    for (const plan::Step &step : phase.steps) {
      out << "  " << plan::name(step.kind) << ' ' << model.blocks[step.unit].name;
      if (step.kind == plan::StepKind::Read) {
        out << " bytes=" << step.bytes.value << '\n';
        continue;
      }
      out << " on=" << machine.processors[step.processor].name << " after=[";
      llvm::interleave(
          step.after, out, [&](uint32_t unit) { out << model.blocks[unit].name; }, ",");
      out << "]\n";
    }
  }
}

} // namespace ashlar
