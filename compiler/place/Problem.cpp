#include "compiler/place/Problem.h"

#include "compiler/support/Pattern.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

namespace ashlar {

std::string homeName(const Machine &machine, std::optional<MemoryId> home) {
  return home ? machine.memory(*home).name : DiskHome.str();
}

namespace {
/// Makes the candidates of one unit.
class Candidates {
public:
  Candidates(const Machine &machine, const std::vector<Unit> &units, const Unit &unit,
             const std::vector<uint32_t> &with, DiskUse disk)
      : machine(machine), units(units), unit(unit), with(with), disk(disk) {}

  std::vector<Candidate> all() {
    std::vector<Candidate> result;
    auto offer = [&](ProcessorId on, plan::State state, std::optional<MemoryId> home) {
      result.push_back(candidate(on, state, home));
    };
    std::vector<ProcessorId> accelerators = machine.accelerators(), everywhere = accelerators;
    everywhere.push_back(machine.cpu());
    for (ProcessorId on : everywhere)
      offer(on, plan::State::Resident, machine.processor(on).memory);
    if (extents(machine.cpu()).empty())
      return result; // there is nothing to keep elsewhere
    for (ProcessorId on : accelerators)
      offer(on, plan::State::Streamed, machine.host());
    if (disk == DiskUse::Yes && !machine.disks.empty())
      for (ProcessorId on : everywhere)
        offer(on, plan::State::Disk, std::nullopt);
    return result;
  }

private:
  /// The runs of weights that the unit reads: its own, and those of units that it shares with.
  std::vector<Bytes> extents(ProcessorId on) const {
    std::vector<Bytes> result;
    ProcessorKind kind = machine.processor(on).kind;
    auto add = [&](const Unit &u) {
      if (Bytes weights = u.form(kind).weights; weights.value)
        result.push_back(weights);
    };
    add(unit);
    for (uint32_t other : with)
      add(units[other]);
    return result;
  }

  Candidate candidate(ProcessorId on, plan::State state, std::optional<MemoryId> home) const {
    Candidate c;
    c.state = state;
    c.home = home;
    c.decode = c.prefill = on;
    MemoryId own = machine.processor(on).memory;
    for (auto *bytes : {&c.kept, &c.frame, &c.slot})
      bytes->resize(machine.memories.size());
    if (home)
      c.kept[index(*home)] += pages(unit.form(machine.processor(on).kind).weights);
    if (unit.cache)
      c.kept[index(own)] += pages(unit.cache->size) * 2;
    c.frame[index(own)] = unit.frame.size;
    c.decodeTime = unit.decodeTime[index(on)];
    c.prefillTime = unit.prefillTime[index(on)];
    if (state == plan::State::Resident)
      return c;
    for (Bytes extent : extents(on)) {
      c.slot[index(own)] += pages(extent);
      if (!home) {
        c.bringTime += readTime(machine.disks.front(), extent);
        if (own != machine.host())
          c.slot[index(machine.host())] += pages(extent);
      }
      c.bringTime += copyTime(machine, machine.host(), own, extent);
    }
    return c;
  }

  const Machine &machine;
  const std::vector<Unit> &units;
  const Unit &unit;
  const std::vector<uint32_t> &with;
  DiskUse disk;
};
} // namespace

/// The units that store what this one shares.
static std::vector<uint32_t> storers(const std::vector<Unit> &units, uint32_t unit) {
  std::vector<uint32_t> result;
  for (WeightId shared : units[unit].shares)
    for (uint32_t other = 0; other < unit; ++other)
      if (llvm::any_of(units[other].forms[0].stored,
                       [&](const StoredWeight &w) { return w.weight == shared; }) &&
          !llvm::is_contained(result, other))
        result.push_back(other);
  return result;
}

/// What has no link in one direction goes over the host in both, so that the places of a stream
/// follow from who uses it.
static std::vector<std::vector<bool>> memoriesApart(const Machine &machine) {
  std::vector<std::vector<bool>> apart(machine.memories.size(),
                                       std::vector<bool>(machine.memories.size()));
  for (ProcessorId a : machine.accelerators())
    for (ProcessorId b : machine.accelerators()) {
      MemoryId from = machine.processor(a).memory, to = machine.processor(b).memory;
      if (a != b && !machine.link(from, to))
        apart[index(from)][index(to)] = apart[index(to)][index(from)] = true;
    }
  return apart;
}

Problem makeProblem(const Model &model, const Machine &machine, const Request &request,
                    const std::vector<Pinned> &pins, const std::vector<Unit> &units, Sizes sizes,
                    DiskUse disk, const Fittings &fittings) {
  Problem problem;
  problem.workload = request.workload;
  problem.workload.prompt = promptOf(model, request, sizes);
  problem.forward = model.input.has_value();
  if (problem.forward)
    problem.workload.generate = 0;
  problem.chunk = sizes.chunk;
  problem.host = machine.host();
  problem.apart = memoriesApart(machine);
  for (const Processor &processor : machine.processors)
    problem.computes.push_back(processor.memory);
  for (const Memory &memory : machine.memories) {
    auto cap = request.maxMemory.find(memory.name);
    problem.capacity.push_back(
        cap == request.maxMemory.end() ? memory.capacity : std::min(cap->second, memory.capacity));
  }
  // Once for all units: LibTorch is opened or not.
  problem.outside.resize(machine.memories.size());
  if (llvm::any_of(units, [](const Unit &unit) { return unit.provider == Provider::Torch; }))
    problem.outside[index(problem.host)] = pages(machine.processor(machine.cpu()).torch);
  problem.fixed = {
      {"tokens", problem.host, pages(Bytes(sizes.batch * sizes.context * sizeof(int32_t)))},
      {"sampler", problem.host, pages(fittings.sampler)},
      {"tokenizer", problem.host, pages(fittings.tokenizer)}};

  TorchScratch torch; // units take turns in it
  Bytes pieces;
  for (const Unit &unit : units) {
    torch.add(unit.scratch.outputs, unit.scratch.inputs);
    pieces = std::max(pieces, unit.pieces);
  }
  if (pieces.value)
    problem.fixed.push_back({"pieces", problem.host, pages(pieces)});
  if (torch.inputs)
    problem.fixed.push_back(
        {"torch", problem.host,
         pages(torch.bytes(sizes.chunk, machine.processor(machine.cpu()).threads))});

  for (auto [at, stream] : llvm::enumerate(model.streams)) {
    problem.streams.push_back({streamBytes(stream, sizes.batch, sizes.batch),
                               streamBytes(stream, sizes.chunk, 1),
                               streamFrameBytes(stream, sizes)});
    if (stream.columns == 0 || model.input == static_cast<StreamId>(at))
      problem.given.push_back(static_cast<StreamId>(at));
  }
  problem.wanted = {model.blocks.back().output};

  for (auto [at, unit] : llvm::enumerate(units)) {
    const Block &block = model.blocks[unit.block];
    UnitChoice choice;
    choice.reads.assign(block.inputs.begin(), block.inputs.end());
    choice.writes = block.output;
    choice.with = storers(units, at);
    choice.candidates = Candidates(machine, units, unit, choice.with, disk).all();
    bool hasWeights = !unit.shares.empty() || !unit.forms[0].stored.empty();
    for (const Pinned &pin : pins)
      if (hasWeights && matchesPart(pin.pattern, block.name))
        llvm::erase_if(choice.candidates, [&](const Candidate &c) { return c.home != pin.home; });
    problem.units.push_back(std::move(choice));
  }
  return problem;
}

} // namespace ashlar
