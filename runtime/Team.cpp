#include "runtime/Team.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <cstring>
#include <ctime>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace ashlar {

// Longer than any imbalance between threads that have a core each, and not much longer than it
// takes to put a thread to sleep and to wake it.
static constexpr int64_t SpinNanos = 50'000;
// Between two moves of a thread: moving is rare, and cheap against this.
static constexpr int64_t MoveNanos = 1'000'000;

static void relax() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

static int64_t now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * INT64_C(1'000'000'000) + time.tv_nsec;
}

namespace {

/// Turns denormals off for the current thread: they mean nothing in a model, and some processors
/// take a hundred cycles for each.
class DenormalsOff {
#if defined(__x86_64__)
  unsigned before = _mm_getcsr();

public:
  DenormalsOff() { _mm_setcsr(before | 0x8040); } // flush to zero, denormals are zero
  ~DenormalsOff() { _mm_setcsr(before); }
#else
public:
  DenormalsOff() {}
#endif
};

} // namespace

void StepState::sync() {
  if (team)
    team->barrier(thread);
}

// Either the sleeper's check of the epoch (the kernel makes it once more) sees the new one, or
// `open` sees the sleeper: both write first and then read what the other wrote, all sequentially
// consistent.
void Team::Gate::open() {
  epoch.fetch_add(1);
  if (sleepers.load())
    syscall(SYS_futex, &epoch, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

bool Team::Gate::awaitBeyond(uint32_t seen) {
  auto closed = [&] { return epoch.load(std::memory_order_acquire) == seen; };
  int64_t until = 0;
  for (uint32_t turn = 0; closed(); ++turn) {
    relax();
    if (turn % 64 != 63)
      continue;
    int64_t time = now();
    if (!until)
      until = time + SpinNanos;
    else if (time >= until)
      return false;
  }
  return true;
}

void Team::Gate::sleepBeyond(uint32_t seen) {
  sleepers.fetch_add(1);
  while (epoch.load() == seen)
    syscall(SYS_futex, &epoch, FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
  sleepers.fetch_sub(1);
}

/// A thread that waits for long may stand on the processor that another one needs: a thread that
/// is woken starts where it was woken from, and since one of the two always sleeps, the system sees
/// no reason to part them. So it moves to a processor where none of the team is. Only the move is
/// asked for; afterwards the system may again place it wherever it likes.
void Team::stepAside(Worker &self) {
  int here = sched_getcpu();
  int64_t time = now();
  self.processor.store(here, std::memory_order_relaxed);
  if (here < 0 || time - self.moved < MoveNanos)
    return;
  bool shared = false;
  cpu_set_t free = allowed;
  for (uint32_t i = 0; i < count; ++i) {
    int there = workers[i].processor.load(std::memory_order_relaxed);
    shared |= &workers[i] != &self && there == here;
    if (there >= 0 && there < CPU_SETSIZE)
      CPU_CLR(there, &free);
  }
  if (!shared || CPU_COUNT(&free) == 0)
    return;
  self.moved = time;
  sched_setaffinity(0, sizeof(free), &free);
  self.processor.store(sched_getcpu(), std::memory_order_relaxed);
  sched_setaffinity(0, sizeof(allowed), &allowed);
}

void Team::waitBeyond(Gate &gate, uint32_t seen, uint32_t thread) {
  if (gate.awaitBeyond(seen))
    return;
  stepAside(workers[thread]);
  gate.sleepBeyond(seen);
}

void Team::barrier(uint32_t thread) {
  uint32_t seen = meetings.epoch.load(std::memory_order_relaxed);
  if (arrived.fetch_add(1, std::memory_order_acq_rel) + 1 < count)
    return waitBeyond(meetings, seen, thread);
  arrived.store(0, std::memory_order_relaxed); // nobody arrives again before the gate opens
  meetings.open();
}

void Team::runShare(uint32_t thread) {
  workers[thread].processor.store(sched_getcpu(), std::memory_order_relaxed);
  StepState state = *prototype;
  state.thread = thread;
  state.threads = count;
  state.team = this;
  current(state);
}

void *Team::work(void *argument) {
  Worker &worker = *static_cast<Worker *>(argument);
  Team &team = *worker.team;
  DenormalsOff off;
  for (uint32_t seen = 0;; ++seen) {
    team.waitBeyond(team.steps, seen, worker.thread);
    if (!team.current)
      return nullptr;
    team.runShare(worker.thread);
    team.barrier(worker.thread);
  }
}

bool Team::start(std::string &error) {
  workers = std::make_unique<Worker[]>(count);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
    CPU_ZERO(&allowed);
  // Signals are for the threads of the program, which know what to do with them.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int code = 0;
  for (; started < count - 1; ++started) {
    Worker &worker = workers[started + 1];
    worker.team = this;
    worker.thread = started + 1;
    code = pthread_create(&worker.handle, nullptr, work, &worker);
    if (code)
      break;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (code)
    error = "cannot start thread " + std::to_string(started + 2) + " of " + std::to_string(count) +
            ": " + strerror(code);
  return code == 0;
}

Team::~Team() {
  current = nullptr;
  steps.open();
  for (uint32_t i = 0; i < started; ++i)
    pthread_join(workers[i + 1].handle, nullptr);
}

void Team::run(void (*step)(StepState &), const StepState &proto) {
  DenormalsOff off;
  current = step;
  prototype = &proto;
  steps.open();
  runShare(0);
  barrier(0);
}

} // namespace ashlar
