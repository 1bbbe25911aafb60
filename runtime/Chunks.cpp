#include "runtime/Chunks.h"

#include "runtime/Arrivals.h"

#include <algorithm>
#include <cassert>

#if defined(__has_feature)
#define ASHLAR_THREAD_SANITIZER __has_feature(thread_sanitizer)
#elif defined(__SANITIZE_THREAD__)
#define ASHLAR_THREAD_SANITIZER 1
#endif

#if ASHLAR_THREAD_SANITIZER
extern "C" void AnnotateIgnoreReadsBegin(const char *file, int line);
extern "C" void AnnotateIgnoreReadsEnd(const char *file, int line);
#endif

namespace ashlar {

/// Tells ThreadSanitizer where reads may meet writes: while a chunk is computed of which another
/// thread may have the result already.
static void mayReadLate([[maybe_unused]] bool may) {
#if ASHLAR_THREAD_SANITIZER
  (may ? AnnotateIgnoreReadsBegin : AnnotateIgnoreReadsEnd)(__FILE__, __LINE__);
#endif
}

// Smaller chunks would take as long to claim as to do.
static constexpr int64_t ChunkBytes = 64 << 10;
// Nor of what reads memory as fast as it comes: behind a chunk memory is asked for nothing until
// outputs are written and the next one is claimed, and 20 KB more could have come meanwhile.
static constexpr int64_t StreamBytes = 1 << 20;
// A smaller call that is done in place is one chunk, for whoever comes first.
static constexpr int64_t SmallBytes = 32 << 10;
// No chunk is taken from another thread before: that a thread is late by so much is usual.
static constexpr int64_t LeastPatience = 20'000;

namespace {
enum class State : uint64_t { Computing, Finishing, Done };

/// What a word says. Of the thread, as much as there is room for: nothing depends on it but that a
/// word looks different when another one has begun a chunk.
constexpr uint64_t say(uint64_t call, uint32_t thread, State state) {
  return call << 16 | uint64_t(thread & 0x3fff) << 2 | uint64_t(state);
}
constexpr uint64_t callOf(uint64_t word) { return word >> 16; }
constexpr State stateOf(uint64_t word) { return State(word & 3); }

/// Whether a chunk of a call is done, or all of them.
constexpr bool isDone(uint64_t word, uint64_t call) {
  return callOf(word) > call || (callOf(word) == call && stateOf(word) == State::Done);
}
} // namespace

uint64_t Turn::begin(const Division &division) {
  if (calls - settled == Board::Slots)
    settle();
  board->processors.arrive(thread);
  uint64_t call = ++calls; // so that none is 0, which stands in every word at first
  divisions[call % Board::Slots] = division;
  return call;
}

void Turn::settle(uint64_t call) {
  const Division &division = divisions[call % Board::Slots];
  for (uint32_t distance = 1; distance <= board->threads; ++distance) {
    uint32_t lane = (thread + distance) % board->threads;
    int64_t chunks = division.chunksOf(lane, board->threads);
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      const std::atomic<uint64_t> &word = board->word(call, lane, chunk);
      auto done = [&] { return isDone(word.load(), call); };
      if (!spinUntil(SpinNanos, done)) {
        board->processors.stepAside(thread);
        board->progress.sleepUntil(done);
      }
      if (callOf(word.load(std::memory_order_acquire)) > call)
        return;
    }
  }
}

void Turn::settle() {
  for (; settled < calls; ++settled)
    settle(settled + 1);
}

bool Turn::isSettled() const {
  for (uint64_t call = settled + 1; call <= calls; ++call) {
    const Division &division = divisions[call % Board::Slots];
    for (uint32_t lane = 0; lane < board->threads; ++lane)
      for (int64_t chunk = 0; chunk < division.chunksOf(lane, board->threads); ++chunk)
        if (!isDone(board->word(call, lane, chunk).load(std::memory_order_acquire), call))
          return false;
  }
  return true;
}

void StepState::sync() {
  if (!turn)
    return;
  if (arrivals) [[unlikely]] // who waits reads what comes next
    while (!turn->isSettled() && arrivals->bringNext(*this))
      ;
  turn->settle();
}

Chunks::Chunks(const StepState &step, const Task &given, Kind kind)
    : turn(step.threads > 1 ? step.turn : nullptr), task(given), kind(kind) {
  if (!turn)
    return;
  if (kind == Kind::InPlace && task.count > 0 && task.count <= task.most &&
      task.count * task.bytes < SmallBytes)
    task.grain = task.count;
  // Of weights that arrive nobody can say how long they should take.
  if ((turn->board->sharing == Sharing::Parts || step.arrivals) && kind == Kind::Repeatable)
    this->kind = Kind::InPlace;
  Division division;
  division.ofCaller = kind == Kind::OfCaller;
  division.groups = (task.count + task.grain - 1) / task.grain;
  int64_t part = (division.groups + step.threads - 1) / step.threads; // the largest
  int64_t bytes = kind == Kind::Repeatable ? StreamBytes : ChunkBytes;
  int64_t &chunks = division.chunks;
  chunks = std::clamp<int64_t>(part * task.grain * task.bytes / bytes, 1, ChunksOfThread);
  int64_t most = task.most / task.grain;
  while (chunks < ChunksOfThread && Division::largest(part, chunks) > most)
    ++chunks;
  division.tapers = Division::largest(part, chunks) <= most;
  assert(division.tapers || (part + chunks - 1) / chunks <= most);
  turn->begin(division);
  patience = double(task.grain * task.bytes) * step.nanosPerMiB / (1 << 19);
}

