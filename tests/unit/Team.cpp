// The team: calls are done when their chunks are, whatever threads do meanwhile; neither late
// threads nor more threads than cores make it hang or change a result.
// What ./dev sanitize does not look at, reads of late threads, are reads of atomics here.
#include "runtime/Team.h"
#include "tests/unit/Check.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

using namespace ashlar;

namespace {

constexpr int64_t Count = 96;

/// What a late thread may still read while others write it, as kernels do: here with atomics.
using Numbers = std::vector<std::atomic<uint64_t>>;

struct Shared {
  Numbers a = Numbers(Count), b = Numbers(Count); // in turn inputs and outputs
  std::vector<uint64_t> plain = std::vector<uint64_t>(Count);
  uint64_t rounds = 0;
  uint32_t delays = 0; // one in so many chunks is held up
  std::atomic<uint64_t> onCaller{0}, elsewhere{0};
};

uint64_t mix(uint64_t value) {
  value = (value ^ value >> 31) * 0x9E3779B97F4A7C15;
  return value ^ value >> 29;
}

uint64_t at(const Numbers &numbers, int64_t i) {
  return numbers[i % Count].load(std::memory_order_relaxed);
}

/// Each output is made of several inputs, so it shows if any was early or late.
uint64_t product(const Numbers &from, int64_t i) {
  return mix(at(from, i) + 3 * at(from, i + 1) + 5 * at(from, i + Count / 2));
}

void holdUp(std::mt19937 &random, uint32_t delays) {
  if (!delays || random() % delays)
    return;
  switch (random() % 4) {
  case 0:
    return void(sched_yield());
  case 1:
    return std::this_thread::sleep_for(std::chrono::microseconds(100));
  default:
    for (uint32_t turns = random() % 2000; turns; --turns)
      relax();
  }
}

/// One step: rounds of a call that may be repeated and two that may not, one of them in place.
void rounds(StepState &state) {
  Shared &shared = *static_cast<Shared *>(state.context);
  std::mt19937 random(uint32_t(state.position * 8 + state.thread));
  for (uint64_t round = 0; round < shared.rounds; ++round) {
    uint64_t outputs[Count];
    forRepeatableChunks(
        state, {Count, 1, 1 << 20, (Count + 15) / 16},
        [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) {
            outputs[i - begin] = product(shared.a, i);
            holdUp(random, shared.delays);
          }
        },
        [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i)
            shared.b[i].store(outputs[i - begin], std::memory_order_relaxed);
        });
    state.sync();
    forChunks(state, {Count, 4, round % 2 ? 1 << 20 : 1}, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        shared.a[i].store(mix(at(shared.b, i) ^ at(shared.b, i + 7)), std::memory_order_relaxed);
    });
    forChunks(state, {Count}, [&](int64_t begin, int64_t end) {
      holdUp(random, shared.delays);
      for (int64_t i = begin; i < end; ++i)
        shared.plain[i] += at(shared.b, i); // not atomic: once by one thread
    });
    state.sync();
    onCaller(state, [&] {
      uint64_t sum = 0;
      for (uint64_t number : shared.plain)
        sum += mix(number);
      shared.onCaller += sum;
      shared.elsewhere += state.thread != 0;
    });
    state.sync();
  }
}

/// What comes out, by a team of so many threads; those of one are the reference.
std::vector<uint64_t> results(uint32_t threads, uint32_t steps, uint64_t roundsInStep,
                              uint32_t delays, Sharing sharing = Sharing::Chunks) {
  Shared shared;
  Team team(threads, sharing);
  std::string error;
  CHECK(team.start(error));
  CHECK_EQ(team.threads(), threads);
  for (int64_t i = 0; i < Count; ++i)
    shared.a[i] = uint64_t(i);
  shared.rounds = roundsInStep;
  shared.delays = delays;
  StepState state;
  state.context = &shared;
  for (uint32_t step = 0; step < steps; ++step) {
    state.position = step;
    if (step % 16 == 3) // long enough for everybody to fall asleep
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    if (step % 5 == 4)
      team.run(rounds, state);
    else
      team.advance(rounds, state);
  }
  CHECK_EQ(shared.elsewhere.load(), 0u);
  std::vector<uint64_t> all(shared.plain);
  for (int64_t i = 0; i < Count; ++i)
    all.push_back(shared.a[i]);
  all.push_back(shared.onCaller);
  team.run([](StepState &) {}, state); // what `shared` is for ends here
  return all;
}

void check(uint32_t threads, uint32_t steps, uint64_t roundsInStep, uint32_t delays) {
  CHECK(results(threads, steps, roundsInStep, delays) == results(1, steps, roundsInStep, 0));
}

