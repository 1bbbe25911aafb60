/// What one thread of the team knows while it runs one step of the model, how a kernel's work is
/// divided among threads, and the references by which emitted code names bytes.
///
/// Kernels and emitted code include only this header and the kernels' own, so that a file of
/// emitted code compiles quickly. What is inline here is inlined always: a program may hold kernels
/// for several instruction sets, and no function may be one that two of them share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace ashlar {

class Arrivals;
class TorchLibrary;
class Turn;

/// Where a token stands: in which of the sequences that caches have room for, and where in it.
struct TokenPlace {
  uint32_t sequence;
  uint64_t position;
};

/// How many bytes ahead of what they read products of one row ask for weights, by their
/// type; 0: they do not. What is at most host::SoonBytes ahead is asked for into the first cache.
struct Ahead {
  uint32_t f32 = 0, f16 = 0, bf16 = 0, int8 = 0, int4 = 0;
};

/// One step: the tokens that go through the model together. Every thread of the team runs the
/// same code over its own Step, and each call of a kernel is made by all of them: they divide it
/// among themselves, and `sync` waits until it is done.
struct StepState {
  std::byte *host = nullptr;    // the arena of host memory
  const int32_t *ids = nullptr; // [tokens]; of rows there are none
  uint64_t position = 0;        // of the first of them in the sequence; of several, the furthest
  uint32_t sequence = 0;        // that they belong to
  uint32_t tokens = 0;          // in this step, or rows
  uint32_t firstLogits = 0;     // logits are wanted from this token on
  uint32_t row = 0;             // the token whose logits are being computed
  uint32_t thread = 0;          // this one
  uint32_t threads = 1;         // in the team
  uint32_t nanosPerMiB = 0;     // predicted: what a thread takes to read weights
  Ahead ahead;                  // measured: how far ahead to ask for weights
  Turn *turn = nullptr;         // what this thread has done; nothing for one that is alone
  /// [tokens]: where the tokens of a BatchStep stand, which have no position or sequence in common.
  const TokenPlace *places = nullptr;
  Arrivals *arrivals = nullptr;  // reads weights that are not there yet; nothing: all are
  TorchLibrary *torch = nullptr; // computes LibTorch's products; kernels of ours do without
  /// Takes the logits of one row.
  void (*deliver)(void *context, uint32_t row, const float *logits) = nullptr;
  void *context = nullptr;

  /// Waits until all calls so far are done, whoever did them; what they wrote is seen after. Not
  /// for threads: one whose processor was taken away has nothing left to do when it comes.
  void sync();

  /// Waits until these weights are there; reads those that nobody else does.
  [[gnu::always_inline]] void await(const void *weights, int64_t bytes) const {
    if (arrivals) [[unlikely]]
      bring(weights, bytes);
  }
  /// The same for things of so many bytes each from `begin` on: for as many of them as stay in a
  /// processor's cache until they are computed with. Returns where those end, at most `end`.
  [[gnu::always_inline]] int64_t await(const void *weights, int64_t bytes, int64_t begin,
                                       int64_t end) const {
    return arrivals ? bring(weights, bytes, begin, end) : end;
  }

private:
  void bring(const void *weights, int64_t bytes) const;
  int64_t bring(const void *weights, int64_t bytes, int64_t begin, int64_t end) const;
};

/// A step of at most `MaxTokens` tokens, one behind the other in a sequence. Kernels choose their
/// form by this number at compile time: one token is a matrix times a vector, more are a matrix
/// times a matrix.
template <uint32_t MaxTokens> struct Step : StepState {
  static constexpr uint32_t Max = MaxTokens;
  [[gnu::always_inline]] explicit Step(const StepState &state) : StepState(state) {}
  [[gnu::always_inline]] uint32_t count() const { return MaxTokens == 1 ? 1 : tokens; }
  [[gnu::always_inline]] TokenPlace place(int64_t row) const {
    return {sequence, position + static_cast<uint64_t>(row)};
  }
};

