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
  check(unit.decode, "decodes");
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
    if (weight.place.memory != unit.home)
      violate(found, "weight " + weight.name + " lies in memory " +
                         plan.memories[weight.place.memory].name + ", but the home of unit " +
                         unit.name + " is " + plan.memories[unit.home].name);
  }
  if (sum != unit.bytes.value)
    violate(found, "unit " + unit.name + " says " + Twine(unit.bytes.value) +
                       " bytes, but its weights have " + (sum > UINT64_MAX ? "2^64+" : "") +
                       Twine(static_cast<uint64_t>(sum)));
}

void checkUnits(const Plan &plan, Violations &found) {
  StringMap<Stored> stored = storedWeights(plan, found);
  auto stream =
      llvm::find_if(plan.frames, [](const Frame &frame) { return frame.name == "stream"; });

  for (const Unit &unit : plan.units) {
    checkWeights(plan, unit, found);
    if (unit.state == State::Resident)
      checkNear(plan, unit, unit.home, "weights of unit " + unit.name + " are resident", found);
    if (stream != plan.frames.end())
      checkNear(plan, unit, stream->place.memory, "frame stream lies", found);
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
      else
        checkNear(plan, unit, weight->second.weight->place.memory,
                  "shared weight " + name + " lies", found);
    }
  }
}

} // namespace ashlar::plan
