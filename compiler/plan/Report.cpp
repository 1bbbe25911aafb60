#include "compiler/plan/Report.h"
#include "compiler/plan/PlanText.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>

using llvm::StringRef;

namespace ashlar::plan {

/// The bytes that frames cover in a memory: frames of blocks share theirs.
static Bytes activations(const Plan &plan, uint32_t memory) {
  std::vector<std::pair<uint64_t, uint64_t>> spans;
  for (const Frame &frame : plan.frames)
    if (frame.place.memory == memory)
      spans.push_back({plan.address(frame.place), plan.address(frame.place) + frame.size.value});
  llvm::sort(spans);
  uint64_t sum = 0, covered = 0;
  for (auto [begin, end] : spans)
    if (end > covered) {
      sum += end - std::max(begin, covered);
      covered = end;
    }
  return Bytes(sum);
}

static Report::MemoryTable memoryTable(const Plan &plan, uint32_t index) {
  const Memory &memory = plan.memories[index];
  Report::MemoryTable table{memory.name, {}, takenOf(memory), memory.capacity, slackText(memory)};
  Bytes weights, caches;
  std::vector<bool> shown(memory.regions.size()); // what lies in the region has a row
  auto show = [&](const Place &place, Bytes size, Bytes &sum) {
    if (place.memory == index)
      sum += size, shown[place.region] = true;
  };
  for (const Unit &unit : plan.units) {
    for (const Weight &weight : unit.weights)
      if (unit.home) // what is brought to a slot has its bytes in the slot's row
        show(weight.place, weight.size, weights);
    if (unit.cache)
      for (const Place &place : {unit.cache->keys, unit.cache->values})
        show(place, unit.cache->size, caches);
  }
  for (const Frame &frame : plan.frames)
    if (frame.place.memory == index)
      shown[frame.place.region] = true;

  table.rows = {
      {"weights", weights}, {"kv cache", caches}, {"activations", activations(plan, index)}};
  for (auto [region, isShown] : llvm::zip_equal(memory.regions, shown))
    if (!isShown) {
      StringRef name = region.name;
      name.consume_front(memory.name + ".");
      table.rows.push_back({name.str(), region.size});
    }
  Bytes rest = memory.peak;
  for (const Report::Row &row : table.rows)
    rest = rest - row.bytes;
  table.rows.push_back({"alignment", rest});
  table.rows.push_back({"LibTorch itself", memory.outside});
  return table;
}

static Report::Placement placementOf(const Plan &plan, const Unit &unit) {
  return {std::nullopt,
          {unit.layer ? unit.kind : unit.name},
          unit.home ? plan.memories[*unit.home].name : DiskHome.str(),
          plan.processors[unit.decode].name,
          plan.processors[unit.prefill].name +
              (unit.provider == Provider::Torch ? " with torch" : ""),
          unit.state,
          unit.bytes};
}

static bool placedAlike(const Report::Placement &a, const Report::Placement &b) {
  return std::tie(a.home, a.decode, a.prefill, a.state) ==
         std::tie(b.home, b.decode, b.prefill, b.state);
}

/// The placements of one layer: a line for all of its kinds, where they are placed alike.
static std::vector<Report::Placement> placementsOfLayer(const Plan &plan,
                                                        llvm::ArrayRef<Unit> units) {
  std::vector<Report::Placement> lines;
  for (const Unit &unit : units) {
    Report::Placement one = placementOf(plan, unit);
    one.layers = std::pair(*unit.layer, *unit.layer);
    auto line = llvm::find_if(lines, [&](const auto &line) { return placedAlike(line, one); });
    if (line == lines.end()) {
      lines.push_back(std::move(one));
      continue;
    }
    line->units.push_back(unit.kind);
    line->bytes += unit.bytes;
  }
  return lines;
}

static std::vector<Report::Placement> placements(const Plan &plan) {
  std::vector<Report::Placement> lines;
  size_t open = 0; // the lines from here on are of the range of layers that may go on
  llvm::ArrayRef<Unit> rest = plan.units;
  while (!rest.empty()) {
    if (!rest.front().layer) {
      lines.push_back(placementOf(plan, rest.front()));
      open = lines.size();
      rest = rest.drop_front();
      continue;
    }
    uint32_t layer = *rest.front().layer;
    auto ofLayer = rest.take_while([&](const Unit &unit) { return unit.layer == layer; });
    rest = rest.drop_front(ofLayer.size());
    std::vector<Report::Placement> next = placementsOfLayer(plan, ofLayer);
    llvm::MutableArrayRef<Report::Placement> last(lines.data() + open, lines.size() - open);
    bool goesOn = last.size() == next.size();
    for (auto [before, now] : llvm::zip(last, next))
      goesOn = goesOn && before.layers->second + 1 == layer && before.units == now.units &&
               placedAlike(before, now);
    if (!goesOn) {
      open = lines.size();
      llvm::append_range(lines, next);
      continue;
    }
    for (auto [before, now] : llvm::zip_equal(last, next)) {
      before.layers->second = layer;
      before.bytes += now.bytes;
    }
  }
  return lines;
}

Report reportOf(const Plan &plan) {
  Report report;
  for (uint32_t memory = 0; memory < plan.memories.size(); ++memory)
    report.memories.push_back(memoryTable(plan, memory));
  report.placements = placements(plan);
  for (const Prediction &prediction : plan.predictions) {
    const Phase *phase = plan.phase(prediction.phase);
    uint64_t tokens = phase ? phase->tokens : 0, time = prediction.time.value;
    report.times.push_back({&prediction, tokens, time ? double(tokens) * 1e9 / double(time) : 0});
  }
  return report;
}

} // namespace ashlar::plan
