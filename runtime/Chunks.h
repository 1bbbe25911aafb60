/// How threads divide the calls of a step among themselves so that none waits for one whose
/// processor was taken away: a call is done when its chunks are, whoever did them.
///
/// All threads run through the same calls, so each can number them by itself. A call has a slot of
/// the board, and there a word for each chunk: the number of the call, the thread, and what that
/// thread does with the chunk. A word with an earlier number is that of a chunk that is free; one
/// with a later number says that the call is long done. So nothing is ever reset.
///
///                        .-- another thread has waited for too long, and begins it, too
///                        v  |
///   free -- claim --> Computing      results are each thread's own
///     |                  |
///     |                  v           the first that is ready
///     '-- claim --> Finishing --> Done
///                outputs are written, and all others wait for this thread
///
/// What holds:
///  1. Words change by compare-exchange, but for the step to Done, which only the one thread makes
///     that made the step to Finishing. Numbers of calls grow, within a call states advance.
///  2. So of all threads that compute a chunk one writes its outputs, once; the others throw theirs
///     away.
///  3. A call takes a slot when the call that had it before is done, so a number beyond one's own
///     means that one's own call is done, too.
///  4. Who knows that a call is done has read all its words, by loads that acquire what was
///     released with Done, or one word with a later number, released by a thread that knew.
///  5. Calls that depend on others begin when those are done. So a call's inputs stay as they are
///     until all its chunks are done, and a result that is written was made of them. A thread that
///     still computes a chunk when another has finished it may read what later calls write.
///
/// The last is the one data race that is allowed here, by C++'s rules an undefined one. It is safe
/// with compilers as they are, because of what kernels promise (forRepeatableChunks): such reads
/// are of numbers alone, from places that do not depend on any, within an arena that outlives the
/// team; what is made of them goes to the thread's stack and is thrown away there.
/// ThreadSanitizer is told.
///
/// A thread that waits stays awake for as long as the chunk should take twice, and then begins it
/// anew; when that cannot be, because it is being finished, it goes to sleep after a moment.
#pragma once

#include "runtime/Gate.h"
#include "runtime/Processors.h"
#include "runtime/Step.h"

#include <memory>

namespace ashlar {

/// How threads share work: what chunks are for; or each does its own part of every call and waits
/// for the others, which is what they are compared with.
enum class Sharing : uint8_t { Chunks, Parts };

/// What all threads see.
struct Board {
  /// Calls that may be under way at a time: between two that depend on each other there are few.
  static constexpr uint64_t Slots = 4;
  /// A thread's part of a call: it claims its chunks without a look at the others' lines.
  struct alignas(64) Lane {
    std::atomic<uint64_t> words[ChunksOfThread] = {};
  };
  static_assert(sizeof(Lane) == 64);

  Board(uint32_t threads, Sharing sharing)
      : threads(threads), sharing(sharing), lanes(new Lane[Slots * threads]), processors(threads) {}

  std::atomic<uint64_t> &word(uint64_t call, uint32_t lane, int64_t chunk) const {
    return lanes[call % Slots * threads + lane].words[chunk];
  }

  const uint32_t threads;
  const Sharing sharing;
  std::unique_ptr<Lane[]> lanes; // [slots][threads]
  Processors processors;
  Gate progress; // announced with each chunk that is done
};

/// How a call is divided: groups of things into parts, one for each thread, and those into chunks.
/// Where it tapers, each chunk of a part is smaller than the one before: few of them do then, and
/// what the last threads still work on when the others are through is little.
struct Division {
  int64_t groups = 0;
  int64_t chunks = 1; // of a part at most
  bool ofCaller = false;
  bool tapers = false;

  /// The first group of a thread's part.
  int64_t first(uint32_t lane, uint32_t lanes) const {
    return ofCaller ? int64_t(lane > 0) : groups * lane / lanes;
  }
  int64_t size(uint32_t lane, uint32_t lanes) const {
    return first(lane + 1, lanes) - first(lane, lanes);
  }
  int64_t chunksOf(uint32_t lane, uint32_t lanes) const {
    int64_t groupsOf = size(lane, lanes);
    return groupsOf < chunks ? groupsOf : chunks;
  }
  /// The first group of a chunk, or of what follows the last one; none is empty.
  int64_t first(uint32_t lane, uint32_t lanes, int64_t chunk) const {
    int64_t part = size(lane, lanes), count = chunksOf(lane, lanes), left = count - chunk;
    int64_t before = part * chunk / count;
    if (tapers) { // as the squares of what is left
      before = part - part * left * left / (count * count);
      before = before < part - left ? before : part - left;
    }
    return first(lane, lanes) + before;
  }
  /// How many groups the largest chunk of a part of so many has, if it tapers.
  static int64_t largest(int64_t part, int64_t chunks) {
    return (part * (2 * chunks - 1) + chunks * chunks - 1) / (chunks * chunks);
  }
};

/// What one thread knows of where it is. Nobody else reads it.
class alignas(64) Turn {
public:
  Board *board = nullptr;
  uint32_t thread = 0;
  uint64_t calls = 0;   // made so far, in the whole life of the team
  uint64_t settled = 0; // of them; the rest may not be done
  Division divisions[Board::Slots];

  /// The number of a call that begins.
  uint64_t begin(const Division &division);
  /// Waits until all calls are done.
  void settle();
  bool isSettled() const; // without waiting
  /// Of all calls but this one it is known that they are done, and now of this one.
  void settleThis() {
    if (settled + 1 == calls)
      settled = calls;
  }
  /// The caller joins a step before whose first call so many were made.
  void join(uint64_t before) { calls = settled = before; }

private:
  void settle(uint64_t call);
};

} // namespace ashlar
