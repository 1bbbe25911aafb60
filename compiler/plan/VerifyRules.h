/// The parts of the verifier, by theme. Each reads the plan alone and adds a sentence for every
/// rule that is broken. All but the first rely on indices that point somewhere.
#pragma once

#include "compiler/plan/Plan.h"

#include "llvm/ADT/StringExtras.h"

namespace ashlar::plan {

using Violations = std::vector<Violation>;

inline void violate(Violations &found, const llvm::Twine &text) { found.push_back({text.str()}); }

/// Bytes of one address space, half open, in numbers that sums of 64-bit numbers fit into.
struct Span {
  unsigned __int128 begin = 0, end = 0;
  Span() = default;
  Span(unsigned __int128 begin, uint64_t size) : begin(begin), end(begin + size) {}
  bool meets(const Span &other) const { return begin < other.end && other.begin < end; }
};

/// Of `place` from the start of its memory, for this many bytes.
inline Span spanOf(const Plan &plan, const Place &place, Bytes size) {
  return {static_cast<unsigned __int128>(plan.region(place).offset) + place.offset, size.value};
}

/// "bytes 64..127"
std::string text(const Span &span);

/// The bytes from the first to the last of a unit's weights, which one step brings; nothing for a
/// unit without weights. With weights in several regions, those of the first.
struct Extent {
  Place place; // of the first byte
  Span span;   // in its region
};
std::optional<Extent> extentOf(const Unit &unit);

/// Reports each of these that overlaps another.
struct NamedSpan {
  std::string name;
  Span span;
};
void checkApart(std::vector<NamedSpan> spans, Violations &found);

/// The alignment of everything that kernels touch: a cache line, and the widest vector.
inline constexpr uint64_t Alignment = 64;

/// The names of the phases that a plan has beside "load".
llvm::SmallVector<llvm::StringRef> phasesOfRuns(const Plan &plan);

/// Every index is in range; verification ends here when one is not.
void checkReferences(const Plan &plan, Violations &found);
/// Names are unique, sizes of the request are possible, layers and phases are complete.
void checkWhole(const Plan &plan, Violations &found);
/// Regions lie in their memories side by side; what is allocated is their end, and fits.
void checkMemories(const Plan &plan, Violations &found);
/// Weights, caches and frames lie in their regions, have the bytes that their shapes need, and
/// share none.
void checkStorage(const Plan &plan, Violations &found);
/// Values lie in their frames and share no bytes while they live.
void checkValues(const Plan &plan, Violations &found);
/// Every unit finds its weights or their slots, caches and frames in the memory of its executors.
void checkUnits(const Plan &plan, Violations &found);
/// Every unit finds a place for the streams that it reads and writes in the memory of its
/// executors.
void checkStreams(const Plan &plan, Violations &found);
/// Every unit is read once and runs once in a phase, after what it needs.
void checkSchedules(const Plan &plan, Violations &found);
/// Goes through the steps of a phase that runs units: what each needs has arrived in its memory,
/// and nothing has overwritten it since.
void checkArrivals(const Plan &plan, const Phase &phase, uint32_t Unit::*executor,
                   Violations &found);
void checkPredictions(const Plan &plan, Violations &found);

} // namespace ashlar::plan
