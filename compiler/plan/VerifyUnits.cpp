#include "compiler/plan/VerifyRules.h"

#include "llvm/ADT/StringMap.h"

using llvm::StringMap;
using llvm::StringRef;
using llvm::Twine;

namespace ashlar::plan {

/// Reports something of a unit that lies in another memory than its executors compute from.
static void checkNear(const Plan &plan, const Unit &unit, uint32_t memory, const Twine &what,
                      Violations &found) {
  auto check = [&](uint32_t processor, StringRef phase) {
    const Processor &executor = plan.processors[processor];
    if (executor.memory != memory)
      violate(found, what + " in memory " + plan.memories[memory].name + ", but unit " + unit.name +
                         " " + phase + " on " + executor.name + ", which computes from memory " +
                         plan.memories[executor.memory].name);
  };
  check(unit.decode, plan.forward ? "runs" : "decodes");
  if (unit.prefill != unit.decode)
    check(unit.prefill, "prefills");
}

namespace {
struct Stored {
  const Unit *unit;
  const Weight *weight;
};
} // namespace

/// Every weight by name. One that is stored twice, or whose tensor is, has no one home.
static StringMap<Stored> storedWeights(const Plan &plan, Violations &found) {
  StringMap<Stored> byName, byTensor;
  for (const Unit &unit : plan.units)
    for (const Weight &weight : unit.weights) {
      auto [name, isNew] = byName.try_emplace(weight.name, Stored{&unit, &weight});
      if (!isNew)
        violate(found, "weight " + weight.name + " is stored twice: by unit " +
                           name->second.unit->name + " and by unit " + unit.name);
      auto [tensor, isFirst] = byTensor.try_emplace(weight.tensor, Stored{&unit, &weight});
      if (!isFirst && isNew)
        violate(found, "tensor " + weight.tensor + " is stored twice: as weight " +
                           tensor->second.weight->name + " and as weight " + weight.name);
    }
  return byName;
}

static void checkWeights(const Plan &plan, const Unit &unit, Violations &found) {
  unsigned __int128 sum = 0;
  for (const Weight &weight : unit.weights) {
    sum += weight.size.value;
    const Region &region = plan.region(weight.place);
    if (unit.home && weight.place.memory != *unit.home)
      violate(found, "weight " + weight.name + " lies in memory " +
                         plan.memories[weight.place.memory].name + ", but the home of unit " +
                         unit.name + " is " + plan.memories[*unit.home].name);
    else if (unit.home && region.slot)
      violate(found, "weight " + weight.name + " stays in region " + region.name +
                         ", a slot that others overwrite");
    else if (!unit.home && !region.slot)
      violate(found, "weight " + weight.name + " stays on the disk, but region " + region.name +
                         ", where it is brought, is no slot");
  }
  if (sum != unit.bytes.value)
    violate(found, "unit " + unit.name + " says " + Twine(unit.bytes.value) +
                       " bytes, but its weights have " + (sum > UINT64_MAX ? "2^64+" : "") +
                       Twine(static_cast<uint64_t>(sum)));
}

/// What a unit is called must be what it is: resident where it is computed, or not.
static void checkState(const Plan &plan, const Unit &unit, Violations &found) {
  std::string name = "unit " + unit.name;
  if (unit.state == State::Disk && unit.home)
    return violate(found, name + " is read from the disk, but its home is " +
                              plan.memories[*unit.home].name);
  if (unit.state != State::Disk && !unit.home)
    return violate(found, name + " is " + plan::name(unit.state) + ", but its home is the disk");
  if (unit.state == State::Resident) {
    checkNear(plan, unit, *unit.home, "weights of " + name + " are resident", found);
    if (!unit.slots.empty())
      violate(found, name + " is resident, but has a slot");
  } else if (unit.slots.empty()) {
    violate(found, name + " is " + plan::name(unit.state) + ", but has no slot");
  }
  if (unit.state == State::Streamed && plan.processors[unit.decode].memory == *unit.home)
    violate(found, name + " is streamed from memory " + plan.memories[*unit.home].name +
                       ", from which it is computed");
}

/// The weights of a unit that stays on the disk have no other place than its slot.
static void checkBroughtTo(const Plan &plan, const Unit &unit, const Place &slot, const Twine &name,
                           Violations &found) {
  auto text = [&](const Place &place) {
    return plan.region(place).name + "+" + llvm::utostr(place.offset);
  };
  Place first = extentOf(unit)->place;
  for (const Weight &weight : unit.weights)
    if (weight.place.memory != slot.memory || weight.place.region != slot.region)
      return violate(found, name + " is " + text(slot) + ", but weight " + weight.name +
                                " lies at " + text(weight.place));
  if (first.offset != slot.offset)
    violate(found, name + " is " + text(slot) + ", but its weights begin at " + text(first));
}

/// A slot has room for all of what is brought there, beside the other slots of its unit.
static void checkSlots(const Plan &plan, const Unit &unit, Violations &found) {
  std::vector<NamedSpan> spans;
  for (const Slot &slot : unit.slots) {
    const Unit &brought = plan.units[slot.unit];
    std::string name = "slot of unit " + unit.name + " for unit " + brought.name;
    const Region &region = plan.region(slot.at);
    std::optional<Extent> extent = extentOf(brought);
    if (!region.slot)
      violate(found, name + " lies in region " + region.name + ", which is no slot");
    if (!extent)
      violate(found, name + ", which has no weights");
    checkNear(plan, unit, slot.at.memory, Twine(name) + " lies", found);
    if (!extent)
      continue;
    if (&brought == &unit && !unit.home)
      checkBroughtTo(plan, unit, slot.at, name, found);
    Span span(slot.at.offset, static_cast<uint64_t>(extent->span.end - extent->span.begin));
    if (span.end > region.size.value)
      violate(found, name + " (" + text(span) + ") lies beyond region " + region.name + " of " +
                         Twine(region.size.value) + " bytes");
    if (slot.at.offset % Alignment)
      violate(found, name + " begins at " + Twine(slot.at.offset) + " of region " + region.name +
                         ", no multiple of " + Twine(Alignment));
    if (slot.at.memory == plan.processors[unit.decode].memory)
      spans.push_back(
          {name, spanOf(plan, slot.at, Bytes(static_cast<uint64_t>(span.end - span.begin)))});
  }
  checkApart(std::move(spans), found);
}

namespace {
/// Whether a unit finds another's weights, or its own, where it computes.
class Brings {
public:
  Brings(const Plan &plan, const Unit &unit) : plan(plan), unit(unit) {}
  bool has(const Unit &stored) const {
    uint32_t memory = plan.processors[unit.decode].memory;
    if (stored.home == memory)
      return true;
    return llvm::any_of(unit.slots,
                        [&](const Slot &slot) { return &plan.units[slot.unit] == &stored; });
  }

private:
  const Plan &plan;
  const Unit &unit;
};
} // namespace

/// What LibTorch computes must be there.
static void checkProvider(const Plan &plan, const Unit &unit, const StringMap<Stored> &stored,
                          Violations &found) {
  if (unit.provider != Provider::Torch)
    return;
  if (plan.processors[unit.prefill].kind != "cpu")
    violate(found, "unit " + unit.name + " has the provider torch, but runs on " +
                       plan.processors[unit.prefill].name + ", which is no cpu");
  if (plan.chunk < 2)
    violate(found, "unit " + unit.name + " has the provider torch, but steps have one row");
  bool any = llvm::any_of(unit.weights, [&](const Weight &w) { return isForTorch(unit, w); });
  for (const std::string &name : unit.shares)
    if (auto weight = stored.find(name); weight != stored.end())
      any |= isForTorch(unit, *weight->second.weight);
  if (!any)
    violate(found, "unit " + unit.name +
                       " has the provider torch, but reads no weight in rows of f32 or bf16");
}

void checkUnits(const Plan &plan, Violations &found) {
  StringMap<Stored> stored = storedWeights(plan, found);
  for (const Unit &unit : plan.units) {
    checkWeights(plan, unit, found);
    checkState(plan, unit, found);
    checkProvider(plan, unit, stored, found);
    checkSlots(plan, unit, found);
    Brings brings(plan, unit);
    if (!unit.weights.empty() && !unit.slots.empty() && !brings.has(unit))
      violate(found, "unit " + unit.name + " has no slot for its own weights");
    if (unit.frame && plan.frames[*unit.frame].streams)
      violate(found, "frame " + plan.frames[*unit.frame].name + " of unit " + unit.name +
                         " is of streams");
    if (unit.frame)
      checkNear(plan, unit, plan.frames[*unit.frame].place.memory,
                "frame " + plan.frames[*unit.frame].name + " lies", found);
    if (unit.cache)
      for (auto [what, place] :
           {std::pair("key cache", unit.cache->keys), std::pair("value cache", unit.cache->values)})
        checkNear(plan, unit, place.memory, Twine(what) + " lies", found);
    for (const std::string &name : unit.shares) {
      auto weight = stored.find(name);
      if (weight == stored.end())
        violate(found, "unit " + unit.name + " shares weight " + name + ", which no unit stores");
      else if (weight->second.unit == &unit)
        violate(found, "unit " + unit.name + " shares weight " + name + ", which it stores itself");
      else if (const Unit &other = *weight->second.unit; !brings.has(other))
        checkNear(plan, unit, weight->second.weight->place.memory,
                  "shared weight " + name + " lies", found);
    }
  }
}

} // namespace ashlar::plan
