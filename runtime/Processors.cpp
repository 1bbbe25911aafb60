#include "runtime/Processors.h"

#include "runtime/Gate.h"

namespace ashlar {

// Between two moves of a thread: moving is rare, and cheap against this.
static constexpr int64_t MoveNanos = 1'000'000;

void Processors::stepAside(uint32_t thread) {
  Seat &self = seats[thread];
  int here = sched_getcpu();
  int64_t time = clockNanos();
  self.processor.store(here, relaxed);
  if (here < 0 || time - self.moved < MoveNanos)
    return;
  bool shared = false;
  for (uint32_t i = 0; i < count; ++i)
    shared |= i != thread && seats[i].processor.load(relaxed) == here;
  cpu_set_t own; // of this thread, as it is now
  if (!shared || sched_getaffinity(0, sizeof(own), &own) != 0)
    return;
  cpu_set_t free = own;
  for (uint32_t i = 0; i < count; ++i) {
    int there = seats[i].processor.load(relaxed);
    if (there >= 0 && there < CPU_SETSIZE)
      CPU_CLR(there, &free);
  }
  if (CPU_COUNT(&free) == 0)
    return;
  self.moved = time;
  // What somebody else allows this thread while it moves is lost.
  if (sched_setaffinity(0, sizeof(free), &free) != 0)
    return;
  self.processor.store(sched_getcpu(), relaxed);
  sched_setaffinity(0, sizeof(own), &own);
}

} // namespace ashlar
