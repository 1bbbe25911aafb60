/// On which processors the threads of a team run. They are not pinned: with more programs than
/// processors, the system knows best.
#pragma once

#include <sched.h>

#include <atomic>
#include <cstdint>
#include <memory>

namespace ashlar {

class Processors {
public:
  explicit Processors(uint32_t threads) : count(threads), seats(new Seat[threads]) {}

  /// Thread `thread` calls this, wherever it is.
  void arrive(uint32_t thread) { seats[thread].processor.store(sched_getcpu(), relaxed); }

  /// A thread that waits for long may stand on the processor that another one needs: a thread that
  /// is woken starts where it was woken from, and since one of the two always sleeps, the system
  /// sees no reason to part them. So it moves to a processor where none of the team is, of those
  /// that it may run on. Which they are it asks the system each time: somebody may have pinned it,
  /// above all the caller. Only the move is asked for; afterwards the system may again place it on
  /// any of them.
  void stepAside(uint32_t thread);

private:
  static constexpr auto relaxed = std::memory_order_relaxed;
  struct alignas(64) Seat {
    std::atomic<int> processor{-1}; // where it was seen last
    int64_t moved = 0;              // when it last stepped aside
  };
  uint32_t count;
  std::unique_ptr<Seat[]> seats; // by thread
};

} // namespace ashlar
