// The team: every thread runs each step once, nobody passes a barrier before all are there, and
// neither long waits nor more threads than cores make it hang.
#include "runtime/Team.h"
#include "tests/unit/Check.h"

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

using namespace ashlar;

namespace {

struct Shared {
  // Plain numbers: the barriers alone keep reads and writes apart.
  std::vector<uint64_t> slots;
  std::atomic<uint64_t> wrong{0};
  uint32_t rounds = 0;
  uint32_t sleeper = ~0u; // the thread that is late now and then
};

// Each round, everybody adds one to the own slot, and then sees the same in every other's.
void rounds(StepState &state) {
  Shared &shared = *static_cast<Shared *>(state.context);
  for (uint32_t round = 0; round < shared.rounds; ++round) {
    if (state.thread == shared.sleeper && round % 7 == 3)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    uint64_t mine = ++shared.slots[state.thread];
    state.sync();
    for (uint64_t slot : shared.slots)
      shared.wrong += slot != mine;
    state.sync();
  }
}

void checkRounds(uint32_t threads, uint32_t steps, uint32_t roundsInStep, uint32_t sleeper = ~0u,
                 bool pause = false) {
  Team team(threads);
  std::string error;
  CHECK(team.start(error));
  CHECK_EQ(team.threads(), threads);
  Shared shared;
  shared.slots.resize(threads);
  shared.rounds = roundsInStep;
  shared.sleeper = sleeper;
  StepState state;
  state.context = &shared;
  for (uint32_t step = 0; step < steps; ++step) {
    team.run(rounds, state);
    if (pause) // long enough for everybody to fall asleep
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK_EQ(shared.wrong.load(), 0u);
  for (uint64_t slot : shared.slots)
    CHECK_EQ(slot, uint64_t(steps) * roundsInStep);
}

TEST(alone) { checkRounds(1, 3, 5); }
TEST(two) { checkRounds(2, 200, 50); }
TEST(three) { checkRounds(3, 20, 20); }
TEST(moreThanCores) { checkRounds(2 * std::max(2u, std::thread::hardware_concurrency()), 5, 20); }
TEST(sleepsBetweenSteps) { checkRounds(2, 30, 2, ~0u, true); }
TEST(lateCaller) { checkRounds(3, 3, 30, 0); }
TEST(lateWorker) { checkRounds(3, 3, 30, 2); }

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
        seen.right += state.threads == 3 && state.team && state.position++ == 17;
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

// Every share of every team: all things once, in order, whole groups.
TEST(sharesCoverEverything) {
  for (uint32_t threads : {1u, 2u, 3u, 8u})
    for (int64_t total : {0, 1, 5, 16, 17, 100})
      for (int64_t grain : {1, 16}) {
        int64_t next = 0;
        StepState state;
        state.threads = threads;
        for (state.thread = 0; state.thread < threads; ++state.thread) {
          Share mine = share(state, total, grain);
          CHECK_EQ(mine.begin, next);
          CHECK(mine.end >= mine.begin);
          CHECK(mine.end % grain == 0 || mine.end == total);
          next = mine.end;
        }
        CHECK_EQ(next, total);
      }
}

} // namespace