/// A step of one token for each of at most `MaxSequences` sequences, which are as long as they are.
/// To kernels that do not ask where a token stands, it is one like any other.
template <uint32_t MaxSequences> struct BatchStep : Step<MaxSequences> {
  static_assert(MaxSequences > 1);
  [[gnu::always_inline]] explicit BatchStep(const StepState &state) : Step<MaxSequences>(state) {}
  [[gnu::always_inline]] TokenPlace place(int64_t row) const { return this->places[row]; }
};

/// What a call of a kernel has to do: `count` things, which come in groups of `grain`. All threads
/// must tell the same, also one that comes when the others are steps ahead: so it is made of the
/// step's own state, and of nothing that this points to.
struct Task {
  int64_t count;
  int64_t grain = 1;
  int64_t bytes = 0;        // of memory that are read in the time that one thing takes
  int64_t most = INT64_MAX; // things of a chunk at most: a multiple of the grain
};

/// Each thread's part of a call is at most so many chunks. A kernel that keeps results to itself
/// needs room for that part of what a thread has in the smallest team that may run it.
inline constexpr int64_t ChunksOfThread = 8;

/// The chunks of one call that this thread comes to do: first those of its own part, in order, then
/// what is left of the others' parts. Which chunks there are depends on the work and the number of
/// threads alone, so results do not depend on who did what. How it works is told in Chunks.h.
class Chunks {
public:
  enum class Kind : uint8_t {
    InPlace,    // what is begun must be finished by who began it
    Repeatable, // only a commit is seen by others, so a chunk may be begun again by another thread
    OfCaller,   // for thread 0 alone
  };
  Chunks(const StepState &step, const Task &task, Kind kind);

  /// Takes the next one. Of repeatable ones, the last to be taken are those that others have held
  /// for too long, and there are no more when all are done.
  bool take();
  int64_t begin = 0, end = 0;

  /// Whether this thread is the one whose result counts.
  bool mayCommit();
  void done();

private:
  bool takeOwn();
  bool takeOthers();
  bool takeStuck();
  bool claim(uint32_t lane, int64_t chunk);
  void use(uint32_t lane, int64_t chunk);

  Turn *turn;
  Task task;
  Kind kind;
  uint32_t distance = 1; // to the thread of whose part chunks are taken next
  int64_t next = 0;      // of the own part
  int64_t last = -1;     // of that thread's part, from its end
  uint32_t lane = 0;     // of the chunk that was taken: whose part, and where in it
  int64_t chunk = 0;
  // Nanoseconds for each group of a chunk that another holds after which it is taken, too: twice
  // what it should take.
  double patience = 0;
};

/// Calls body(begin, end) for the chunks of a call that this thread does. All of them write to
/// places of their own, and read what none of them writes.
template <class Body>
[[gnu::always_inline]] inline void forChunks(const StepState &step, const Task &task, Body &&body) {
  Chunks chunks(step, task, Chunks::Kind::InPlace);
  while (chunks.take()) {
    body(chunks.begin, chunks.end);
    chunks.done();
  }
}

/// The same in two halves: compute(begin, end) writes to nothing but what its thread keeps to
/// itself, and commit(begin, end) copies that to where others see it. Then a thread whose processor
/// was taken away does not keep the others waiting. When it goes on, what `compute` reads may be
/// written by later calls, so it must not take from there where it reads or writes.
template <class Compute, class Commit>
[[gnu::always_inline]] inline void forRepeatableChunks(const StepState &step, const Task &task,
                                                       Compute &&compute, Commit &&commit) {
  Chunks chunks(step, task, Chunks::Kind::Repeatable);
  while (chunks.take()) {
    compute(chunks.begin, chunks.end);
    if (!chunks.mayCommit())
      continue;
    commit(chunks.begin, chunks.end);
    chunks.done();
  }
}

/// Calls body() on thread 0, whose stack it may use; `sync` waits for that as for any other call.
template <class Body>
[[gnu::always_inline]] inline void onCaller(const StepState &step, Body &&body) {
  Chunks chunks(step, {1}, Chunks::Kind::OfCaller);
  while (chunks.take()) {
    body();
    chunks.done();
  }
}

