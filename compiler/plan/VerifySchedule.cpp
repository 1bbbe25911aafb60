#include "compiler/plan/VerifyRules.h"

#include "runtime/PackFormat.h"

using llvm::StringRef;
using llvm::Twine;

namespace ashlar::plan {

std::optional<Extent> extentOf(const Unit &unit) {
  if (unit.weights.empty())
    return std::nullopt;
  Extent extent{unit.weights.front().place, {}};
  extent.span.begin = ~static_cast<unsigned __int128>(0);
  for (const Weight &weight : unit.weights) {
    if (weight.place.memory != extent.place.memory || weight.place.region != extent.place.region)
      continue;
    Span span(weight.place.offset, weight.size.value);
    extent.span.begin = std::min(extent.span.begin, span.begin);
    extent.span.end = std::max(extent.span.end, span.end);
  }
  extent.place.offset = static_cast<uint64_t>(extent.span.begin);
  return extent;
}

/// A read brings the whole extent of a unit to where it stays.
static void checkTarget(const Plan &plan, const Step &read, Violations &found) {
  const Unit &unit = plan.units[read.unit];
  std::string name = "read of unit " + unit.name;
  std::optional<Extent> extent = extentOf(unit);
  if (!extent)
    return violate(found, name + ", which has no weights");
  const Region &region = plan.region(read.to);
  for (const Weight &weight : unit.weights)
    if (weight.place.memory != read.to.memory || weight.place.region != read.to.region)
      return violate(found, name + " goes to region " + region.name + ", but weight " +
                                weight.name + " lies in region " + plan.region(weight.place).name);
  Span target(read.to.offset, read.bytes.value);
  if (target.begin != extent->span.begin || target.end != extent->span.end)
    violate(found, name + " brings " + text(target) + " of region " + region.name +
                       ", but its weights are " + text(extent->span));
}

/// Where the pack holds what is read: behind its header, at a page.
static void checkPackOffset(const Step &read, const std::string &unit, Violations &found) {
  if (read.packOffset < PackAlignment)
    violate(found, "read of unit " + unit + " begins at byte " + Twine(read.packOffset) +
                       " of the pack, where its header stands");
  else if (read.packOffset % PackAlignment)
    violate(found, "read of unit " + unit + " begins at byte " + Twine(read.packOffset) +
                       " of the pack, no multiple of " + Twine(PackAlignment));
}

static void checkLoad(const Plan &plan, const Phase &phase, Violations &found) {
  std::vector<uint32_t> reads(plan.units.size());
  std::vector<std::vector<NamedSpan>> inMemory(plan.memories.size());
  for (const Step &step : phase.steps) {
    const std::string &unit = plan.units[step.unit].name;
    if (step.kind != StepKind::Read) {
      violate(found, step.kind == StepKind::Run ? "unit " + unit + " runs in phase load"
                     : step.kind == StepKind::Copy
                         ? "unit " + unit + " is copied in phase load"
                         : "stream " + step.stream + " is sent in phase load");
      continue;
    }
    if (!plan.units[step.unit].home) {
      violate(found, "unit " + unit + " is read in phase load, but stays on the disk");
      continue;
    }
    ++reads[step.unit];
    if (!step.after.empty())
      violate(found, "read of unit " + unit + " waits for unit " +
                         plan.units[step.after.front()].name + ", but nothing runs in phase load");
    checkTarget(plan, step, found);
    inMemory[step.to.memory].push_back(
        {"read of unit " + unit + " to memory " + plan.memories[step.to.memory].name,
         spanOf(plan, step.to, step.bytes)});
  }
  for (std::vector<NamedSpan> &spans : inMemory)
    checkApart(std::move(spans), found);
  for (auto [at, unit] : llvm::enumerate(plan.units))
    if (!unit.weights.empty() && unit.home && reads[at] != 1)
      violate(found, "unit " + unit.name + " is " +
                         (reads[at] ? "read " + Twine(reads[at]) + " times" : Twine("never read")));
}

static void checkRuns(const Plan &plan, const Phase &phase, uint32_t Unit::*executor,
                      Violations &found) {
  std::vector<bool> done(plan.units.size());
  for (const Step &step : phase.steps) {
    std::string name = step.kind == StepKind::Send ? "send of stream " + step.stream
                                                   : "unit " + plan.units[step.unit].name;
    const char *verb = step.kind == StepKind::Run    ? " runs"
                       : step.kind == StepKind::Send ? " is done"
                       : step.kind == StepKind::Copy ? " is copied"
                                                     : " is read";
    for (uint32_t before : step.after)
      if (!done[before])
        violate(found, name + verb + " in phase " + phase.name + " before unit " +
                           plan.units[before].name + ", for which it waits");
    if (step.kind != StepKind::Run)
      continue;
    const Unit &unit = plan.units[step.unit];
    if (done[step.unit])
      violate(found, name + " runs twice in phase " + phase.name);
    if (step.processor != unit.*executor)
      violate(found, name + " runs on " + plan.processors[step.processor].name + " in phase " +
                         phase.name + ", but it says " + plan.processors[unit.*executor].name);
    if (step.unit && !done[step.unit - 1])
      violate(found, name + " runs in phase " + phase.name + " before unit " +
                         plan.units[step.unit - 1].name + ", which precedes it");
    done[step.unit] = true;
  }
  for (auto [at, unit] : llvm::enumerate(plan.units))
    if (!done[at])
      violate(found, "unit " + unit.name + " does not run in phase " + phase.name);
}

/// Every read of a unit is of the same bytes of the pack, which are no other unit's.
static void checkPack(const Plan &plan, Violations &found) {
  std::vector<const Step *> first(plan.units.size());
  std::vector<NamedSpan> spans;
  for (const Phase &phase : plan.phases)
    for (const Step &step : phase.steps) {
      if (step.kind != StepKind::Read)
        continue;
      const Step *&before = first[step.unit];
      std::string name = "read of unit " + plan.units[step.unit].name;
      if (!before || phase.name == "load") {
        before = &step;
        checkPackOffset(step, plan.units[step.unit].name, found);
        spans.push_back({name + " from the pack", Span(step.packOffset, step.bytes.value)});
      } else if (before->packOffset != step.packOffset) {
        violate(found, name + " begins at byte " + Twine(step.packOffset) +
                           " of the pack in phase " + phase.name + ", but at byte " +
                           Twine(before->packOffset) + " before");
      }
    }
  checkApart(std::move(spans), found);
}

void checkSchedules(const Plan &plan, Violations &found) {
  auto tokens = [&](const Phase &phase, uint64_t expected) {
    if (phase.tokens != expected)
      violate(found, "phase " + phase.name + " is for " + Twine(phase.tokens) +
                         (plan.forward ? " rows" : " tokens") + " instead of " + Twine(expected));
  };
  llvm::SmallVector<StringRef> known = phasesOfRuns(plan);
  for (const Phase &phase : plan.phases) {
    bool decode = phase.name == "decode";
    uint32_t Unit::*executor = decode ? &Unit::decode : &Unit::prefill;
    if (phase.name == "load") {
      tokens(phase, 0);
      checkLoad(plan, phase, found);
    } else if (llvm::is_contained(known, phase.name)) {
      tokens(phase, decode ? plan.batch : plan.chunk);
      checkRuns(plan, phase, executor, found);
      checkArrivals(plan, phase, executor, found);
    } else {
      violate(found, "unknown phase " + phase.name);
    }
  }
  checkPack(plan, found);
  known.push_back("load");
  for (StringRef name : known)
    if (!plan.phase(name))
      violate(found, "there is no phase " + name);
}

} // namespace ashlar::plan
