#include "compiler/plan/VerifyRules.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <map>
#include <set>

using llvm::StringRef;
using llvm::Twine;

namespace ashlar::plan {

namespace {
/// The places of streams, by memory and name.
class StreamPlaces {
public:
  explicit StreamPlaces(const Plan &plan) : byMemory(plan.memories.size()) {
    for (const Frame &frame : plan.frames)
      if (frame.streams)
        for (const Value &value : frame.values)
          byMemory[frame.place.memory].try_emplace(value.name, &value);
  }
  const Value *find(uint32_t memory, StringRef stream) const {
    return byMemory[memory].lookup(stream); // null where there is none
  }

private:
  std::vector<llvm::StringMap<const Value *>> byMemory;
};
} // namespace

/// Streams that no unit writes are given, in the host's memory: the token ids, or the rows that a
/// model reads.
static llvm::StringSet<> givenStreams(const Plan &plan) {
  llvm::StringSet<> given;
  for (const Unit &unit : plan.units)
    for (const std::string &stream : unit.reads)
      given.insert(stream);
  for (const Unit &unit : plan.units)
    given.erase(unit.writes);
  return given;
}

void checkStreams(const Plan &plan, Violations &found) {
  llvm::StringSet<> given = givenStreams(plan);
  StreamPlaces places(plan);
  std::vector<bool> seen(plan.memories.size());
  for (const Frame &frame : plan.frames) {
    if (!frame.streams)
      continue;
    if (seen[frame.place.memory])
      violate(found,
              "memory " + plan.memories[frame.place.memory].name + " has two frames of streams");
    seen[frame.place.memory] = true;
  }
  llvm::StringMap<std::pair<const Value *, uint32_t>> first; // its place, and in which memory
  for (const Frame &frame : plan.frames)
    for (const Value &value : frame.values) {
      if (!frame.streams)
        break;
      auto [other, memory] =
          first.try_emplace(value.name, &value, frame.place.memory).first->second;
      if (other->rows != value.rows || other->columns != value.columns)
        violate(found, "stream " + value.name + " is [" + Twine(value.rows) + ", " +
                           Twine(value.columns) + "] in memory " +
                           plan.memories[frame.place.memory].name + ", but [" + Twine(other->rows) +
                           ", " + Twine(other->columns) + "] in memory " +
                           plan.memories[memory].name);
    }
  for (const Unit &unit : plan.units) {
    std::vector<std::string> streams = unit.reads;
    streams.push_back(unit.writes);
    std::vector<uint32_t> executors = {unit.decode};
    if (unit.prefill != unit.decode)
      executors.push_back(unit.prefill);
    for (uint32_t executor : executors)
      for (const std::string &stream : streams) {
        uint32_t memory = plan.processors[executor].memory;
        if (!plan.forward && given.contains(stream) && plan.host() == memory)
          continue;
        if (!places.find(memory, stream))
          violate(found, "unit " + unit.name + " needs stream " + stream + " on " +
                             plan.processors[executor].name + ", but memory " +
                             plan.memories[memory].name + " has no place for it");
      }
  }
  for (const auto &stream : given)
    if (plan.forward && plan.host() && !places.find(*plan.host(), stream.getKey()))
      violate(found, "stream " + stream.getKey() + " is given in memory " +
                         plan.memories[*plan.host()].name + ", which has no place for it");
  if (!plan.units.empty() && plan.host() && !places.find(*plan.host(), plan.units.back().writes))
    violate(found, "stream " + plan.units.back().writes + " is wanted in memory " +
                       plan.memories[*plan.host()].name + ", which has no place for it");
}

namespace {
class Arrivals {
public:
  Arrivals(const Plan &plan, const Phase &phase, uint32_t Unit::*executor, Violations &found)
      : plan(plan), phase(phase), executor(executor), found(found), places(plan),
        slots(plan.memories.size()) {
    if (plan.host())
      for (const auto &stream : givenStreams(plan))
        valid[stream.getKey()].insert(*plan.host());
  }

  void check() {
    for (const Step &step : phase.steps)
      switch (step.kind) {
      case StepKind::Read:
        read(step);
        break;
      case StepKind::Copy:
        copy(step);
        break;
      case StepKind::Send:
        send(step);
        break;
      case StepKind::Run:
        run(step);
        break;
      }
    if (plan.units.empty() || !plan.host())
      return;
    const std::string &wanted = plan.units.back().writes;
    if (!holds(wanted, *plan.host()))
      violate(found, "stream " + wanted + " does not arrive in memory " +
                         plan.memories[*plan.host()].name + " in phase " + phase.name);
  }

private:
  /// Weights of a unit that are in a slot now, up to this byte of the memory.
  struct Content {
    unsigned __int128 end;
    uint32_t unit;
  };
  using Contents = std::map<unsigned __int128, Content>; // by their first byte; they do not meet

  bool holds(StringRef stream, uint32_t memory) const {
    auto memories = valid.find(stream);
    return memories != valid.end() && memories->second.count(memory);
  }

  /// The bytes of a whole extent, or an error.
  bool isWhole(const Step &step, const Twine &name) {
    std::optional<Extent> extent = extentOf(plan.units[step.unit]);
    if (!extent) {
      violate(found, name + ", which has no weights");
      return false;
    }
    auto size = static_cast<uint64_t>(extent->span.end - extent->span.begin);
    if (step.bytes.value == size)
      return true;
    violate(found, name + " brings " + Twine(step.bytes.value) + " bytes in phase " + phase.name +
                       ", but its weights are " + Twine(size));
    return false;
  }