void Chunks::use(uint32_t newLane, int64_t newChunk) {
  lane = newLane;
  chunk = newChunk;
  const Division &division = turn->divisions[turn->calls % Board::Slots];
  uint32_t lanes = turn->board->threads;
  begin = division.first(lane, lanes, chunk) * task.grain;
  end = std::min(division.first(lane, lanes, chunk + 1) * task.grain, task.count);
}

bool Chunks::claim(uint32_t newLane, int64_t newChunk) {
  uint64_t call = turn->calls;
  std::atomic<uint64_t> &word = turn->board->word(call, newLane, newChunk);
  uint64_t seen = word.load(std::memory_order_acquire);
  State state = kind == Kind::Repeatable ? State::Computing : State::Finishing;
  if (callOf(seen) >= call || !word.compare_exchange_strong(seen, say(call, turn->thread, state)))
    return false;
  use(newLane, newChunk);
  return true;
}

bool Chunks::takeOwn() {
  const Division &division = turn->divisions[turn->calls % Board::Slots];
  int64_t chunks = division.chunksOf(turn->thread, turn->board->threads);
  while (next < chunks)
    if (claim(turn->thread, next++))
      return true;
  return false;
}

bool Chunks::takeOthers() {
  const Division &division = turn->divisions[turn->calls % Board::Slots];
  uint32_t threads = turn->board->threads;
  for (; distance < threads; ++distance, last = -1) {
    uint32_t other = (turn->thread + distance) % threads;
    if (last < 0)
      last = division.chunksOf(other, threads);
    while (last > 0)
      if (claim(other, --last))
        return true;
  }
  return false;
}

/// Waits until all chunks are done, or until one has been held for too long, and begins that.
bool Chunks::takeStuck() {
  const Board &board = *turn->board;
  uint64_t call = turn->calls;
  const Division &division = turn->divisions[call % Board::Slots];
  for (uint32_t other = 0; other < board.threads; ++other) {
    int64_t chunks = division.chunksOf(other, board.threads);
    for (int64_t at = 0; at < chunks; ++at) {
      std::atomic<uint64_t> &word = turn->board->word(call, other, at);
      int64_t groups =
          division.first(other, board.threads, at + 1) - division.first(other, board.threads, at);
      int64_t nanos = std::max(LeastPatience, int64_t(double(groups) * patience));
      uint64_t seen = word.load(std::memory_order_acquire);
      while (!isDone(seen, call)) {
        uint64_t now = seen;
        auto changed = [&] { return (now = word.load()) != seen; };
        if (!spinUntil(nanos, changed)) {
          turn->board->processors.stepAside(turn->thread);
          if (stateOf(seen) == State::Finishing) {
            turn->board->progress.sleepUntil(changed);
          } else if (word.compare_exchange_strong(now, say(call, turn->thread, State::Computing))) {
            use(other, at);
            return true;
          }
        }
        seen = now;
      }
      if (callOf(seen) > call)
        return false;
    }
  }
  return false;
}

bool Chunks::take() {
  if (!turn) {
    begin = end;
    end = task.most < task.count - begin ? begin + task.most : task.count;
    return begin < end;
  }
  if (kind == Kind::OfCaller)
    return turn->thread == 0 && takeOwn();
  if (turn->board->sharing == Sharing::Parts)
    return takeOwn();
  if (kind == Kind::InPlace)
    return takeOwn() || takeOthers();
  bool any = takeOwn() || takeOthers() || takeStuck();
  if (any)
    mayReadLate(true);
  else
    turn->settleThis();
  return any;
}

bool Chunks::mayCommit() {
  if (!turn || kind != Kind::Repeatable)
    return true;
  mayReadLate(false);
  std::atomic<uint64_t> &word = turn->board->word(turn->calls, lane, chunk);
  uint64_t seen = word.load(std::memory_order_relaxed);
  while (callOf(seen) == turn->calls && stateOf(seen) == State::Computing)
    if (word.compare_exchange_weak(seen, say(turn->calls, turn->thread, State::Finishing)))
      return true;
  return false;
}

void Chunks::done() {
  if (!turn)
    return;
  turn->board->word(turn->calls, lane, chunk).store(say(turn->calls, turn->thread, State::Done));
  turn->board->progress.announce();
}

} // namespace ashlar
