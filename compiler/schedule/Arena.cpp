#include "compiler/schedule/Arena.h"

#include "runtime/PackFormat.h"

#include "llvm/ADT/STLExtras.h"

namespace ashlar {

static constexpr uint64_t WeightAlignment = 64;

namespace {
/// One memory while it is laid out: regions are opened one after another.
class Layouter {
public:
  Layouter(plan::Memory &memory, uint32_t index) : memory(memory), index(index) {}

  plan::Region &current() { return memory.regions.back(); }
  uint32_t open(llvm::StringRef name) {
    memory.regions.push_back({memory.name + "." + name.str(), memory.peak.value, {}});
    return memory.regions.size() - 1;
  }
  plan::Place take(uint32_t region, Bytes bytes, uint64_t alignment) {
    plan::Region &r = memory.regions[region];
    uint64_t offset = alignUp(r.size.value, alignment);
    r.size = Bytes(offset) + bytes;
    memory.peak = Bytes(r.offset) + r.size;
    return {index, region, offset};
  }
  /// Ends the region that was opened last: at a whole page, or not at all when it is empty.
  void close() {
    plan::Region &r = memory.regions.back();
    r.size = Bytes(alignUp(r.size.value, PageBytes));
    memory.peak = Bytes(r.offset) + r.size;
    if (r.size.value == 0)
      memory.regions.pop_back();
  }

private:
  plan::Memory &memory;
  uint32_t index;
};
} // namespace

namespace {
/// Lays out one memory after another.
class Arranger {
public:
  Arranger(const Machine &machine, const Solution &solution, Arena &arena)
      : machine(machine), solution(solution), arena(arena) {}

  void memory(uint32_t at) {
    Layouter layouter(arena.memories[at], at);
    weights(layouter, at);
    caches(layouter, at);
    activations(layouter, at);
    slots(layouter, at);
    for (const Fixed &fixed : solution.problem.fixed) {
      if (index(fixed.memory) != at)
        continue;
      uint32_t region = layouter.open(fixed.name);
      layouter.take(region, fixed.bytes, PageBytes);
      layouter.close();
    }
  }

private:
  MemoryId executorMemory(uint32_t unit) const {
    return machine.processor(solution.chosen(unit).decode).memory;
  }

  void placeExtent(uint32_t unit, plan::Place place) {
    UnitPlaces &places = arena.units[unit];
    places.extent = place;
    ProcessorKind kind = machine.processor(solution.chosen(unit).decode).kind;
    for (const StoredWeight &weight : solution.units[unit].form(kind).stored) {
      place.offset = alignUp(place.offset, WeightAlignment);
      places.weights.push_back(place);
      place.offset += weight.size.value;
    }
  }

  void weights(Layouter &layouter, uint32_t memory) {
    uint32_t region = layouter.open("weights");
    for (uint32_t unit = 0; unit < solution.units.size(); ++unit) {
      std::optional<MemoryId> home = solution.chosen(unit).home;
      Bytes bytes = extentBytes(machine, solution, unit);
      if (home && index(*home) == memory && bytes.value)
        placeExtent(unit, layouter.take(region, bytes, PageBytes));
    }
    layouter.close();
  }

  void caches(Layouter &layouter, uint32_t memory) {
    uint32_t region = layouter.open("kv");
    for (auto [at, unit] : llvm::enumerate(solution.units)) {
      if (!unit.cache || index(executorMemory(at)) != memory)
        continue;
      arena.units[at].keys = layouter.take(region, unit.cache->size, PageBytes);
      arena.units[at].values = layouter.take(region, unit.cache->size, PageBytes);
    }
    layouter.close();
  }

  /// The frame of streams, and behind it one place that the frames of all blocks share.
  void activations(Layouter &layouter, uint32_t memory) {
    uint32_t region = layouter.open("activations");
    bool host = memory == index(machine.host());
    Occupancy taken = occupancy(solution.problem, solution.placement);
    Bytes streams = streamFrame(solution.model, taken.streams(memory), host, solution.sizes).size;
    if (streams.value)
      arena.streams[memory] = layouter.take(region, streams, 64);
    Bytes widest;
    for (auto [at, unit] : llvm::enumerate(solution.units))
      if (index(executorMemory(at)) == memory)
        widest = std::max(widest, unit.frame.size);
    plan::Place shared = layouter.take(region, widest, 64);
    for (auto [at, places] : llvm::enumerate(arena.units))
      if (index(executorMemory(at)) == memory)
        places.frame = shared;
    layouter.close();
  }

