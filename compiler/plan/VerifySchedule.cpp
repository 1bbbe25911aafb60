#include "compiler/plan/VerifyRules.h"

#include "runtime/PackFormat.h"

using llvm::StringRef;
using llvm::Twine;

namespace ashlar::plan {

/// The bytes from the first to the last of a unit's weights, which one read brings.
static void checkTarget(const Plan &plan, const Step &read, Violations &found) {
  const Unit &unit = plan.units[read.unit];
  std::string name = "read of unit " + unit.name;
  if (unit.weights.empty())
    return violate(found, name + ", which has no weights");
  const Region &region = plan.region(read.to);
  Span extent;
  extent.begin = ~static_cast<unsigned __int128>(0);
  for (const Weight &weight : unit.weights) {
    if (weight.place.memory != read.to.memory || weight.place.region != read.to.region)
      return violate(found, name + " goes to region " + region.name + ", but weight " +
                                weight.name + " lies in region " + plan.region(weight.place).name);
    Span span(weight.place.offset, weight.size.value);
    extent.begin = std::min(extent.begin, span.begin);
    extent.end = std::max(extent.end, span.end);
  }
  Span target(read.to.offset, read.bytes.value);
  if (target.begin != extent.begin || target.end != extent.end)
    violate(found, name + " brings " + text(target) + " of region " + region.name +
                       ", but its weights are " + text(extent));
}

static void checkLoad(const Plan &plan, const Phase &phase, Violations &found) {
  std::vector<uint32_t> reads(plan.units.size());
  std::vector<NamedSpan> inPack;
  std::vector<std::vector<NamedSpan>> inMemory(plan.memories.size());
  for (const Step &step : phase.steps) {
    const std::string &unit = plan.units[step.unit].name;
    if (step.kind == StepKind::Run) {
      violate(found, "unit " + unit + " runs in phase load");
      continue;
    }
    ++reads[step.unit];
    if (!step.after.empty())
      violate(found, "read of unit " + unit + " waits for unit " +
                         plan.units[step.after.front()].name + ", but nothing runs in phase load");
    if (step.packOffset < PackAlignment)
      violate(found, "read of unit " + unit + " begins at byte " + Twine(step.packOffset) +
                         " of the pack, where its header stands");
    else if (step.packOffset % PackAlignment)
      violate(found, "read of unit " + unit + " begins at byte " + Twine(step.packOffset) +
                         " of the pack, no multiple of " + Twine(PackAlignment));
    checkTarget(plan, step, found);
    inPack.push_back(
        {"read of unit " + unit + " from the pack", Span(step.packOffset, step.bytes.value)});
    inMemory[step.to.memory].push_back(
        {"read of unit " + unit + " to memory " + plan.memories[step.to.memory].name,
         spanOf(plan, step.to, step.bytes)});
  }
  checkApart(std::move(inPack), found);
  for (std::vector<NamedSpan> &spans : inMemory)
    checkApart(std::move(spans), found);
  for (auto [at, unit] : llvm::enumerate(plan.units))
    if (!unit.weights.empty() && reads[at] != 1)
      violate(found, "unit " + unit.name + " is " +
                         (reads[at] ? "read " + Twine(reads[at]) + " times" : Twine("never read")));
}

static void checkRuns(const Plan &plan, const Phase &phase, uint32_t Unit::*executor,
                      Violations &found) {
  std::vector<bool> done(plan.units.size());
  for (const Step &step : phase.steps) {
    const Unit &unit = plan.units[step.unit];
    std::string name = "unit " + unit.name;
    if (step.kind == StepKind::Read) {
      violate(found,
              name + " is read in phase " + phase.name + ", but it is " + plan::name(unit.state));
      continue;
    }
    if (done[step.unit])
      violate(found, name + " runs twice in phase " + phase.name);
    if (step.processor != unit.*executor)
      violate(found, name + " runs on " + plan.processors[step.processor].name + " in phase " +
                         phase.name + ", but it says " + plan.processors[unit.*executor].name);
    for (uint32_t before : step.after)
      if (!done[before])
        violate(found, name + " runs in phase " + phase.name + " before unit " +
                           plan.units[before].name + ", for which it waits");
    if (step.unit && !done[step.unit - 1])
      violate(found, name + " runs in phase " + phase.name + " before unit " +
                         plan.units[step.unit - 1].name + ", which precedes it");
    done[step.unit] = true;
  }
  for (auto [at, unit] : llvm::enumerate(plan.units))
    if (!done[at])
      violate(found, "unit " + unit.name + " does not run in phase " + phase.name);
}

void checkSchedules(const Plan &plan, Violations &found) {
  auto tokens = [&](const Phase &phase, uint64_t expected) {
    if (phase.tokens != expected)
      violate(found, "phase " + phase.name + " is for " + Twine(phase.tokens) +
                         " tokens instead of " + Twine(expected));
  };
  for (const Phase &phase : plan.phases) {
    if (phase.name == "load") {
      tokens(phase, 0);
      checkLoad(plan, phase, found);
    } else if (phase.name == "prefill") {
      tokens(phase, plan.chunk);
      checkRuns(plan, phase, &Unit::prefill, found);
    } else if (phase.name == "decode") {
      tokens(phase, plan.batch);
      checkRuns(plan, phase, &Unit::decode, found);
    } else {
      violate(found, "unknown phase " + phase.name);
    }
  }
  for (StringRef name : {"load", "prefill", "decode"})
    if (!plan.phase(name))
      violate(found, "there is no phase " + name);
}

} // namespace ashlar::plan