// Number types as they are stored.
struct F32 {
  using storage = float;
};
struct F16 {
  using storage = uint16_t;
};
struct BF16 {
  using storage = uint16_t;
};
// Whole numbers in groups of 32 columns that share a scale. They exist in panels only.
struct Int8 {
  using storage = uint8_t;
};
struct Int4 {
  using storage = uint8_t;
};
// Whole numbers from -127 to 127 in rows that share a scale. They exist in caches only.
struct Int8Rows {
  using storage = int8_t;
};

/// Host memory. Each memory has such a namespace, and its references are types of their own: a
/// kernel of one processor does not take a reference into another's memory.
namespace host {

template <class T> struct Reference {
  uint64_t offset; // from the start of the arena
  using storage = typename T::storage;
  [[gnu::always_inline]] storage *at(const StepState &step) const {
    return reinterpret_cast<storage *>(step.host + offset);
  }
};

/// [rows, Columns] that may be rounded to bf16 by the kernel that writes them: all that reads them
/// are products that would round them. As f32 they lie like any other rows; as bf16 they begin
/// `Stride` values apart.
template <int64_t Columns, int64_t Stride> struct RoundedRows {
  uint64_t offset; // from the start of the arena
};

/// [rows, Columns], row by row: activations, and tables of which single rows are read. Rows begin
/// `Stride` values apart: more than there are columns where they are a part of wider ones.
template <class T, int64_t Columns, int64_t Stride = Columns> struct Rows : Reference<T> {
  using Type = T;
  static constexpr int64_t RowStride = Stride;
  [[gnu::always_inline]] typename T::storage *row(const StepState &step, int64_t index) const {
    return this->at(step) + index * Stride;
  }
  /// `Count` columns from `First` on.
  template <int64_t First, int64_t Count>
  [[gnu::always_inline]] constexpr Rows<T, Count, Stride> columns() const {
    static_assert(First >= 0 && Count > 0 && First + Count <= Columns);
    return {{this->offset + First * sizeof(typename T::storage)}};
  }
  /// A cache line lies between two of them, since rows a power of two apart would share few places
  /// of the caches.
  [[gnu::always_inline]] constexpr auto rounded() const {
    static_assert(std::is_same_v<T, F32> && Stride == Columns);
    return RoundedRows<Columns, Columns + (Columns < 32 ? 0 : 32)>{this->offset};
  }
  /// Each has the first half of the bytes that it has as f32: for kernels that write where they
  /// read.
  [[gnu::always_inline]] constexpr auto roundedInPlace() const {
    static_assert(std::is_same_v<T, F32> && Stride == Columns);
    return RoundedRows<Columns, 2 * Columns>{this->offset};
  }
};

// Weights arrive while the first step runs, so each is awaited before it is read. Of a matrix that
// is for who reads it, a part at a time: it says where it lies and not that anything is there.

/// A weight matrix [RowCount, Columns], row by row.
template <class T, int64_t RowCount, int64_t Columns> struct Matrix : Rows<T, Columns> {
  using storage = typename T::storage;
  storage *at(const StepState &step) const = delete;
  [[gnu::always_inline]] storage *address(const StepState &step) const {
    return Reference<T>::at(step);
  }
};

/// Where attention of one token is divided by positions, too, there is a piece for so many of them,
/// but no more pieces than the plan has room for.
inline constexpr int64_t LeastPiece = 64;

/// What pieces of sequences gave: f32 [Sequences][KeyHeads][Most][Group][Dim + 2], for each query
/// head its sum of values, its largest score, and the sum of the weights. For teams of at least
/// `Threads`, and for a thread that is alone.
template <int64_t KeyHeads, int64_t Group, int64_t Dim, int64_t Most, int64_t Threads,
          int64_t Sequences = 1>
struct Pieces : Reference<F32> {
  /// Of the query heads that share a key head.
  [[gnu::always_inline]] float *of(const StepState &step, int64_t token, int64_t head,
                                   int64_t piece) const {
    return at(step) + ((token * KeyHeads + head) * Most + piece) * (Group * (Dim + 2));
  }
};

/// Outputs of LibTorch's products come to threads in such groups: it is slow with fewer.
inline constexpr int64_t TorchGroup = 64;

/// Room for products of LibTorch with weights of bf16: rows of at most `Inputs` columns that go in,
/// and for each thread rows of at most `Outputs` columns that come out, in whole groups.
template <int64_t Inputs, int64_t Outputs> struct TorchRows {
  uint64_t in, out; // from the start of the arena
};

/// [Count]: the weight of a norm, a bias.
template <class T, int64_t Count> struct Vector : Reference<T> {
  /// It is there then.
  [[gnu::always_inline]] typename T::storage *at(const StepState &step) const {
    typename T::storage *values = Reference<T>::at(step);
    step.await(values, Count * static_cast<int64_t>(sizeof(*values)));
    return values;
  }
};

/// A weight matrix [RowCount, Columns] in panels of 32 rows, so that a thread reads one stream and
/// a load holds one column of many rows:
///   f32, f16  [panel][column][32 rows]
///   bf16      [panel][column / 2][32 rows][2 columns]
///   int8      [panel][column / 32] groups of 1088 bytes: [32 rows] f16 scales,
///             [column / 4][32 rows][4 columns] bytes
///   int4      [panel] first [32 rows] f32 scales, then [column / 64] bundles of 1088 bytes:
///             [2 groups][32 rows] signed bytes, scales as parts of the row's, and
///             [2 groups][column / 8][32 rows][4] bytes, of which byte b holds column b in its low
///             half and column 4 + b in its high half
/// Rows are padded to a multiple of 32, and the columns of bf16 to a multiple of 2, with zeros. So
/// are those of groups and bundles, as far as whole numbers can say zero: kernels multiply them by
/// zero.
/// What the numbers of a group mean is stated in templates/cpu/quantized.h.
template <class T, int64_t RowCount, int64_t Columns> struct Panels : Reference<T> {
  using storage = typename T::storage;
  storage *at(const StepState &step) const = delete;
  [[gnu::always_inline]] storage *address(const StepState &step) const {
    return Reference<T>::at(step);
  }
};
inline constexpr int64_t PanelRows = 32;

/// What is asked for that much ahead is read soon enough for the first cache.
inline constexpr int64_t SoonBytes = 4096;

/// So many numbers of a row a thread may keep on its stack.
inline constexpr int64_t StackColumns = 16384;

/// Keys or values of one layer: [Sequences][Heads][Context][Dim].
template <class T, int64_t Heads, int64_t Context, int64_t Dim, int64_t Sequences = 1>
struct Cache : Reference<T> {
  /// Of one sequence: [Heads][Context][Dim].
  [[gnu::always_inline]] typename T::storage *of(const StepState &step, uint32_t sequence) const {
    return this->at(step) + (Sequences == 1 ? 0 : sequence * (Heads * Context * Dim));
  }
};

/// The same in whole numbers. Before them, where they are aligned whatever the sizes are, lie the
/// rows' scales: f32 [Sequences][Heads][Context]. A number is its row's scale times what is stored.
template <int64_t Heads, int64_t Context, int64_t Dim, int64_t Sequences>
struct Cache<Int8Rows, Heads, Context, Dim, Sequences> : Reference<Int8Rows> {
  [[gnu::always_inline]] int8_t *of(const StepState &step, uint32_t sequence) const {
    constexpr int64_t ScaleBytes =
        Sequences * Heads * Context * static_cast<int64_t>(sizeof(float));
    return at(step) + ScaleBytes + (Sequences == 1 ? 0 : sequence * (Heads * Context * Dim));
  }
  /// Of one sequence: [Heads][Context].
  [[gnu::always_inline]] float *scales(const StepState &step, uint32_t sequence) const {
    return reinterpret_cast<float *>(step.host + offset) +
           (Sequences == 1 ? 0 : sequence * (Heads * Context));
  }
};

} // namespace host
} // namespace ashlar