  void arrive(const Step &step, const Twine &name) {
    const Region &region = plan.region(step.to);
    if (!region.slot)
      return violate(found, name + " goes to region " + region.name + " in phase " + phase.name +
                                ", which is no slot");
    Span target(step.to.offset, step.bytes.value);
    if (target.end > region.size.value)
      return violate(found, name + " goes to " + text(target) + " in phase " + phase.name +
                                ", beyond region " + region.name + " of " +
                                Twine(region.size.value) + " bytes");
    Span span = spanOf(plan, step.to, step.bytes);
    Contents &contents = slots[step.to.memory];
    auto at = contents.lower_bound(span.begin);
    if (at != contents.begin() && std::prev(at)->second.end > span.begin)
      --at;
    while (at != contents.end() && at->first < span.end)
      at = contents.erase(at);
    contents[span.begin] = {span.end, step.unit};
  }

  bool isIn(uint32_t unit, const Place &place) const {
    auto content = slots[place.memory].find(spanOf(plan, place, Bytes()).begin);
    return content != slots[place.memory].end() && content->second.unit == unit;
  }

  void read(const Step &step) {
    const Unit &unit = plan.units[step.unit];
    if (unit.home)
      return violate(found, "unit " + unit.name + " is read in phase " + phase.name +
                                ", but it is " + plan::name(unit.state));
    std::string name = "read of unit " + unit.name;
    if (isWhole(step, name))
      arrive(step, name);
  }

  void copy(const Step &step) {
    const Unit &unit = plan.units[step.unit];
    std::string name = "copy of unit " + unit.name;
    if (!isWhole(step, name))
      return;
    std::optional<Extent> extent = extentOf(unit);
    bool fromHome = unit.home && step.from.memory == extent->place.memory &&
                    step.from.region == extent->place.region &&
                    step.from.offset == extent->place.offset;
    if (!fromHome && !isIn(step.unit, step.from))
      violate(found, name + " takes " + plan.region(step.from).name + "+" +
                         Twine(step.from.offset) + " in phase " + phase.name +
                         ", where its weights are not");
    if (step.from.memory == step.to.memory)
      violate(found, name + " stays in memory " + plan.memories[step.to.memory].name +
                         " in phase " + phase.name);
    arrive(step, name);
  }

  void send(const Step &step) {
    std::string name = "send of stream " + step.stream;
    const std::string &from = plan.memories[step.fromMemory].name,
                      &to = plan.memories[step.toMemory].name;
    if (!holds(step.stream, step.fromMemory))
      return violate(found, name + " in phase " + phase.name + " takes it from memory " + from +
                                ", which does not hold it");
    if (step.fromMemory == step.toMemory)
      return violate(found, name + " stays in memory " + from + " in phase " + phase.name);
    const Value *place = places.find(step.toMemory, step.stream);
    if (!place)
      return violate(found, name + " in phase " + phase.name + " goes to memory " + to +
                                ", which has no place for it");
    // The step's rows, or the last of each sequence; a place of as many rows as sequences can be
    // for either.
    bool last = place->rows == plan.batch, all = place->rows == std::max(plan.chunk, plan.batch);
    uint64_t sequences = phase.name == "prefill" ? 1 : plan.batch;
    auto needed = [&](uint64_t rows) {
      auto elements = checkedMul(rows, place->columns);
      return elements ? checkedMul(*elements, sizeof(float)) : std::nullopt;
    };
    std::optional<uint64_t> bytes = needed(all ? phase.tokens : sequences);
    if (step.bytes.value != bytes && !(last && step.bytes.value == needed(sequences)))
      violate(found, name + " in phase " + phase.name + " has " + Twine(step.bytes.value) +
                         " bytes, but its rows need " + (bytes ? Twine(*bytes) : Twine("more")));
    valid[step.stream].insert(step.toMemory);
  }

  void run(const Step &step) {
    const Unit &unit = plan.units[step.unit];
    uint32_t memory = plan.processors[unit.*executor].memory;
    for (const std::string &stream : unit.reads)
      if (!holds(stream, memory))
        violate(found, "unit " + unit.name + " reads stream " + stream + " in phase " + phase.name +
                           ", which has not arrived in memory " + plan.memories[memory].name);
    for (const Slot &slot : unit.slots)
      if (!isIn(slot.unit, slot.at))
        violate(found, "unit " + unit.name + " runs in phase " + phase.name +
                           ", but the weights of unit " + plan.units[slot.unit].name +
                           " are not in its slot " + plan.region(slot.at).name + "+" +
                           Twine(slot.at.offset));
    std::set<uint32_t> &memories = valid[unit.writes];
    memories.clear();
    memories.insert(memory);
  }

  const Plan &plan;
  const Phase &phase;
  uint32_t Unit::*executor;
  Violations &found;
  StreamPlaces places;
  std::vector<Contents> slots;               // by memory
  llvm::StringMap<std::set<uint32_t>> valid; // by stream: the memories that hold it
};
} // namespace

void checkArrivals(const Plan &plan, const Phase &phase, uint32_t Unit::*executor,
                   Violations &found) {
  Arrivals(plan, phase, executor, found).check();
}

} // namespace ashlar::plan
