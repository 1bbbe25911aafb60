#include "compiler/plan/Assemble.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <map>

namespace ashlar {

static plan::Unit unitOf(const Model &model, const Solution &solution, const UnitPlaces &places,
                         uint32_t at) {
  const Unit &unit = solution.units[at];
  const Block &block = model.blocks[unit.block];
  const Candidate &c = solution.problem.units[at][solution.placement.choice[at]];
  plan::Unit result;
  result.name = block.name;
  result.kind = block.kind;
  result.layer = block.layer;
  result.home = index(c.home);
  result.decode = index(c.decode);
  result.prefill = index(c.prefill);
  result.state = c.state;
  result.reason = solution.problem.units[at].size() == 1
                      ? std::string("the machine has one processor")
                      : llvm::formatv("fastest of {0}", solution.problem.units[at].size()).str();
  for (auto [stored, place] : llvm::zip_equal(unit.stored, places.weights)) {
    const Weight &weight = model.weight(stored.weight);
    result.weights.push_back({weight.name, weight.tensor, stored.type, stored.layout, stored.rows,
                              stored.columns, place, stored.size, weight.transposed});
    result.bytes += stored.size;
  }
  for (WeightId id : unit.shares)
    result.shares.push_back(model.weight(id).name);
  if (unit.cache)
    result.cache =
        plan::Cache{unit.cache->type, unit.cache->heads, unit.cache->context, unit.cache->dim,
                    places.keys,      places.values,     unit.cache->size};
  return result;
}

/// Frames by kind of block, each once: blocks of one kind with equal values share one. A kind whose
/// blocks differ gets a frame for each form.
static void addFrames(const Solution &solution, const Arena &arena, const Model &model,
                      plan::Plan &plan) {
  plan::Frame stream = streamFrame(model, solution.sizes.chunk);
  stream.place = arena.stream;
  plan.frames.push_back(std::move(stream));
  auto equal = [](const plan::Frame &a, const plan::Frame &b) {
    auto key = [](const plan::Value &v) {
      return std::tie(v.name, v.rows, v.columns, v.offset, v.first, v.last, v.inPlace);
    };
    return a.values.size() == b.values.size() &&
           llvm::all_of(llvm::zip_equal(a.values, b.values), [&](auto pair) {
             return key(std::get<0>(pair)) == key(std::get<1>(pair));
           });
  };
  std::map<std::string, std::vector<uint32_t>> ofKind;
  for (size_t at = 0; at < solution.units.size(); ++at) {
    const Unit &unit = solution.units[at];
    if (unit.frame.values.empty())
      continue;
    std::vector<uint32_t> &known = ofKind[unit.frame.name];
    auto same = llvm::find_if(known, [&](uint32_t f) { return equal(plan.frames[f], unit.frame); });
    if (same != known.end()) {
      plan.units[at].frame = *same;
      continue;
    }
    plan::Frame frame = unit.frame;
    if (!known.empty())
      frame.name = llvm::formatv("{0}_{1}", unit.frame.name, known.size() + 1);
    frame.place = arena.units[at].frame;
    plan.units[at].frame = plan.frames.size();
    known.push_back(plan.frames.size());
    plan.frames.push_back(std::move(frame));
  }
}

static plan::Prediction predict(llvm::StringRef phase, const Machine &machine,
                                const Solution &solution, Nanos Candidate::*time,
                                std::vector<Work> Unit::*works) {
  plan::Prediction result;
  result.phase = phase.str();
  std::map<Kernel, double> bytes;
  for (auto [at, candidates] : llvm::enumerate(solution.problem.units)) {
    result.time += candidates[solution.placement.choice[at]].*time;
    Nanos fastest = candidates.front().*time;
    for (const Candidate &c : candidates)
      fastest = std::min(fastest, c.*time);
    result.bound += fastest;
    for (const Work &work : solution.units[at].*works)
      bytes[work.kernel] += double(work.read.value);
  }
  const Processor &processor = machine.processors.front();
  result.bottleneck = llvm::formatv(
      "{0} reads {1} of weights and {2} of cache from {3} in each step", processor.name,
      forPeople(Bytes(uint64_t(bytes[Kernel::Linear]))),
      forPeople(Bytes(uint64_t(bytes[Kernel::Attend]))), machine.memory(processor.memory).name);
  return result;
}

plan::Plan assemble(const Model &model, const Machine &machine, const Solution &solution,
                    std::vector<plan::Phase> phases, const Arena &arena) {
  plan::Plan plan;
  plan.spec = model.spec;
  plan.modelDigest = digest(model);
  plan.machine = machine.name;
  plan.layers = model.layers;
  plan.hidden = model.hidden;
  plan.vocabulary = model.vocabulary;
  plan.context = solution.sizes.context;
  plan.chunk = solution.sizes.chunk;
  plan.promptTokens = solution.problem.workload.prompt;
  plan.generateTokens = solution.problem.workload.generate;
  plan.endTokens = model.endTokens;
  plan.memories = arena.memories;
  for (const Processor &processor : machine.processors)
    plan.processors.push_back({processor.name, name(processor.kind).str(), index(processor.memory),
                               processor.threads, requiredIsa(processor)});
  for (auto [at, places] : llvm::enumerate(arena.units))
    plan.units.push_back(unitOf(model, solution, places, at));
  addFrames(solution, arena, model, plan);
  plan.phases = std::move(phases);
  plan.predictions = {
      predict("prefill", machine, solution, &Candidate::prefillTime, &Unit::prefill),
      predict("decode", machine, solution, &Candidate::decodeTime, &Unit::decode)};
  return plan;
}

} // namespace ashlar
