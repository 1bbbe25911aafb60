/// Weights that arrive while the first step runs. Which thread first needs some reads them from the
/// pack and computes with them at once: they are in its caches then, and need not come from memory
/// a second time. So the first token takes hardly longer than the reading.
///
/// The weights' part of the arena is cut into slices, each of which one thread reads:
///
///   Missing -- claim --> Coming --> There
///
/// A slice is written before it is There, and by nobody afterwards. Whoever needs several reads
/// those that are Missing first, and then waits for what others read; it holds none meanwhile, so
/// none waits for ever. A thread that waits for the others' chunks (`sync`) reads what comes next
/// meanwhile. After an error nothing more is read: slices are There without their bytes,
/// and the step's results are thrown away (Session).
#pragma once

#include "runtime/Gate.h"
#include "runtime/ModelInfo.h"

#include <memory>
#include <vector>

namespace ashlar {

class Arrivals {
public:
  /// Of one read: half of a processor's second cache, together with what it is copied from.
  static constexpr uint64_t SliceBytes = uint64_t(256) << 10;

  /// All extents are to come from `file`, whose pack begins at `base`. Nothing is read yet.
  void expect(std::span<const Extent> extents, std::byte *arena, int file, uint64_t base);

  /// Returns when so many bytes from `weights` on are there. They may reach beyond all extents.
  void await(const StepState &step, const std::byte *weights, uint64_t bytes);
  /// Reads one of the slices behind those that were awaited; false when none is missing.
  bool bringNext(const StepState &step);
  /// Reads what is still missing, with the other threads of the team.
  void awaitAll(const StepState &step);

  /// What went wrong: an errno, or -1 where the file ends early; else 0.
  int error() const { return failed.load(); }
  /// What thread 0 has spent on all this.
  int64_t nanos() const { return spent; }

private:
  enum State : uint8_t { Missing, Coming, There };
  bool bring(uint64_t slice);
  void read(uint64_t slice);
  void settle(const StepState &step, uint64_t slice);

  std::vector<Extent> extents; // by place in the arena
  std::byte *arena = nullptr;
  int file = -1;
  uint64_t base = 0;
  uint64_t first = 0, count = 0; // slices of the arena that have weights
  std::unique_ptr<std::atomic<uint8_t>[]> states;
  std::atomic<uint64_t> front{0}; // the slice behind the last one that was awaited
  std::atomic<int> failed{0};
  int64_t spent = 0;
  Gate arrived; // announced with each slice
};

} // namespace ashlar
