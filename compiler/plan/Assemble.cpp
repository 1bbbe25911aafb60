#include "compiler/plan/Assemble.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <map>
#include <set>

namespace ashlar {

/// Why a unit is where it is: what would be faster, and that there is no room for it.
static std::string reasonOf(const Machine &machine, const Solution &solution, uint32_t unit) {
  const std::vector<Candidate> &candidates = solution.problem.units[unit].candidates;
  if (solution.fromDeviceMap)
    return "by the device map";
  if (candidates.size() == 1)
    return machine.processors.size() == 1 ? "the machine has one processor"
                                          : "the one place that it may have";
  const Candidate &chosen = solution.chosen(unit);
  bool forward = solution.problem.forward;
  auto time = [&](const Candidate &c) {
    return (forward ? c.prefillTime : c.decodeTime) + c.bringTime;
  };
  const Candidate *fastest = &chosen;
  for (const Candidate &c : candidates)
    if (time(c) < time(*fastest))
      fastest = &c;
  if (fastest == &chosen)
    return llvm::formatv("fastest of {0}", candidates.size());
  return llvm::formatv("{0} instead of {1} a {3} on {2}, which the whole does not gain from or "
                       "has no room for",
                       forPeople(time(chosen)), forPeople(time(*fastest)),
                       machine.processor(fastest->decode).name, forward ? "step" : "token");
}

static plan::Unit unitOf(const Machine &machine, const Solution &solution, const UnitPlaces &places,
                         uint32_t at) {
  const Model &model = solution.model;
  const Unit &unit = solution.units[at];
  const Block &block = model.blocks[unit.block];
  const Candidate &c = solution.chosen(at);
  plan::Unit result;
  result.name = block.name;
  result.kind = block.kind;
  result.layer = block.layer;
  if (block.piece)
    result.piece = plan::Piece{block.piece->whole, block.piece->firstOp};
  if (c.home)
    result.home = index(*c.home);
  result.decode = index(c.decode);
  result.prefill = index(c.prefill);
  result.provider = unit.provider;
  result.state = c.state;
  for (StreamId input : block.inputs)
    result.reads.push_back(model.stream(input).name);
  result.writes = model.stream(block.output).name;
  result.reason = reasonOf(machine, solution, at);
  result.slots = places.slots;
  const UnitForm &form = unit.form(machine.processor(c.decode).kind);
  for (auto [stored, place] : llvm::zip_equal(form.stored, places.weights)) {
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

static bool equal(const plan::Frame &a, const plan::Frame &b) {
  auto key = [](const plan::Value &v) {
    return std::tie(v.name, v.rows, v.columns, v.offset, v.first, v.last, v.inPlace);
  };
  return a.values.size() == b.values.size() &&
         llvm::all_of(llvm::zip_equal(a.values, b.values),
                      [&](auto pair) { return key(std::get<0>(pair)) == key(std::get<1>(pair)); });
}

namespace {
/// The frames of a plan. Their names end in that of their memory where several have one.
class Frames {
public:
  Frames(const Machine &machine, const Solution &solution, const Arena &arena, plan::Plan &plan)
      : machine(machine), solution(solution), arena(arena), plan(plan) {}

  void add() {
    addStreams();
    for (size_t at = 0; at < solution.units.size(); ++at)
      memories[solution.units[at].frame.name].insert(arena.units[at].frame.memory);
    for (size_t at = 0; at < solution.units.size(); ++at)
      if (!solution.units[at].frame.values.empty())
        addUnit(at);
  }

private:
  void addStreams() {
    Occupancy taken = occupancy(solution.problem, solution.placement);
    auto count = llvm::count_if(arena.streams, [](auto &place) { return place.has_value(); });
    for (auto [memory, place] : llvm::enumerate(arena.streams)) {
      if (!place)
        continue;
      plan::Frame frame = streamFrame(solution.model, taken.streams(memory),
                                      memory == index(machine.host()), solution.sizes);
      if (count > 1)
        frame.name += "_" + machine.memories[memory].name;
      frame.place = *place;
      plan.frames.push_back(std::move(frame));
    }
  }

  /// By kind of block, each once: blocks of one kind with equal values share one. A kind whose
  /// blocks differ gets a frame for each form.
  void addUnit(size_t at) {
    const Unit &unit = solution.units[at];
    uint32_t memory = arena.units[at].frame.memory;
    std::string name = unit.frame.name;
    if (memories[name].size() > 1)
      name += "_" + machine.memories[memory].name;
    std::vector<uint32_t> &known = ofName[name];
    auto same = llvm::find_if(known, [&](uint32_t f) { return equal(plan.frames[f], unit.frame); });
    if (same != known.end()) {
      plan.units[at].frame = *same;
      return;
    }
    plan::Frame frame = unit.frame;
    frame.name = known.empty() ? name : llvm::formatv("{0}_{1}", name, known.size() + 1).str();
    frame.place = arena.units[at].frame;
    plan.units[at].frame = plan.frames.size();
    known.push_back(plan.frames.size());
    plan.frames.push_back(std::move(frame));
  }

  const Machine &machine;
  const Solution &solution;
  const Arena &arena;
  plan::Plan &plan;
  std::map<std::string, std::set<uint32_t>> memories; // by kind
  std::map<std::string, std::vector<uint32_t>> ofName;
};
} // namespace

plan::Plan assemble(llvm::StringRef digest, const Machine &machine, const Solution &solution,
                    std::vector<plan::Phase> phases, const Arena &arena) {
  const Model &model = solution.model;
  plan::Plan plan;
  plan.spec = model.spec;
  plan.modelDigest = digest.str();
  plan.machine = machine.name;
  plan.layers = model.layers;
  plan.hidden = model.hidden;
  plan.vocabulary = model.vocabulary;
  plan.context = solution.sizes.context;
  plan.batch = solution.sizes.batch;
  plan.chunk = solution.sizes.chunk;
  plan.forward = solution.problem.forward;
  plan.promptTokens = solution.problem.workload.prompt;
  plan.generateTokens = solution.problem.workload.generate;
  plan.endTokens = model.endTokens;
  plan.memories = arena.memories;
  for (const Processor &processor : machine.processors)
    plan.processors.push_back(
        {processor.name, name(processor.kind).str(), index(processor.memory), processor.threads,
         requiredIsa(processor), processor.kind == ProcessorKind::Cpu && solution.bf16Products,
         processor.kind == ProcessorKind::Cpu ? solution.ahead : ByType<uint32_t>()});
  for (auto [at, places] : llvm::enumerate(arena.units))
    plan.units.push_back(unitOf(machine, solution, places, at));
  Frames(machine, solution, arena, plan).add();
  plan.phases = std::move(phases);
  plan.predictions = {predict(machine, solution, false)};
  if (!plan.forward)
    plan.predictions.push_back(predict(machine, solution, true));
  return plan;
}

} // namespace ashlar
