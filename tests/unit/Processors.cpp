// Threads that step aside: to a processor that they may run on, and afterwards they may run on what
// they could before, whoever made the team, and whatever was said to them since.
#include "runtime/Processors.h"

#include "runtime/Team.h"
#include "tests/unit/Check.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

using namespace ashlar;

namespace {

/// What this thread may run on; none where the system refuses to say.
cpu_set_t allowed() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) != 0)
    CPU_ZERO(&set);
  return set;
}

int allow(const cpu_set_t &set) {
  return int(syscall(SYS_sched_setaffinity, 0, sizeof(set), &set));
}

/// What the team asked for in this thread.
thread_local std::vector<cpu_set_t> asked;

cpu_set_t only(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  return set;
}

cpu_set_t both(int a, int b) {
  cpu_set_t set = only(a);
  CPU_SET(b, &set);
  return set;
}

bool operator==(const cpu_set_t &a, const cpu_set_t &b) { return CPU_EQUAL(&a, &b); }

/// The processors of this process, two of them at most. With one there is nothing to see.
std::vector<int> two() {
  std::vector<int> processors;
  cpu_set_t set = allowed();
  for (int i = 0; i < CPU_SETSIZE && processors.size() < 2; ++i)
    if (CPU_ISSET(i, &set))
      processors.push_back(i);
  return processors;
}

/// Runs `test(a, b)` in a thread of its own, so that nothing of it is left.
template <class Test> void withTwo(Test test) {
  std::vector<int> processors = two();
  if (processors.size() == 2)
    std::thread([&] { test(processors[0], processors[1]); }).join();
}

} // namespace

// In place of the library's.
int sched_setaffinity(pid_t, size_t, const cpu_set_t *set) noexcept {
  asked.push_back(*set);
  return allow(*set);
}

/// Thread 0 stands where thread 1 was seen, on `a`, and may go to `b`.
static void expectMove(Processors &processors, int a, int b) {
  asked.clear();
  for (int tries = 0; asked.empty() && tries < 1000; ++tries) { // the system may be faster
    allow(only(a));
    processors.arrive(1);
    allow(both(a, b));
    processors.stepAside(0);
  }
  CHECK_EQ(asked.size(), 2u);
  CHECK(asked.size() == 2 && asked[0] == only(b) && asked[1] == both(a, b));
  CHECK(allowed() == both(a, b));
}

TEST(moves) {
  withTwo([](int a, int b) {
    Processors processors(2);
    expectMove(processors, a, b);
  });
}

// A caller that was pinned when the team was made, and is no longer.
TEST(isFreeAgain) {
  withTwo([](int a, int b) {
    allow(only(a));
    Processors processors(2);
    expectMove(processors, a, b);
  });
}

TEST(staysWhereItIsAlone) {
  withTwo([](int, int) {
    Processors one(1), three(3);
    one.stepAside(0);
    three.stepAside(0); // the others have not come
    CHECK(asked.empty());
  });
}

// A caller that was pinned after the team was made.
TEST(staysWhereItWasPinned) {
  withTwo([](int a, int b) {
    Processors processors(2);
    for (int processor : {a, b}) {
      allow(only(processor));
      processors.arrive(1);
      processors.stepAside(0);
      CHECK(allowed() == only(processor));
      CHECK_EQ(sched_getcpu(), processor);
      std::this_thread::sleep_for(std::chrono::milliseconds(2)); // so that it could move again
    }
    CHECK(asked.empty());
  });
}

// Another thread than the one that made the team calls it.
TEST(anotherCaller) {
  withTwo([](int a, int b) {
    Processors processors(2);
    allow(only(a));
    std::thread([&] {
      allow(only(b));
      processors.arrive(1);
      processors.stepAside(0);
      CHECK(allowed() == only(b));
    }).join();
    CHECK(allowed() == only(a));
  });
}

// The same of a team: both threads are pinned to one processor, and each waits for the other for so
// long that it would step aside.
TEST(threadsOfATeam) {
  withTwo([](int a, int) {
    Team team(2);
    std::string error;
    CHECK(team.start(error));
    struct Seen {
      int processor;
      std::atomic<bool> here{false};
      std::atomic<uint32_t> pinned{0};
    } seen{a};
    StepState state;
    state.context = &seen;
    allow(only(a));
    for (state.position = 0; state.position < 20; ++state.position) {
      seen.here = false;
      team.run(
          [](StepState &state) {
            auto &seen = *static_cast<Seen *>(state.context);
            if (state.thread == 1 && state.position == 0)
              allow(only(seen.processor));
            if (state.thread == 0)
              while (!seen.here)
                sched_yield();
            // Thread 0 waits for the worker's chunk, and the worker for the caller's.
            for (uint32_t late : {1u, 0u}) {
              forChunks(state, {2, 1, 1 << 20, 1}, [&](int64_t, int64_t) {
                seen.here = true;
                if (state.thread == late)
                  std::this_thread::sleep_for(std::chrono::milliseconds(1));
              });
              state.sync();
            }
            seen.pinned += allowed() == only(seen.processor);
          },
          state);
    }
    CHECK_EQ(seen.pinned.load(), 40u);
    CHECK(allowed() == only(a));
  });
}