TEST(two) { check(2, 200, 20, 0); }
TEST(three) { check(3, 50, 20, 0); }
TEST(twoWithDelays) { check(2, 300, 10, 200); }
TEST(oftenLate) { check(2, 100, 4, 20); }
TEST(threeWithDelays) { check(3, 200, 10, 200); }
TEST(moreThanCores) {
  check(2 * std::max(2u, std::thread::hardware_concurrency()) + 1, 100, 10, 300);
}
TEST(manySteps) { check(2, 20000, 1, 400); }
TEST(partsAlone) { CHECK(results(2, 50, 10, 100, Sharing::Parts) == results(1, 50, 10, 0)); }

// A thread that is held up in a chunk that may be repeated holds up nobody: the call is done while
// it still sleeps.
TEST(doesNotWaitForALateThread) {
  Team team(2);
  std::string error;
  CHECK(team.start(error));
  struct Late {
    std::atomic<bool> caught{false}, released{false};
    std::atomic<uint32_t> committed{0}, thrownAway{0};
  } late;
  StepState state;
  state.context = &late;
  team.advance(
      [](StepState &state) {
        Late &late = *static_cast<Late *>(state.context);
        Chunks chunks(state, {16, 1, 1 << 20}, Chunks::Kind::Repeatable);
        while (chunks.take()) {
          if (state.thread == 1 && !late.caught.exchange(true))
            while (!late.released)
              sched_yield();
          if (state.thread == 0) // the worker comes first to its own part
            while (!late.caught)
              sched_yield();
          if (!chunks.mayCommit()) {
            ++late.thrownAway;
            continue;
          }
          ++late.committed;
          chunks.done();
        }
      },
      state);
  CHECK_EQ(late.committed.load(), 16u);
  CHECK_EQ(late.thrownAway.load(), 0u);
  late.released = true;
  team.run([](StepState &) {}, state);
  CHECK_EQ(late.committed.load(), 16u);
  CHECK_EQ(late.thrownAway.load(), 1u);
}

// More calls than there are slots, none of which depends on another.
TEST(manyCallsBetweenTwoThatDepend) {
  constexpr uint64_t Calls = 3 * Board::Slots + 1, Steps = 300;
  Team team(3);
  std::string error;
  CHECK(team.start(error));
  std::vector<uint64_t> counts(Calls * Count);
  StepState state;
  state.context = &counts;
  for (; state.position < Steps; ++state.position)
    team.advance(
        [](StepState &state) {
          auto &counts = *static_cast<std::vector<uint64_t> *>(state.context);
          std::mt19937 random(uint32_t(state.position * 8 + state.thread));
          for (uint64_t call = 0; call < Calls; ++call)
            forChunks(state, {Count, 1, 1 << 20}, [&](int64_t begin, int64_t end) {
              holdUp(random, 20);
              for (int64_t i = begin; i < end; ++i)
                ++counts[call * Count + i];
            });
        },
        state);
  team.run([](StepState &) {}, state);
  CHECK_EQ(std::count(counts.begin(), counts.end(), Steps), int64_t(Calls * Count));
}

// A step that was over before a thread came is none of its business.
TEST(missedStepsAreSkipped) {
  Team team(2);
  std::string error;
  CHECK(team.start(error));
  struct Seen {
    std::atomic<bool> caught{false}, released{false};
    std::atomic<uint64_t> last{0}, wrong{0};
  } seen;
  StepState state;
  state.context = &seen;
  auto step = [](StepState &state) {
    Seen &seen = *static_cast<Seen *>(state.context);
    if (state.thread == 1) {
      seen.wrong += state.position < seen.last;
      seen.last = state.position;
      if (!seen.caught.exchange(true))
        while (!seen.released)
          sched_yield();
    } else {
      while (!seen.caught)
        sched_yield();
    }
    forChunks(state, {8}, [](int64_t, int64_t) {});
  };
  for (state.position = 1; state.position < 1000; ++state.position)
    team.advance(step, state);
  CHECK_EQ(seen.last.load(), 1u);
  seen.released = true;
  team.run(step, state);
  CHECK_EQ(seen.last.load(), 1000u);
  CHECK_EQ(seen.wrong.load(), 0u);
}

TEST(neverRun) {
  Team team(3);
  std::string error;
  CHECK(team.start(error));
}
TEST(neverStarted) { Team team(3); }

