#include "runtime/Processors.h"

#include "runtime/Gate.h"

namespace ashlar {

// Between two moves of a thread: moving is rare, and cheap against this.
static constexpr int64_t MoveNanos = 1'000'000;

Processors::Processors(uint32_t threads) : count(threads), seats(new Seat[threads]) {
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
    CPU_ZERO(&allowed);
}

void Processors::stepAside(uint32_t thread) {
  Seat &self = seats[thread];
  int here = sched_getcpu();
  int64_t time = clockNanos();
  self.processor.store(here, relaxed);
  if (here < 0 || time - self.moved < MoveNanos)
    return;
  bool shared = false;
  cpu_set_t free = allowed;
  for (uint32_t i = 0; i < count; ++i) {
    int there = seats[i].processor.load(relaxed);
    shared |= i != thread && there == here;
    if (there >= 0 && there < CPU_SETSIZE)
      CPU_CLR(there, &free);
  }
  if (!shared || CPU_COUNT(&free) == 0)
    return;
  self.moved = time;
  sched_setaffinity(0, sizeof(free), &free);
  self.processor.store(sched_getcpu(), relaxed);
  sched_setaffinity(0, sizeof(allowed), &allowed);
}

} // namespace ashlar
