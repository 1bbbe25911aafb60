/// What the benchmarks share: teams that run kernels over an arena, what a kernel's runs are
/// compared with, and the lines that say what came of it.
///
/// Memory and processors are shared with whatever else runs, so each run of a kernel stands between
/// two of what it is compared with, and what is printed is the median of several. Time is that of
/// the threads' own processors, which does not count while something else runs there, and in
/// brackets that of the clock.
#pragma once

#include "runtime/Memory.h"
#include "runtime/Team.h"

#include <time.h>

#include <string>
#include <vector>

namespace bench {

using namespace ashlar;

// Sizes of a Llama of 1.2 billion parameters, and the rows of a call at most.
inline constexpr int64_t Hidden = 2048, Ffn = 5632, Heads = 32, KeyHeads = 8, Dim = 64;
inline constexpr int64_t Vocabulary = 32000;
inline constexpr uint32_t Tokens = 512;

// Where things lie in the arena: three activations of which none begins where another would be in
// the way of it in the first cache, vectors, and what calls go over.
inline constexpr uint64_t Activation = Tokens * Ffn * sizeof(float) + 320;
inline constexpr uint64_t X = 0, Y = Activation, Z = 2 * Activation, Vectors = 3 * Activation;
inline constexpr uint64_t MostOperandBytes = 256 << 20;
inline constexpr uint64_t Operands = (Vectors + (1 << 16) + 0x1fffff) >> 21 << 21;

/// What a program was asked for.
struct Settings {
  int repeats = 9;
  bool quick = false; // once, on less: whether all runs, and no more
  std::vector<uint32_t> threads;
  std::vector<std::string> names; // what is left

  /// Leaves the program, with `usage`, where it is not understood.
  Settings(int argc, char **argv, const char *usage);
  uint64_t operandBytes() const { return quick ? 96 << 20 : MostOperandBytes; }
  uint32_t mostThreads() const;
};

/// Leaves the program with a sentence.
[[noreturn]] void fail(const std::string &why);

/// Where there are tiles, asks the system for them.
void askForTiles();

/// In seconds.
inline double now(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double median(std::vector<double> values);

/// A team that is there.
class StartedTeam : public Team {
public:
  explicit StartedTeam(uint32_t threads, Sharing sharing = Sharing::Chunks);
};

/// An arena of normal numbers in every type.
class Numbers {
public:
  Numbers(const Settings &settings, uint64_t size);
  /// Forgets what was written over them.
  void restore(Team &team) const;
  std::byte *base() const { return arena.base(); }

private:
  Arena arena;
  uint64_t size;
};

/// What threads do side by side, and how much that is.
struct Run {
  void (*body)(StepState &);
  double work;                        // bytes, or operations
  std::vector<double> processor = {}; // seconds of each thread
};

/// What a thread was told to do.
template <class R> const R &runOf(const StepState &state) {
  return *static_cast<const R *>(static_cast<const Run *>(state.context));
}

/// Counts what body() takes this thread.
template <class Body> void timed(const StepState &state, Body body) {
  double start = now(CLOCK_THREAD_CPUTIME_ID);
  body();
  static_cast<Run *>(state.context)->processor[state.thread] = now(CLOCK_THREAD_CPUTIME_ID) - start;
}

/// Calls of a kernel. What they read lies one after another from Operands on, in so many places.
template <class S> struct Calls : Run {
  void (*kernel)(S &, uint64_t at);
  uint64_t count, place, places;

  static void run(StepState &state) {
    const Calls &calls = runOf<Calls>(state);
    S step(state);
    timed(state, [&] {
      for (uint64_t call = 0; call < calls.count; ++call) {
        // Not in order: rows of tables are not looked up so, either.
        calls.kernel(step, Operands + call * 7919 % calls.places * calls.place);
        step.sync();
      }
    });
  }
};

/// The most that a thread can do of something, and what it is done with.
struct Peak {
  const char *name;
  void (*body)(StepState &);
  double operations;
};

/// What a line of results is about.
struct Row {
  std::string name;
  uint32_t rows;
  double work;        // of a call: bytes that it reads and writes, or operations
  uint64_t place = 0; // the bytes that are a call's own; 0: all calls have the same
};

class Bench {
public:
  Bench(const Settings &settings, const Numbers &numbers, uint32_t threads);

  StepState step; // what all calls are told beside their rows

  /// Measures beside a plain read of the same memory: of so many bytes, as often.
  template <class S> void bytes(const Row &row, void (*kernel)(S &, uint64_t)) {
    uint64_t most = settings.quick ? 1 << 10 : 1 << 15;
    beside(row, kernel, uint64_t(double(settings.operandBytes()) / row.work), most, nullptr);
  }
  /// Measures beside what the processor can do at most.
  template <class S>
  void operations(const Row &row, const Peak &peak, void (*kernel)(S &, uint64_t)) {
    beside(row, kernel, uint64_t(4e9 / row.work), settings.quick ? 1 : 8, &peak);
  }
  /// The rows of a call of many.
  uint32_t many() const { return settings.quick ? 32 : Tokens; }

private:
  template <class S>
  void beside(const Row &row, void (*kernel)(S &, uint64_t), uint64_t count, uint64_t most,
              const Peak *peak) {
    count = count < 1 ? 1 : count < most ? count : most;
    uint64_t places = row.place ? settings.operandBytes() / row.place : 1;
    places = places < count ? places : count;
    Calls<S> calls{{Calls<S>::run, row.work * double(count)}, kernel, count, row.place, places};
    if (asked(row.name))
      measure(row, calls, places * row.place, peak);
  }
  bool asked(const std::string &name) const;
  void measure(const Row &row, Run &calls, uint64_t span, const Peak *peak);

  struct Time {
    double processor, clock;
  };
  Time time(Run &run);

  const Settings &settings;
  StartedTeam team;
};

} // namespace bench
