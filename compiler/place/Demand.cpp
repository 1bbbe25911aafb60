/// What a placement takes, in bytes and in time, and whether it is one.
#include "compiler/place/Problem.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>

namespace ashlar {

Occupancy::Occupancy(const Problem &problem) : problem(&problem) {
  size_t memories = problem.capacity.size();
  for (auto *bytes : {&frame, &slot, &streamBytes})
    bytes->resize(memories);
  kept = problem.outside;
  streamsIn.assign(memories, std::vector<bool>(problem.streams.size()));
  for (const Fixed &fixed : problem.fixed)
    kept[index(fixed.memory)] += fixed.bytes;
  for (StreamId stream : problem.wanted)
    use(stream, problem.host);
  if (problem.forward)
    for (StreamId stream : problem.given)
      use(stream, problem.host);
}

void Occupancy::use(StreamId stream, MemoryId memory) {
  std::vector<bool> &in = streamsIn[index(memory)];
  bool ids =
      memory == problem->host && !problem->forward && llvm::is_contained(problem->given, stream);
  if (!ids && !in[index(stream)]) {
    in[index(stream)] = true;
    streamBytes[index(memory)] += problem->streams[index(stream)].frame;
  }
  for (auto [other, apart] : llvm::enumerate(problem->apart[index(memory)]))
    if (apart && streamsIn[other][index(stream)])
      use(stream, problem->host);
}

void Occupancy::add(uint32_t unit, const Candidate &candidate) {
  for (size_t memory = 0; memory < kept.size(); ++memory) {
    kept[memory] += candidate.kept[memory];
    frame[memory] = std::max(frame[memory], candidate.frame[memory]);
    slot[memory] = std::max(slot[memory], candidate.slot[memory]);
  }
  const UnitChoice &choice = problem->units[unit];
  for (ProcessorId on : {candidate.decode, candidate.prefill}) {
    MemoryId memory = problem->computes[index(on)];
    for (StreamId stream : choice.reads)
      use(stream, memory);
    use(choice.writes, memory);
  }
}

void Occupancy::claimSlots(const std::vector<Bytes> &bytes) {
  for (auto [mine, claimed] : llvm::zip_equal(slot, bytes))
    mine = std::max(mine, claimed);
}

Bytes Occupancy::of(uint32_t memory) const {
  return kept[memory] + pages(streamBytes[memory] + frame[memory]) + pages(slot[memory]);
}

Bytes Occupancy::excess() const {
  Bytes sum;
  for (auto [memory, capacity] : llvm::enumerate(problem->capacity))
    if (of(memory) > capacity)
      sum += of(memory) - capacity;
  return sum;
}

Occupancy occupancy(const Problem &problem, const Placement &placement) {
  Occupancy result(problem);
  for (auto [unit, choice] : llvm::enumerate(placement.choice))
    result.add(unit, problem.units[unit].candidates[choice]);
  return result;
}

std::vector<Send> sends(const Problem &problem, const Placement &placement,
                        ProcessorId Candidate::*executor) {
  std::vector<Send> result;
  // By stream: the memories that hold its rows as they were written last, and where that was.
  std::vector<std::vector<bool>> valid(problem.streams.size(),
                                       std::vector<bool>(problem.capacity.size()));
  std::vector<MemoryId> source(problem.streams.size(), problem.host);
  for (StreamId stream : problem.given)
    valid[index(stream)][index(problem.host)] = true;
  auto need = [&](uint32_t before, StreamId stream, MemoryId memory) {
    std::vector<bool> &in = valid[index(stream)];
    if (in[index(memory)])
      return;
    // What the host has got already is not fetched from elsewhere again.
    MemoryId from = in[index(problem.host)] ? problem.host : source[index(stream)];
    if (problem.apart[index(from)][index(memory)]) {
      result.push_back({before, stream, from, problem.host});
      in[index(problem.host)] = true;
      from = problem.host;
    }
    result.push_back({before, stream, from, memory});
    in[index(memory)] = true;
  };
  for (auto [unit, choice] : llvm::enumerate(placement.choice)) {
    const UnitChoice &u = problem.units[unit];
    MemoryId memory = problem.computes[index(u.candidates[choice].*executor)];
    for (StreamId stream : u.reads)
      need(unit, stream, memory);
    std::vector<bool> &in = valid[index(u.writes)];
    in.assign(in.size(), false);
    in[index(memory)] = true;
    source[index(u.writes)] = memory;
  }
  for (StreamId stream : problem.wanted)
    need(problem.units.size(), stream, problem.host);
  return result;
}

Nanos stepTime(const Problem &problem, const Machine &machine, const Placement &placement,
               bool decode) {
  Nanos sum;
  for (auto [unit, choice] : llvm::enumerate(placement.choice)) {
    const Candidate &c = problem.units[unit].candidates[choice];
    sum += c.bringTime + (decode ? c.decodeTime : c.prefillTime);
  }
  for (const Send &send :
       sends(problem, placement, decode ? &Candidate::decode : &Candidate::prefill)) {
    const StreamBytes &bytes = problem.streams[index(send.stream)];
    sum += copyTime(machine, send.from, send.to, decode ? bytes.decode : bytes.prefill);
  }
  return sum;
}

Nanos prefillTime(const Problem &problem, Nanos chunk, Nanos token) {
  uint64_t rest = problem.workload.prompt % problem.chunk;
  // The weights are read for a part of a chunk too, so it takes a token's time at least.
  Nanos part = rest ? std::max(token, Nanos((chunk * rest).value / problem.chunk)) : Nanos();
  return chunk * (problem.workload.prompt / problem.chunk) + part;
}

Nanos workloadTime(const Problem &problem, const Machine &machine, const Placement &placement) {
  Nanos prefill = stepTime(problem, machine, placement, false);
  Nanos decode = stepTime(problem, machine, placement, true);
  return prefillTime(problem, prefill, decode) + decode * problem.workload.generate;
}

std::string verify(const Problem &problem, const Placement &placement) {
  if (placement.choice.size() != problem.units.size())
    return llvm::formatv("{0} units are placed, the problem has {1}", placement.choice.size(),
                         problem.units.size());
  for (auto [unit, choice] : llvm::enumerate(placement.choice))
    if (choice >= problem.units[unit].candidates.size())
      return llvm::formatv("unit {0} takes candidate {1} of {2}", unit, choice,
                           problem.units[unit].candidates.size());
  auto chosen = [&](uint32_t unit) -> const Candidate & {
    return problem.units[unit].candidates[placement.choice[unit]];
  };
  for (auto [unit, choice] : llvm::enumerate(problem.units))
    for (uint32_t other : choice.with)
      if (!chosen(unit).sameDecision(chosen(other)))
        return llvm::formatv("unit {0} shares weights of unit {1}, but is placed apart from it",
                             unit, other);
  Occupancy taken = occupancy(problem, placement);
  for (auto [memory, capacity] : llvm::enumerate(problem.capacity))
    if (taken.of(memory) > capacity)
      return llvm::formatv("memory {0} holds {1} bytes, the placement takes {2}", memory,
                           capacity.value, taken.of(memory).value);
  return "";
}

} // namespace ashlar
