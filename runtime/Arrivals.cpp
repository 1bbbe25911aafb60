#include "runtime/Arrivals.h"

#include "runtime/Chunks.h"
#include "runtime/FileBytes.h"

#include <algorithm>
#include <cerrno>

namespace ashlar {

// What a thread reads of all that is missing before it goes on to another place: whole huge pages,
// so that no two threads wait for the same one.
static constexpr uint64_t SharedSlices = 16;

void Arrivals::expect(std::span<const Extent> all, std::byte *memory, int from, uint64_t begin) {
  extents.assign(all.begin(), all.end());
  std::sort(extents.begin(), extents.end(),
            [](const Extent &a, const Extent &b) { return a.arenaOffset < b.arenaOffset; });
  arena = memory;
  file = from;
  base = begin;
  if (extents.empty())
    return;
  const Extent &last = extents.back();
  first = extents.front().arenaOffset / SliceBytes;
  count = (last.arenaOffset + last.bytes + SliceBytes - 1) / SliceBytes - first;
  states.reset(new std::atomic<uint8_t>[count]());
}

/// Reads what a slice has of each extent.
void Arrivals::read(uint64_t slice) {
  uint64_t begin = (first + slice) * SliceBytes, end = begin + SliceBytes;
  auto extent = std::partition_point(extents.begin(), extents.end(), [&](const Extent &e) {
    return e.arenaOffset + e.bytes <= begin;
  });
  for (; extent != extents.end() && extent->arenaOffset < end; ++extent) {
    uint64_t from = std::max(begin, extent->arenaOffset);
    uint64_t bytes = std::min(end, extent->arenaOffset + extent->bytes) - from;
    if (failed.load(std::memory_order_relaxed))
      return;
    if (!readAt(file, arena + from, bytes,
                base + extent->packOffset + (from - extent->arenaOffset)))
      failed.store(errno ? errno : -1);
  }
}

/// Reads a slice, unless somebody has begun to.
bool Arrivals::bring(uint64_t slice) {
  std::atomic<uint8_t> &state = states[slice];
  uint8_t seen = state.load(std::memory_order_relaxed);
  if (seen != Missing || !state.compare_exchange_strong(seen, Coming))
    return false;
  read(slice);
  state.store(There);
  arrived.announce();
  return true;
}

bool Arrivals::bringNext(const StepState &step) {
  int64_t start = clockNanos();
  uint64_t slice = front.load(std::memory_order_relaxed);
  while (slice < count && !bring(slice))
    ++slice;
  if (step.thread == 0)
    spent += clockNanos() - start;
  return slice < count;
}

/// Waits for one that another thread reads.
void Arrivals::settle(const StepState &step, uint64_t slice) {
  auto there = [&] { return states[slice].load() == There; };
  if (there() || spinUntil(SpinNanos, there))
    return;
  if (step.turn)
    step.turn->board->processors.stepAside(step.thread);
  arrived.sleepUntil(there);
}

void Arrivals::await(const StepState &step, const std::byte *weights, uint64_t bytes) {
  auto offset = uint64_t(weights - arena);
  uint64_t begin = std::min(offset / SliceBytes - first, count);
  uint64_t end = std::min((offset + bytes + SliceBytes - 1) / SliceBytes - first, count);
  auto there = [&](uint64_t slice) {
    return states[slice].load(std::memory_order_acquire) == There;
  };
  for (uint64_t seen = front.load(std::memory_order_relaxed);
       seen < end && !front.compare_exchange_weak(seen, end, std::memory_order_relaxed);)
    ;
  while (begin < end && there(begin))
    ++begin;
  if (begin >= end)
    return;
  int64_t start = clockNanos();
  for (uint64_t slice = begin; slice < end; ++slice)
    bring(slice);
  for (uint64_t slice = begin; slice < end; ++slice)
    settle(step, slice);
  if (step.thread == 0)
    spent += clockNanos() - start;
}

void Arrivals::awaitAll(const StepState &step) {
  int64_t start = clockNanos();
  for (uint64_t slice = 0; slice < count; ++slice)
    if ((first + slice) / SharedSlices % step.threads == step.thread)
      bring(slice);
  for (uint64_t slice = 0; slice < count; ++slice)
    settle(step, slice);
  if (step.thread == 0)
    spent += clockNanos() - start;
}

void StepState::bring(const void *weights, int64_t bytes) const {
  arrivals->await(*this, static_cast<const std::byte *>(weights), uint64_t(bytes));
}

int64_t StepState::bring(const void *weights, int64_t bytes, int64_t begin, int64_t end) const {
  int64_t most = std::max<int64_t>(int64_t(Arrivals::SliceBytes) / bytes, 1);
  end = std::min(end, begin + most);
  bring(static_cast<const std::byte *>(weights) + begin * bytes, (end - begin) * bytes);
  return end;
}

} // namespace ashlar
