#include "compiler/plan/Assemble.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <map>

namespace ashlar {

namespace {
/// One thing that a step does, by where: its time and its bytes.
struct Part {
  Nanos time;
  double weights = 0, cache = 0, rows = 0;
};

class Parts {
public:
  Parts(const Machine &machine, const Solution &solution, bool decode)
      : machine(machine), solution(solution), decode(decode) {
    for (uint32_t unit = 0; unit < solution.units.size(); ++unit)
      addUnit(unit);
    for (const Send &send : sends(solution.problem, solution.placement,
                                  decode ? &Candidate::decode : &Candidate::prefill)) {
      const StreamBytes &stream = solution.problem.streams[index(send.stream)];
      Bytes bytes = decode ? stream.decode : stream.prefill;
      Part &part = links[{index(send.from), index(send.to)}];
      part.time += copyTime(machine, send.from, send.to, bytes);
      part.rows += double(bytes.value);
    }
  }

  /// The largest part, as a sentence.
  std::string bottleneck() const {
    Nanos most;
    std::string sentence;
    auto consider = [&](Nanos time, std::string text) {
      if (time > most || sentence.empty()) {
        most = time;
        sentence = std::move(text);
      }
    };
    for (auto &[processor, part] : runs) {
      const Processor &p = machine.processors[processor];
      std::string cache =
          solution.problem.forward ? "" : " and " + people(part.cache) + " of cache";
      consider(part.time,
               llvm::formatv("{0} reads {1} of weights{2} from {3} in each step", p.name,
                             people(part.weights), cache, machine.memory(p.memory).name));
    }
    for (auto &[ends, part] : links)
      consider(part.time,
               llvm::formatv("{0} of weights and {1} of rows are copied from {2} to {3} in each "
                             "step",
                             people(part.weights), people(part.rows),
                             machine.memories[ends.first].name,
                             machine.memories[ends.second].name));
    consider(disk.time, llvm::formatv("{0} of weights are read from the disk in each step",
                                      people(disk.weights)));
    return sentence;
  }

private:
  static std::string people(double bytes) { return forPeople(Bytes(uint64_t(bytes))); }

  void addUnit(uint32_t unit) {
    const Candidate &c = solution.chosen(unit);
    ProcessorId on = decode ? c.decode : c.prefill;
    const UnitForm &form = solution.units[unit].form(machine.processor(on).kind);
    Part &run = runs[index(on)];
    run.time += decode ? c.decodeTime : c.prefillTime;
    for (const Work &work : decode ? form.decode : form.prefill) {
      if (work.kernel == Kernel::Linear)
        run.weights += double(work.read.value);
      if (work.kernel == Kernel::Attend)
        run.cache += double(work.read.value);
    }
    if (c.state == plan::State::Resident)
      return;
    for (uint32_t extent : extentsOf(machine, solution, unit)) {
      Bytes bytes = extentBytes(machine, solution, extent);
      if (!c.home) {
        disk.time += readTime(machine.disks.front(), bytes);
        disk.weights += double(bytes.value);
      }
      MemoryId to = machine.processor(on).memory;
      if (to == machine.host())
        continue;
      Part &link = links[{index(machine.host()), index(to)}];
      link.time += copyTime(machine, machine.host(), to, bytes);
      link.weights += double(bytes.value);
    }
  }

  const Machine &machine;
  const Solution &solution;
  bool decode;
  std::map<uint32_t, Part> runs; // by processor
  std::map<std::pair<uint32_t, uint32_t>, Part> links;
  Part disk;
};
} // namespace

plan::Prediction predict(const Machine &machine, const Solution &solution, bool decode) {
  plan::Prediction result;
  result.phase = decode ? "decode" : solution.problem.forward ? "forward" : "prefill";
  result.time = stepTime(solution.problem, machine, solution.placement, decode);
  // Every unit on the processor that is fastest for it, with nothing to bring or to send.
  auto time = decode ? &Candidate::decodeTime : &Candidate::prefillTime;
  for (const UnitChoice &unit : solution.problem.units) {
    Nanos fastest = unit.candidates.front().*time;
    for (const Candidate &c : unit.candidates)
      fastest = std::min(fastest, c.*time);
    result.bound += fastest;
  }
  result.bottleneck = Parts(machine, solution, decode).bottleneck();
  return result;
}

} // namespace ashlar
