#include "compiler/schedule/Schedule.h"

#include "llvm/ADT/STLExtras.h"

namespace ashlar {

Bytes extentBytes(const Machine &machine, const Solution &solution, uint32_t unit) {
  ProcessorKind kind = machine.processor(solution.chosen(unit).decode).kind;
  return solution.units[unit].form(kind).weights;
}

std::vector<uint32_t> extentsOf(const Machine &machine, const Solution &solution, uint32_t unit) {
  std::vector<uint32_t> result;
  if (extentBytes(machine, solution, unit).value)
    result.push_back(unit);
  llvm::append_range(result, solution.problem.units[unit].with);
  return result;
}

static plan::Phase loadPhase(const Machine &machine, const Solution &solution) {
  plan::Phase phase;
  phase.name = "load";
  for (size_t at = 0; at < solution.units.size(); ++at) {
    plan::Step step;
    step.kind = plan::StepKind::Read;
    step.unit = at;
    step.bytes = extentBytes(machine, solution, at);
    if (step.bytes.value && solution.chosen(at).home)
      phase.steps.push_back(std::move(step));
  }
  return phase;
}

namespace {
/// Writes one phase that runs all units.
class PhaseOfRuns {
public:
  PhaseOfRuns(const Machine &machine, const Solution &solution, ProcessorId Candidate::*executor)
      : machine(machine), solution(solution), executor(executor),
        decode(executor == &Candidate::decode),
        sends(ashlar::sends(solution.problem, solution.placement, executor)),
        writer(solution.problem.streams.size()), slotUser(machine.memories.size()) {}

  plan::Phase write() {
    phase.name = decode ? "decode" : solution.problem.forward ? "forward" : "prefill";
    phase.tokens = decode ? solution.sizes.batch : solution.sizes.chunk;
    for (uint32_t unit = 0; unit < solution.units.size(); ++unit) {
      sendBefore(unit);
      bring(unit);
      run(unit);
    }
    sendBefore(solution.units.size());
    return std::move(phase);
  }

private:
  void sendBefore(uint32_t unit) {
    for (; nextSend < sends.size() && sends[nextSend].before == unit; ++nextSend) {
      const Send &send = sends[nextSend];
      const StreamBytes &bytes = solution.problem.streams[index(send.stream)];
      plan::Step step;
      step.kind = plan::StepKind::Send;
      step.stream = solution.model.stream(send.stream).name;
      step.fromMemory = index(send.from);
      step.toMemory = index(send.to);
      step.bytes = decode ? bytes.decode : bytes.prefill;
      if (auto unit = writer[index(send.stream)])
        step.after.push_back(*unit);
      phase.steps.push_back(std::move(step));
    }
  }

  /// Into the one slot of the executor's memory; from the disk by way of the host's.
  void bring(uint32_t unit) {
    const Candidate &c = solution.chosen(unit);
    if (c.state == plan::State::Resident)
      return;
    MemoryId memory = machine.processor(c.*executor).memory;
    for (uint32_t extent : extentsOf(machine, solution, unit)) {
      if (c.state == plan::State::Disk)
        step(plan::StepKind::Read, extent, machine.host());
      if (c.state == plan::State::Streamed || memory != machine.host())
        step(plan::StepKind::Copy, extent, memory);
    }
    slotUser[index(memory)] = slotUser[index(machine.host())] = unit;
  }
  /// What overwrites a slot waits for the unit that used it last.
  void step(plan::StepKind kind, uint32_t extent, MemoryId to) {
    plan::Step step;
    step.kind = kind;
    step.unit = extent;
    step.bytes = extentBytes(machine, solution, extent);
    step.to.memory = index(to);
    step.from.memory = index(machine.host());
    if (auto user = slotUser[index(to)])
      step.after.push_back(*user);
    phase.steps.push_back(std::move(step));
  }

  /// Each unit waits for those that wrote its inputs last.
  void run(uint32_t unit) {
    const UnitChoice &choice = solution.problem.units[unit];
    plan::Step step;
    step.unit = unit;
    step.processor = index(solution.chosen(unit).*executor);
    for (StreamId input : choice.reads)
      if (auto other = writer[index(input)]; other && !llvm::is_contained(step.after, *other))
        step.after.push_back(*other);
    llvm::sort(step.after);
    writer[index(choice.writes)] = unit;
    phase.steps.push_back(std::move(step));
  }

  const Machine &machine;
  const Solution &solution;
  ProcessorId Candidate::*executor;
  bool decode;
  std::vector<Send> sends;
  size_t nextSend = 0;
  std::vector<std::optional<uint32_t>> writer;   // by stream: the unit that wrote it last
  std::vector<std::optional<uint32_t>> slotUser; // by memory: the unit that used its slot last
  plan::Phase phase;
};
} // namespace

std::vector<plan::Phase> schedule(const Machine &machine, const Solution &solution) {
  std::vector<plan::Phase> phases = {loadPhase(machine, solution),
                                     PhaseOfRuns(machine, solution, &Candidate::prefill).write()};
  if (!solution.problem.forward)
    phases.push_back(PhaseOfRuns(machine, solution, &Candidate::decode).write());
  return phases;
}

} // namespace ashlar