TEST(withoutATeam) {
  StepState state;
  state.sync();
  CHECK_EQ(state.threads, 1u);
  int64_t things = 0;
  forChunks(state, {17, 16, 1}, [&](int64_t begin, int64_t end) { things += end - begin; });
  CHECK_EQ(things, 17);
  int64_t most = 0;
  forRepeatableChunks(
      state, {17, 1, 1, 3}, [&](int64_t begin, int64_t end) { most = std::max(most, end - begin); },
      [&](int64_t begin, int64_t end) { things += end - begin; });
  CHECK_EQ(most, 3);
  CHECK_EQ(things, 34);
}

TEST(eachThreadHasItsOwnStep) {
  Team team(3);
  std::string error;
  CHECK(team.start(error));
  struct Seen {
    std::atomic<uint32_t> threads{0};
    std::atomic<uint32_t> right{0};
  } seen;
  StepState state;
  state.context = &seen;
  state.position = 17;
  team.run(
      [](StepState &state) {
        Seen &seen = *static_cast<Seen *>(state.context);
        seen.threads |= 1u << state.thread;
        seen.right += state.threads == 3 && state.turn && state.position++ == 17;
      },
      state);
  CHECK_EQ(seen.threads.load(), 7u);
  CHECK_EQ(seen.right.load(), 3u);
  CHECK_EQ(state.position, 17u);
}

float product(float a, float b) {
  volatile float left = a, right = b;
  return left * right;
}

// In the team, and not in the rest of the caller's program.
TEST(denormalsAreOff) {
#if defined(__x86_64__)
  Team team(2);
  std::string error;
  CHECK(team.start(error));
  std::atomic<uint32_t> zeros{0};
  StepState state;
  state.context = &zeros;
  team.run(
      [](StepState &state) {
        *static_cast<std::atomic<uint32_t> *>(state.context) += product(1e-20f, 1e-20f) == 0;
      },
      state);
  CHECK_EQ(zeros.load(), 2u);
  CHECK(product(1e-20f, 1e-20f) > 0);
#endif
}

/// The chunks of a call, of which thread 0 does all.
struct Taken {
  Task task;
  uint32_t threads;
  std::vector<std::pair<int64_t, int64_t>> chunks;
};

// Every call of every team: all things once, whole groups, none larger than allowed.
TEST(chunksCoverEverything) {
  for (uint32_t threads : {1u, 2u, 3u, 8u})
    for (int64_t count : {0, 1, 5, 16, 17, 100, 1000})
      for (int64_t grain : {1, 16})
        for (auto [bytes, parts] : {std::pair(0, 16), {1 << 20, 16}, {1 << 16, 4}, {1 << 20, 1}}) {
          Team team(threads);
          std::string error;
          CHECK(team.start(error));
          int64_t most = (count + parts - 1) / parts;
          Taken taken{{count, grain, bytes, (most + grain - 1) / grain * grain}, threads, {}};
          if (count == 0)
            taken.task.most = grain;
          StepState state;
          state.context = &taken;
          team.run(
              [](StepState &state) {
                Taken &taken = *static_cast<Taken *>(state.context);
                if (state.thread == 0)
                  forChunks(state, taken.task, [&](int64_t begin, int64_t end) {
                    taken.chunks.push_back({begin, end});
                  });
                else
                  state.turn->begin({}); // as if all were taken already
              },
              state);
          std::sort(taken.chunks.begin(), taken.chunks.end());
          int64_t next = 0;
          for (auto [begin, end] : taken.chunks) {
            CHECK_EQ(begin, next);
            CHECK(end > begin && end - begin <= taken.task.most);
            CHECK(begin % grain == 0 && (end % grain == 0 || end == count));
            next = end;
          }
          CHECK_EQ(next, count);
        }
}

TEST(chunksOfAPartTaper) {
  for (int64_t part : {1, 2, 7, 8, 9, 63, 64, 65, 1000})
    for (int64_t chunks = 1; chunks <= ChunksOfThread; ++chunks) {
      Division division{2 * part + 1, chunks, false, true}; // of which the second thread has more
      for (uint32_t lane : {0u, 1u}) {
        int64_t count = division.chunksOf(lane, 2), before = division.first(lane, 2);
        int64_t last = Division::largest(division.size(lane, 2), count);
        CHECK_EQ(division.first(lane, 2, 0), before);
        for (int64_t chunk = 0; chunk < count; ++chunk) {
          int64_t end = division.first(lane, 2, chunk + 1), size = end - before;
          CHECK(size > 0 && size <= last + (chunk > 0)); // as even as whole groups allow
          before = end;
          last = size;
        }
        CHECK_EQ(before, division.first(lane + 1, 2));
      }
      if (part >= 64 && chunks == 8) // a sixty-fourth, where all alike would be eight
        CHECK(division.first(0, 2, 8) - division.first(0, 2, 7) <= part / 64 + 1);
    }
}

} // namespace
