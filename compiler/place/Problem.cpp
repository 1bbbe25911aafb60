#include "compiler/place/Problem.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

#include <algorithm>

namespace ashlar {

static Bytes pages(Bytes bytes) { return Bytes(alignUp(bytes.value, PageBytes)); }

Problem makeProblem(const Model &model, const Machine &machine, const Request &request,
                    const std::vector<Unit> &units, Sizes sizes, const Fittings &fittings) {
  Problem problem;
  problem.workload = request.workload;
  problem.workload.prompt = std::min(problem.workload.prompt, sizes.context);
  problem.chunk = sizes.chunk;
  for (const Memory &memory : machine.memories) {
    auto cap = request.maxMemory.find(memory.name);
    problem.capacity.push_back(
        cap == request.maxMemory.end() ? memory.capacity : std::min(cap->second, memory.capacity));
  }

  Bytes frames = streamFrame(model, sizes.chunk).size;
  Bytes widest;
  for (const Unit &unit : units)
    widest = std::max(widest, unit.frame.size);
  MemoryId host = machine.processors.front().memory;
  problem.fixed = {{"activations", host, pages(frames + widest)},
                   {"tokens", host, pages(Bytes(sizes.context * sizeof(int32_t)))},
                   {"sampler", host, pages(fittings.sampler)},
                   {"tokenizer", host, pages(fittings.tokenizer)}};

  for (const Unit &unit : units) {
    std::vector<Candidate> candidates;
    for (auto [at, processor] : llvm::enumerate(machine.processors)) {
      Candidate c;
      c.home = processor.memory;
      c.decode = c.prefill = ProcessorId(at);
      c.demand.resize(machine.memories.size());
      c.demand[index(c.home)] =
          pages(unit.weights) + (unit.cache ? pages(unit.cache->size) * 2 : Bytes());
      c.decodeTime = unit.decodeTime[at];
      c.prefillTime = unit.prefillTime[at];
      candidates.push_back(std::move(c));
    }
    problem.units.push_back(std::move(candidates));
  }
  return problem;
}

static std::vector<Bytes> fixedDemand(const Problem &problem) {
  std::vector<Bytes> total(problem.capacity.size());
  for (const Fixed &fixed : problem.fixed)
    total[index(fixed.memory)] += fixed.bytes;
  return total;
}

std::vector<Bytes> demand(const Problem &problem, const Placement &placement) {
  std::vector<Bytes> total = fixedDemand(problem);
  for (auto [unit, choice] : llvm::enumerate(placement.choice))
    for (auto [memory, bytes] : llvm::enumerate(problem.units[unit][choice].demand))
      total[memory] += bytes;
  return total;
}

Nanos prefillTime(const Problem &problem, Nanos chunk, Nanos token) {
  uint64_t rest = problem.workload.prompt % problem.chunk;
  // The weights are read for a part of a chunk too, so it takes a token's time at least.
  Nanos part = rest ? std::max(token, Nanos(chunk.value * rest / problem.chunk)) : Nanos();
  return chunk * (problem.workload.prompt / problem.chunk) + part;
}

Nanos workloadTime(const Problem &problem, const Placement &placement) {
  Nanos prefill, decode;
  for (auto [unit, choice] : llvm::enumerate(placement.choice)) {
    prefill += problem.units[unit][choice].prefillTime;
    decode += problem.units[unit][choice].decodeTime;
  }
  return prefillTime(problem, prefill, decode) + decode * problem.workload.generate;
}

std::vector<Bytes> shortfall(const Problem &problem) {
  Placement least;
  for (const std::vector<Candidate> &candidates : problem.units) {
    auto sum = [](const Candidate &c) {
      Bytes total;
      for (Bytes bytes : c.demand)
        total += bytes;
      return total;
    };
    auto best = std::min_element(candidates.begin(), candidates.end(),
                                 [&](auto &a, auto &b) { return sum(a) < sum(b); });
    least.choice.push_back(best - candidates.begin());
  }
  std::vector<Bytes> total = demand(problem, least);
  for (auto [memory, bytes] : llvm::enumerate(total))
    bytes = bytes > problem.capacity[memory] ? bytes - problem.capacity[memory] : Bytes();
  return total;
}

std::string verify(const Problem &problem, const Placement &placement) {
  if (placement.choice.size() != problem.units.size())
    return llvm::formatv("{0} units are placed, the problem has {1}", placement.choice.size(),
                         problem.units.size());
  for (auto [unit, choice] : llvm::enumerate(placement.choice))
    if (choice >= problem.units[unit].size())
      return llvm::formatv("unit {0} takes candidate {1} of {2}", unit, choice,
                           problem.units[unit].size());
  for (auto [memory, bytes] : llvm::enumerate(demand(problem, placement)))
    if (bytes > problem.capacity[memory])
      return llvm::formatv("memory {0} holds {1} bytes, the placement takes {2}", memory,
                           problem.capacity[memory].value, bytes.value);
  return "";
}

void print(const Problem &problem, const Machine &machine, const Model &model,
           llvm::raw_ostream &out) {
  llvm::json::OStream json(out, 1);
  json.object([&] {
    json.attributeArray("memories", [&] {
      for (size_t at = 0; at < machine.memories.size(); ++at)
        json.object([&] {
          json.attribute("name", machine.memories[at].name);
          json.attribute("capacity", problem.capacity[at].value);
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
    json.attributeObject("workload", [&] {
      json.attribute("prompt", problem.workload.prompt);
      json.attribute("generate", problem.workload.generate);
      json.attribute("chunk", problem.chunk);
    });
    json.attributeArray("units", [&] {
      for (size_t at = 0; at < problem.units.size(); ++at)
        json.object([&] {
          json.attribute("name", model.blocks[at].name);
          json.attributeArray("candidates", [&] {
            for (const Candidate &c : problem.units[at])
              json.object([&] {
                json.attribute("state", plan::name(c.state));
                json.attribute("home", machine.memory(c.home).name);
                json.attribute("decode", machine.processors[index(c.decode)].name);
                json.attribute("prefill", machine.processors[index(c.prefill)].name);
                json.attributeArray("demand", [&] {
                  for (Bytes bytes : c.demand)
                    json.value(bytes.value);
                });
                json.attribute("decode_ns", c.decodeTime.value);
                json.attribute("prefill_ns", c.prefillTime.value);
              });
          });
        });
    });
  });
  out << '\n';
}

void print(const Placement &placement, const Problem &problem, const Machine &machine,
           const Model &model, llvm::raw_ostream &out) {
  for (auto [unit, choice] : llvm::enumerate(placement.choice)) {
    const Candidate &c = problem.units[unit][choice];
    out << "place " << model.blocks[unit].name << " state=" << plan::name(c.state)
        << " home=" << machine.memory(c.home).name
        << " decode=" << machine.processors[index(c.decode)].name
        << " prefill=" << machine.processors[index(c.prefill)].name << '\n';
  }
  for (auto [memory, bytes] : llvm::enumerate(demand(problem, placement)))
    out << "memory " << machine.memories[memory].name << " bytes=" << bytes.value
        << " capacity=" << problem.capacity[memory].value
        << " slack=" << (problem.capacity[memory] - bytes).value << '\n';
  out << "workload ns=" << workloadTime(problem, placement).value << '\n';
}

} // namespace ashlar
