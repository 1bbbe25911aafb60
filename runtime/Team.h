/// The threads that run a step side by side. The caller is thread 0; the others are started once
/// and wait between steps, first awake and then asleep.
///
/// After `start` nothing here allocates, takes a lock or fails. Only one thread may call `run` or
/// `advance` at a time. How the threads divide a step's work is told in Chunks.h.
#pragma once

#include "runtime/Chunks.h"

#include <pthread.h>

#include <memory>
#include <string>

namespace ashlar {

class Team {
public:
  explicit Team(uint32_t threads, Sharing sharing = Sharing::Chunks)
      : count(threads ? threads : 1), board(count, sharing), workers(new Worker[count]) {}
  Team(const Team &) = delete;
  Team &operator=(const Team &) = delete;
  /// Waits for the threads, which may still read what the last step read.
  ~Team();

  /// Starts the other threads; false with the reason when the system gives none, and then the team
  /// cannot run anything. To be called once.
  bool start(std::string &error);

  uint32_t threads() const { return count; }

  /// Runs `step` on every thread, each with its own copy of `proto`, and returns when all are
  /// through. Denormals are off meanwhile.
  void run(void (*step)(StepState &), const StepState &proto);

  /// The same, and returns when the caller is through and the step's calls are done. A thread that
  /// is late may still be in the step then, or never begin it, so only thread 0 may use what is
  /// gone thereafter (`onCaller`).
  void advance(void (*step)(StepState &), const StepState &proto);

private:
  struct Worker {
    Turn turn;
    Team *team = nullptr;
    pthread_t handle{};
    std::atomic<uint64_t> through{0}; // the last step that it was through with
  };

  /// What threads must know to join a step.
  struct Entry {
    void (*step)(StepState &) = nullptr; // null: the end
    uint64_t calls = 0;                  // made before
    StepState state;
  };

  /// The entry to the latest step. It is written while threads may still be reading the one before,
  /// so they look whether its number is the same before and after; odd ones stand for an entry that
  /// is being written.
  class Door {
  public:
    void open(const Entry &entry);
    /// Waits for a step beyond `seen`, and returns its number.
    uint64_t await(uint64_t seen, Entry &entry, Processors &processors, uint32_t thread);

  private:
    static constexpr size_t Words = sizeof(Entry) / sizeof(uint64_t);
    static_assert(sizeof(Entry) % sizeof(uint64_t) == 0);
    alignas(64) std::atomic<uint64_t> number{0};
    std::atomic<uint64_t> words[Words] = {};
    Gate gate;
  };

  static void *work(void *worker);
  void runStep(Worker &worker, const Entry &entry);

  uint32_t count;
  uint32_t started = 0; // of the other threads
  Board board;
  std::unique_ptr<Worker[]> workers; // by thread; the first is the caller's
  Door door;
  uint64_t steps = 0; // the number of the latest
  Gate ends;          // announced by each thread that is through
};

} // namespace ashlar
