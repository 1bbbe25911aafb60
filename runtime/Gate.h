/// Waiting for what another thread will write: awake for a moment, and then asleep.
#pragma once

#include <atomic>
#include <cstdint>

namespace ashlar {

/// How long to stay awake: longer than any imbalance between threads that have a processor each,
/// and not much longer than it takes to put a thread to sleep and to wake it.
inline constexpr int64_t SpinNanos = 50'000;

int64_t clockNanos();
void relax();

/// Waits awake until `done()`, for so many nanoseconds at most; false when that was not enough.
template <class Done> bool spinUntil(int64_t nanos, Done done) {
  int64_t until = 0;
  for (uint32_t turn = 0; !done(); ++turn) {
    relax();
    if (turn % 64 != 63)
      continue;
    int64_t time = clockNanos();
    if (!until)
      until = time + nanos;
    else if (time >= until)
      return false;
  }
  return true;
}

/// Where threads sleep until something has changed. Either the sleeper's look at it sees the
/// change, or who made it sees the sleeper: both write first and then read what the other wrote,
/// all sequentially consistent.
class alignas(64) Gate {
public:
  /// To be called after a change, a sequentially consistent write.
  void announce() {
    if (sleepers.load())
      wake();
  }
  /// Sleeps until `done()`, which must read sequentially consistently.
  template <class Done> void sleepUntil(Done done) {
    sleepers.fetch_add(1);
    for (uint32_t seen = epoch.load(); !done(); seen = epoch.load())
      sleep(seen);
    sleepers.fetch_sub(1);
  }

private:
  void wake();
  void sleep(uint32_t seen);

  std::atomic<uint32_t> epoch{0};
  std::atomic<uint32_t> sleepers{0};
};

} // namespace ashlar
