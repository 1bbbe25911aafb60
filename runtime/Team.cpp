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
    team->barrier();
}

// Either the sleeper's check of the epoch (the kernel makes it once more) sees the new one, or
// `open` sees the sleeper: both write first and then read what the other wrote, all sequentially
// consistent.
void Team::Gate::open() {
  epoch.fetch_add(1);
  if (sleepers.load())
    syscall(SYS_futex, &epoch, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

void Team::Gate::waitBeyond(uint32_t seen) {
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
      break;
  }
  if (!closed())
    return;
  sleepers.fetch_add(1);
  while (epoch.load() == seen)
    syscall(SYS_futex, &epoch, FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
  sleepers.fetch_sub(1);
}

void Team::barrier() {
  uint32_t seen = meetings.epoch.load(std::memory_order_relaxed);
  if (arrived.fetch_add(1, std::memory_order_acq_rel) + 1 < count)
    return meetings.waitBeyond(seen);
  arrived.store(0, std::memory_order_relaxed); // nobody arrives again before the gate opens
  meetings.open();
}

void Team::runShare(uint32_t thread) {
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
    team.steps.waitBeyond(seen);
    if (!team.current)
      return nullptr;
    team.runShare(worker.thread);
    team.barrier();
  }
}

bool Team::start(std::string &error) {
  workers = std::make_unique<Worker[]>(count - 1);
  // Signals are for the threads of the program, which know what to do with them.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int code = 0;
  for (; started < count - 1; ++started) {
    Worker &worker = workers[started];
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
    pthread_join(workers[i].handle, nullptr);
}

void Team::run(void (*step)(StepState &), const StepState &proto) {
  DenormalsOff off;
  current = step;
  prototype = &proto;
  steps.open();
  runShare(0);
  barrier();
}

} // namespace ashlar
