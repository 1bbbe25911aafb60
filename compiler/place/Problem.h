/// The placement problem, a solution of it, and the check of a solution: three different things.
///
/// Every unit is put into one of its candidate states. A candidate says which memory holds what
/// and who computes in each phase; it demands bytes of memories and costs time. What the units
/// share (activations, the tokenizer, the sampler) is demanded once, of the memories it lies in.
#pragma once

#include "compiler/place/Units.h"

#include <map>

namespace ashlar {

struct Candidate {
  plan::State state = plan::State::Resident;
  MemoryId home{};
  ProcessorId decode{}, prefill{};
  std::vector<Bytes> demand; // by memory: weights and cache
  Nanos decodeTime, prefillTime;
};

/// Bytes that every placement needs, by name: a row of the table of memory.
struct Fixed {
  std::string name; // "activations"
  MemoryId memory{};
  Bytes bytes;
};

struct Problem {
  std::vector<Bytes> capacity; // by memory, caps applied
  std::vector<Fixed> fixed;
  std::vector<std::vector<Candidate>> units; // candidates of each unit; at least one
  Workload workload;
  uint64_t chunk = 0;
};

/// Which candidate each unit takes.
struct Placement {
  std::vector<uint32_t> choice; // by unit
};

/// What the runtime needs beside the model, whatever is placed where.
struct Fittings {
  Bytes tokenizer;
  Bytes sampler;
};

Problem makeProblem(const Model &model, const Machine &machine, const Request &request,
                    const std::vector<Unit> &units, Sizes sizes, const Fittings &fittings);

/// The fastest placement that fits, by the time that the workload takes; nothing when none fits.
std::optional<Placement> place(const Problem &problem);

/// Bytes that a placement takes of each memory.
std::vector<Bytes> demand(const Problem &problem, const Placement &placement);
/// Bytes by which the least demanding placement exceeds each memory; zero where it fits.
std::vector<Bytes> shortfall(const Problem &problem);
/// Time of the workload's prompt, in chunks of which the last may be a part.
Nanos prefillTime(const Problem &problem, Nanos chunk, Nanos token);
/// Time of the workload: the prompt, then the generated tokens.
Nanos workloadTime(const Problem &problem, const Placement &placement);

/// Checks a placement against its problem without the solver's help: one known candidate for each
/// unit, every memory within its capacity. An empty text: it holds.
std::string verify(const Problem &problem, const Placement &placement);

/// `--emit=problem`: JSON. `--emit=placement`: a line a unit.
void print(const Problem &problem, const Machine &machine, const Model &model,
           llvm::raw_ostream &out);
void print(const Placement &placement, const Problem &problem, const Machine &machine,
           const Model &model, llvm::raw_ostream &out);

} // namespace ashlar
