/// The placement problem, a solution of it, and the check of a solution: three different things.
///
/// Every unit is put into one of its candidate states. A candidate says where the unit's weights
/// stay and who computes it in each phase; it takes bytes of memories and time. Bytes are of three
/// kinds: what is kept adds up; of frames and of slots only the largest counts in each memory,
/// because one unit runs at a time. What the units share (tokens, sampler, tokenizer) is fixed.
/// A stream has a place in every memory where a unit reads or writes it.
#pragma once

#include "compiler/place/Units.h"

#include <map>

namespace ashlar {

struct Candidate {
  plan::State state = plan::State::Resident;
  std::optional<MemoryId> home; // of the weights; nothing: they stay on the disk
  ProcessorId decode{}, prefill{};
  std::vector<Bytes> kept;  // by memory: weights and cache
  std::vector<Bytes> frame; // by memory: values, while the unit runs
  std::vector<Bytes> slot;  // by memory: weights that are brought for each use
  Nanos decodeTime, prefillTime;
  Nanos bringTime; // of the weights, in each step

  bool sameDecision(const Candidate &other) const {
    return std::tie(state, home, decode, prefill) ==
           std::tie(other.state, other.home, other.decode, other.prefill);
  }
};

struct UnitChoice {
  std::vector<Candidate> candidates; // at least one
  std::vector<StreamId> reads;
  StreamId writes{};
  /// Units whose weights this one reads, too: they have the same home and processors.
  std::vector<uint32_t> with;
};

/// Bytes that every placement needs, by name: a row of the table of memory.
struct Fixed {
  std::string name; // "tokens"
  MemoryId memory{};
  Bytes bytes;
};

struct StreamBytes {
  Bytes decode, prefill; // of a step
  Bytes frame;           // of its place
};

struct Problem {
  std::vector<Bytes> capacity; // by memory, caps applied
  std::vector<Bytes> outside;  // by memory: what libraries take for themselves
  std::vector<Fixed> fixed;
  std::vector<UnitChoice> units;
  std::vector<StreamBytes> streams;
  std::vector<StreamId> given, wanted; // in the host's memory, before and after a step
  /// The model reads rows, and `prefill` is its one phase. What is given has a place among the
  /// streams of the host; token ids lie in a region of their own.
  bool forward = false;
  MemoryId host{};
  std::vector<MemoryId> computes;       // by processor
  std::vector<std::vector<bool>> apart; // by two memories of accelerators: no links between them
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

/// Whether units may stay on the disk.
enum class DiskUse : uint8_t { No, Yes };

/// A unit or layer that must have its weights on one device, by a pattern of its name.
struct Pinned {
  std::string pattern;
  std::string device;           // as it was asked for
  std::optional<MemoryId> home; // nothing: the disk
};

Problem makeProblem(const Model &model, const Machine &machine, const Request &request,
                    const std::vector<Pinned> &pins, const std::vector<Unit> &units, Sizes sizes,
                    DiskUse disk, const Fittings &fittings);

/// Bytes that the placed units take of each memory, while units are added one by one.
class Occupancy {
public:
  explicit Occupancy(const Problem &problem);
  void add(uint32_t unit, const Candidate &candidate);
  /// Slots of at least these sizes.
  void claimSlots(const std::vector<Bytes> &bytes);
  Bytes of(uint32_t memory) const;
  /// By how much all memories together are exceeded.
  Bytes excess() const;
  /// The streams that have a place in a memory.
  const std::vector<bool> &streams(uint32_t memory) const { return streamsIn[memory]; }

private:
  void use(StreamId stream, MemoryId memory);
  const Problem *problem;
  std::vector<Bytes> kept, frame, slot, streamBytes; // by memory
  std::vector<std::vector<bool>> streamsIn;
};
Occupancy occupancy(const Problem &problem, const Placement &placement);

/// Rows of a stream that go from one memory to another, before a unit runs; after the last for
/// what is wanted in the host's memory.
struct Send {
  uint32_t before = 0;
  StreamId stream{};
  MemoryId from{}, to{};
};
std::vector<Send> sends(const Problem &problem, const Placement &placement,
                        ProcessorId Candidate::*executor);

/// Time of a step, one thing after another.
Nanos stepTime(const Problem &problem, const Machine &machine, const Placement &placement,
               bool decode);
/// Time of the workload's prompt, in chunks of which the last may be a part.
Nanos prefillTime(const Problem &problem, Nanos chunk, Nanos token);
/// Time of the workload: the prompt, then the generated tokens.
Nanos workloadTime(const Problem &problem, const Machine &machine, const Placement &placement);

/// Checks a placement against its problem without the solver's help: one known candidate for each
/// unit, units that share weights together, every memory within its capacity. An empty text: it
/// holds.
std::string verify(const Problem &problem, const Placement &placement);

/// `--emit=problem`: JSON. `--emit=placement`: a line a unit, or JSON.
void print(const Problem &problem, const Machine &machine, const Model &model,
           llvm::raw_ostream &out);
void print(const Placement &placement, const Problem &problem, const Machine &machine,
           const Model &model, llvm::raw_ostream &out);
void printJson(const Placement &placement, const Problem &problem, const Machine &machine,
               const Model &model, llvm::raw_ostream &out);

/// "host", or "disk" without a memory.
std::string homeName(const Machine &machine, std::optional<MemoryId> home);

} // namespace ashlar