  /// One slot, as large as what any unit brings: extents begin at pages in it.
  void slots(Layouter &layouter, uint32_t memory) {
    uint32_t region = layouter.open("slot");
    layouter.current().slot = true;
    Bytes widest;
    for (uint32_t unit = 0; unit < solution.units.size(); ++unit)
      widest = std::max(widest, solution.chosen(unit).slot[memory]);
    plan::Place slot = layouter.take(region, widest, PageBytes);
    layouter.close();
    for (uint32_t unit = 0; unit < solution.units.size(); ++unit) {
      const Candidate &c = solution.chosen(unit);
      if (c.state == plan::State::Resident || index(executorMemory(unit)) != memory)
        continue;
      plan::Place place = slot;
      for (uint32_t extent : extentsOf(machine, solution, unit)) {
        arena.units[unit].slots.push_back({extent, place});
        if (extent == unit && !c.home)
          placeExtent(unit, place);
        place.offset += alignUp(extentBytes(machine, solution, extent).value, PageBytes);
      }
    }
  }

  const Machine &machine;
  const Solution &solution;
  Arena &arena;
};

/// Gives the steps of one phase their places.
class StepPlaces {
public:
  StepPlaces(const Arena &arena, const std::vector<uint64_t> &packed, uint32_t host)
      : arena(arena), packed(packed), host(host) {}

  void fill(plan::Phase &phase) {
    // The steps before a run bring what it needs, in the order of its slots.
    std::vector<plan::Step *> bringing;
    for (plan::Step &step : phase.steps) {
      if (step.kind == plan::StepKind::Read || step.kind == plan::StepKind::Copy)
        bringing.push_back(&step);
      if (step.kind == plan::StepKind::Read)
        step.packOffset = packed[step.unit];
      if (step.kind != plan::StepKind::Run)
        continue;
      for (plan::Step *each : bringing)
        place(*each, step.unit);
      bringing.clear();
    }
    for (plan::Step *each : bringing) // nothing runs in the load phase
      each->to = arena.units[each->unit].extent;
  }

private:
  void place(plan::Step &step, uint32_t user) {
    plan::Place at;
    for (const plan::Slot &slot : arena.units[user].slots)
      if (slot.unit == step.unit)
        at = slot.at;
    // The host's slot has the same places as that of the memory behind it.
    plan::Place inHost = at;
    if (at.memory != host)
      inHost = {host, slotRegion(host), at.offset};
    if (step.kind == plan::StepKind::Read) {
      step.to = inHost;
      return;
    }
    const plan::Place &extent = arena.units[step.unit].extent;
    bool fromDisk = arena.memories[extent.memory].regions[extent.region].slot;
    step.from = fromDisk ? inHost : extent;
    step.to = at;
  }
  uint32_t slotRegion(uint32_t memory) const {
    const auto &regions = arena.memories[memory].regions;
    return llvm::find_if(regions, [](const plan::Region &r) { return r.slot; }) - regions.begin();
  }

  const Arena &arena;
  const std::vector<uint64_t> &packed;
  uint32_t host;
};
} // namespace

/// Where the pack holds each extent: in the order of first use, whatever its home.
static std::vector<uint64_t> packOffsets(const Machine &machine, const Solution &solution) {
  std::vector<uint64_t> result;
  uint64_t end = PackAlignment; // behind the header
  for (uint32_t unit = 0; unit < solution.units.size(); ++unit) {
    result.push_back(end);
    end = alignUp(end + extentBytes(machine, solution, unit).value, PackAlignment);
  }
  return result;
}

Arena layOut(const Machine &machine, const Solution &solution, std::vector<plan::Phase> &phases) {
  Arena arena;
  arena.units.resize(solution.units.size());
  arena.streams.resize(machine.memories.size());
  const Problem &problem = solution.problem;
  for (auto [memory, capacity, outside] :
       llvm::zip_equal(machine.memories, problem.capacity, problem.outside))
    arena.memories.push_back({memory.name, capacity, {}, {}, outside});
  Arranger arranger(machine, solution, arena);
  for (size_t at = 0; at < machine.memories.size(); ++at)
    arranger.memory(at);
  std::vector<uint64_t> packed = packOffsets(machine, solution);
  for (plan::Phase &phase : phases)
    StepPlaces(arena, packed, index(machine.host())).fill(phase);
  return arena;
}

} // namespace ashlar
