/// The threads that run a step side by side. The caller is thread 0; the others are started once
/// and wait between steps, first awake and then asleep.
///
/// After `start` nothing here allocates, takes a lock or fails. Only one thread may call `run` at a
/// time, and what `run` calls may call `barrier`, as often on every thread. A thread whose core is
/// taken away makes the others wait, asleep after a moment, and nothing worse.
#pragma once

#include "runtime/Step.h"

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <memory>
#include <string>

namespace ashlar {

class Team {
public:
  explicit Team(uint32_t threads) : count(threads ? threads : 1) {}
  Team(const Team &) = delete;
  Team &operator=(const Team &) = delete;
  ~Team();

  /// Starts the other threads; false with the reason when the system gives none, and then the team
  /// cannot run anything. To be called once.
  bool start(std::string &error);

  uint32_t threads() const { return count; }

  /// Runs `step` on every thread, each with its own copy of `proto`, and returns when all are done.
  /// Denormals are off meanwhile.
  void run(void (*step)(StepState &), const StepState &proto);

  /// Waits until every thread is here; what they wrote before is seen after. `thread` is the
  /// caller's number in the team.
  void barrier(uint32_t thread);

private:
  /// A number that only grows, and a way to wait for that.
  struct alignas(64) Gate {
    std::atomic<uint32_t> epoch{0};
    std::atomic<uint32_t> sleepers{0};
    void open();
    /// Waits awake, for a moment; false when that was not enough.
    bool awaitBeyond(uint32_t seen);
    void sleepBeyond(uint32_t seen);
  };
  struct alignas(64) Worker {
    Team *team = nullptr;
    uint32_t thread = 0;
    pthread_t handle{};
    std::atomic<int> processor{-1}; // where it was seen last
    int64_t moved = 0;              // when it last stepped aside
  };

  static void *work(void *worker);
  void runShare(uint32_t thread);
  void waitBeyond(Gate &gate, uint32_t seen, uint32_t thread);
  void stepAside(Worker &self);

  uint32_t count;
  uint32_t started = 0;              // of the other threads
  std::unique_ptr<Worker[]> workers; // by thread; the first is the caller's
  cpu_set_t allowed{};               // processors of this process; none where they cannot be told
  Gate steps;                        // opens for each step, and for the end
  Gate meetings;                     // opens for each barrier
  alignas(64) std::atomic<uint32_t> arrived{0};
  // Of the step that runs; written before `steps` opens.
  alignas(64) void (*current)(StepState &) = nullptr; // null: the end
  const StepState *prototype = nullptr;
};

} // namespace ashlar
