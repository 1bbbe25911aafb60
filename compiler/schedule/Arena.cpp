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

static void layOutWeights(Layouter &layouter, uint32_t memory, const Solution &solution,
                          Arena &arena) {
  uint32_t region = layouter.open("weights");
  for (auto [at, unit] : llvm::enumerate(solution.units)) {
    const Candidate &c = solution.problem.units[at][solution.placement.choice[at]];
    if (index(c.home) != memory || unit.weights.value == 0)
      continue;
    UnitPlaces &places = arena.units[at];
    places.extent = layouter.take(region, unit.weights, PageBytes);
    plan::Place place = places.extent;
    for (const StoredWeight &weight : unit.stored) {
      place.offset = alignUp(place.offset, WeightAlignment);
      places.weights.push_back(place);
      place.offset += weight.size.value;
    }
  }
  layouter.close();
}

static void layOutCaches(Layouter &layouter, uint32_t memory, const Machine &machine,
                         const Solution &solution, Arena &arena) {
  uint32_t region = layouter.open("kv");
  for (auto [at, unit] : llvm::enumerate(solution.units)) {
    const Candidate &c = solution.problem.units[at][solution.placement.choice[at]];
    if (!unit.cache || index(machine.processors[index(c.decode)].memory) != memory)
      continue;
    arena.units[at].keys = layouter.take(region, unit.cache->size, PageBytes);
    arena.units[at].values = layouter.take(region, unit.cache->size, PageBytes);
  }
  layouter.close();
}

/// The stream frame, and behind it one place that the frames of all blocks share.
static void layOutActivations(Layouter &layouter, const Model &model, const Solution &solution,
                              Arena &arena) {
  uint32_t region = layouter.open("activations");
  Bytes widest;
  for (const Unit &unit : solution.units)
    widest = std::max(widest, unit.frame.size);
  arena.stream = layouter.take(region, streamFrame(model, solution.sizes.chunk).size, 64);
  plan::Place shared = layouter.take(region, widest, 64);
  for (UnitPlaces &places : arena.units)
    places.frame = shared;
  layouter.close();
}

Arena layOut(const Model &model, const Machine &machine, const Solution &solution,
             std::vector<plan::Phase> &phases) {
  Arena arena;
  arena.units.resize(solution.units.size());
  uint32_t host = index(machine.processors.front().memory);
  for (auto [at, memory] : llvm::enumerate(machine.memories)) {
    arena.memories.push_back({memory.name, solution.problem.capacity[at], {}, {}});
    Layouter layouter(arena.memories.back(), at);
    layOutWeights(layouter, at, solution, arena);
    layOutCaches(layouter, at, machine, solution, arena);
    if (at != host)
      continue;
    layOutActivations(layouter, model, solution, arena);
    for (const Fixed &fixed : solution.problem.fixed) {
      if (fixed.name == "activations")
        continue;
      uint32_t region = layouter.open(fixed.name);
      layouter.take(region, fixed.bytes, PageBytes);
      layouter.close();
    }
  }

  uint64_t packed = PackAlignment; // behind the header
  for (plan::Phase &phase : phases)
    for (plan::Step &step : phase.steps) {
      if (step.kind != plan::StepKind::Read)
        continue;
      step.to = arena.units[step.unit].extent;
      step.packOffset = packed;
      packed = alignUp(packed + step.bytes.value, PackAlignment);
    }
  return arena;
}

void print(const Arena &arena, llvm::raw_ostream &out) {
  for (const plan::Memory &memory : arena.memories) {
    out << "memory " << memory.name << " capacity=" << memory.capacity.value
        << " peak=" << memory.peak.value << " slack=" << (memory.capacity - memory.peak).value
        << '\n';
    for (const plan::Region &region : memory.regions)
      out << "  region " << region.name << " offset=" << region.offset
          << " size=" << region.size.value << '\n';
  }
}

} // namespace ashlar
