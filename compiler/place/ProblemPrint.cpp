#include "compiler/place/Problem.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/JSON.h"

namespace ashlar {

static void printBytes(llvm::json::OStream &json, llvm::StringRef name, const Machine &machine,
                       const std::vector<Bytes> &bytes) {
  json.attributeObject(name, [&] {
    for (auto [memory, amount] : llvm::zip_equal(machine.memories, bytes))
      if (amount.value)
        json.attribute(memory.name, amount.value);
  });
}

static void printDecision(llvm::json::OStream &json, const Machine &machine, const Candidate &c,
                          bool forward) {
  json.attribute("state", plan::name(c.state));
  json.attribute("home", homeName(machine, c.home));
  if (!forward)
    json.attribute("decode", machine.processor(c.decode).name);
  json.attribute(forward ? "forward" : "prefill", machine.processor(c.prefill).name);
}

static void printCandidate(llvm::json::OStream &json, const Machine &machine, const Candidate &c,
                           bool forward) {
  json.object([&] {
    printDecision(json, machine, c, forward);
    printBytes(json, "kept", machine, c.kept);
    printBytes(json, "frame", machine, c.frame);
    printBytes(json, "slot", machine, c.slot);
    json.attribute(forward ? "row_ns" : "decode_ns", c.decodeTime.value);
    json.attribute(forward ? "forward_ns" : "prefill_ns", c.prefillTime.value);
    json.attribute("bring_ns", c.bringTime.value);
  });
}

void print(const Problem &problem, const Machine &machine, const Model &model,
           llvm::raw_ostream &out) {
  llvm::json::OStream json(out, 1);
  auto names = [&](llvm::StringRef name, const std::vector<StreamId> &streams) {
    json.attributeArray(name, [&] {
      for (StreamId stream : streams)
        json.value(model.stream(stream).name);
    });
  };
  json.object([&] {
    json.attributeArray("memories", [&] {
      for (auto [memory, capacity, outside] :
           llvm::zip_equal(machine.memories, problem.capacity, problem.outside))
        json.object([&, &memory = memory, &capacity = capacity, &outside = outside] {
          json.attribute("name", memory.name);
          json.attribute("capacity", capacity.value);
          if (outside.value)
            json.attribute("outside", outside.value);
        });
    });
    json.attributeArray("fixed", [&] {
      for (const Fixed &fixed : problem.fixed)
        json.object([&] {
          json.attribute("name", fixed.name);
          json.attribute("memory", machine.memory(fixed.memory).name);
          json.attribute("bytes", fixed.bytes.value);
        });
    });
    json.attributeArray("streams", [&] {
      for (auto [stream, bytes] : llvm::zip_equal(model.streams, problem.streams))
        json.object([&, &stream = stream, &bytes = bytes] {
          json.attribute("name", stream.name);
          if (!problem.forward)
            json.attribute("decode", bytes.decode.value);
          json.attribute(problem.forward ? "forward" : "prefill", bytes.prefill.value);
          json.attribute("frame", bytes.frame.value);
        });
    });
    names("given", problem.given);
    names("wanted", problem.wanted);
    json.attributeObject("workload", [&] {
      json.attribute(problem.forward ? "rows" : "prompt", problem.workload.prompt);
      if (!problem.forward)
        json.attribute("generate", problem.workload.generate);
      json.attribute("chunk", problem.chunk);
    });
    json.attributeArray("units", [&] {
      for (size_t at = 0; at < problem.units.size(); ++at)
        json.object([&] {
          const UnitChoice &unit = problem.units[at];
          json.attribute("name", model.blocks[at].name);
          names("reads", unit.reads);
          names("writes", {unit.writes});
          json.attributeArray("with", [&] {
            for (uint32_t other : unit.with)
              json.value(model.blocks[other].name);
          });
          json.attributeArray("candidates", [&] {
            for (const Candidate &c : unit.candidates)
              printCandidate(json, machine, c, problem.forward);
          });
        });
    });
  });
  out << '\n';
}

void print(const Placement &placement, const Problem &problem, const Machine &machine,
           const Model &model, llvm::raw_ostream &out) {
  for (auto [unit, choice] : llvm::enumerate(placement.choice)) {
    const Candidate &c = problem.units[unit].candidates[choice];
    out << "place " << model.blocks[unit].name << " state=" << plan::name(c.state)
        << " home=" << homeName(machine, c.home);
    if (!problem.forward)
      out << " decode=" << machine.processor(c.decode).name;
    out << (problem.forward ? " forward=" : " prefill=") << machine.processor(c.prefill).name
        << '\n';
  }
  Occupancy taken = occupancy(problem, placement);
  for (auto [memory, capacity] : llvm::enumerate(problem.capacity))
    out << "memory " << machine.memories[memory].name << " bytes=" << taken.of(memory).value
        << " capacity=" << capacity.value << " slack=" << (capacity - taken.of(memory)).value
        << '\n';
  out << "workload ns=" << workloadTime(problem, machine, placement).value << '\n';
}

void printJson(const Placement &placement, const Problem &problem, const Machine &machine,
               const Model &model, llvm::raw_ostream &out) {
  llvm::json::OStream json(out, 1);
  auto printUnit = [&](size_t unit) {
    const Candidate &c = problem.units[unit].candidates[placement.choice[unit]];
    json.attribute("name", model.blocks[unit].name);
    printDecision(json, machine, c, problem.forward);
  };
  Occupancy taken = occupancy(problem, placement);
  auto printMemory = [&](size_t memory) {
    Bytes bytes = taken.of(memory), capacity = problem.capacity[memory];
    json.attribute("name", machine.memories[memory].name);
    json.attribute("bytes", bytes.value);
    json.attribute("capacity", capacity.value);
    json.attribute("slack", (capacity - bytes).value);
  };
  json.object([&] {
    json.attributeArray("units", [&] {
      for (size_t unit = 0; unit < problem.units.size(); ++unit)
        json.object([&] { printUnit(unit); });
    });
    json.attributeArray("memories", [&] {
      for (size_t memory = 0; memory < problem.capacity.size(); ++memory)
        json.object([&] { printMemory(memory); });
    });
    json.attributeObject(
        "workload", [&] { json.attribute("ns", workloadTime(problem, machine, placement).value); });
  });
  out << '\n';
}

} // namespace ashlar
