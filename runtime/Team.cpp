#include "runtime/Team.h"

#include <csignal>
#include <cstring>
#include <type_traits>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace ashlar {

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

// Who reads a word of the new entry acquires the odd number that was written before it, and so sees
// afterwards that the number has changed.
void Team::Door::open(const Entry &entry) {
  static_assert(std::is_trivially_copyable_v<Entry>);
  uint64_t copy[Words];
  std::memcpy(copy, &entry, sizeof(entry));
  uint64_t last = number.load(std::memory_order_relaxed);
  number.store(last + 1, std::memory_order_relaxed);
  for (size_t i = 0; i < Words; ++i)
    words[i].store(copy[i], std::memory_order_release);
  number.store(last + 2);
  gate.announce();
}

uint64_t Team::Door::await(uint64_t seen, Entry &entry, Processors &processors, uint32_t thread) {
  uint64_t copy[Words], now = 0;
  auto isOpen = [&] { return (now = number.load()) != seen && now % 2 == 0; };
  do {
    if (!spinUntil(SpinNanos, isOpen)) {
      processors.stepAside(thread);
      gate.sleepUntil(isOpen);
    }
    for (size_t i = 0; i < Words; ++i)
      copy[i] = words[i].load(std::memory_order_acquire);
  } while (number.load(std::memory_order_relaxed) != now);
  std::memcpy(static_cast<void *>(&entry), copy, sizeof(entry));
  return now;
}

void Team::runStep(Worker &worker, const Entry &entry) {
  worker.turn.join(entry.calls);
  StepState state = entry.state;
  state.thread = worker.turn.thread;
  state.threads = count;
  state.turn = &worker.turn;
  entry.step(state);
  worker.turn.settle();
}

void *Team::work(void *argument) {
  Worker &worker = *static_cast<Worker *>(argument);
  Team &team = *worker.team;
  DenormalsOff off;
  Entry entry;
  for (uint64_t seen = 0;;) {
    seen = team.door.await(seen, entry, team.board.processors, worker.turn.thread);
    if (!entry.step)
      return nullptr;
    team.runStep(worker, entry);
    worker.through.store(seen);
    team.ends.announce();
  }
}

bool Team::start(std::string &error) {
  // Signals are for the threads of the program, which know what to do with them.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  workers[0].turn.board = &board;
  int code = 0;
  for (; started < count - 1; ++started) {
    Worker &worker = workers[started + 1];
    worker.team = this;
    worker.turn.board = &board;
    worker.turn.thread = started + 1;
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
  door.open({});
  for (uint32_t i = 0; i < started; ++i)
    pthread_join(workers[i + 1].handle, nullptr);
}

void Team::advance(void (*step)(StepState &), const StepState &proto) {
  DenormalsOff off;
  Entry entry{step, workers[0].turn.calls, proto};
  door.open(entry);
  steps += 2;
  runStep(workers[0], entry);
}

void Team::run(void (*step)(StepState &), const StepState &proto) {
  advance(step, proto);
  for (uint32_t i = 1; i < count; ++i) {
    auto through = [&] { return workers[i].through.load() == steps; };
    if (!spinUntil(SpinNanos, through)) {
      board.processors.stepAside(0);
      ends.sleepUntil(through);
    }
  }
}

} // namespace ashlar
