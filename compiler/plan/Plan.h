/// All decisions about one model on one machine: where every byte lives, who computes each unit in
/// each phase, when it is fetched. The plan is made once, printed, verified by a reader of its own,
/// and translated; nothing after it decides anything.
///
/// Names come from the spec and the machine. Within a plan things refer to each other by index;
/// the text refers by name.
#pragma once

#include "compiler/support/DataType.h"
#include "compiler/support/Diagnostics.h"
#include "compiler/support/Provider.h"
#include "compiler/support/Quantity.h"

#include <optional>
#include <string>
#include <vector>

namespace ashlar::plan {

/// A named run of bytes of one memory. Regions of a memory do not overlap.
struct Region {
  std::string name; // "host.weights"
  uint64_t offset = 0;
  Bytes size;
  bool slot = false; // weights come and go here
};

struct Memory {
  std::string name;
  Bytes capacity;
  Bytes peak; // the end of the last region: what is allocated
  std::vector<Region> regions;
  Bytes outside; // of all regions: what LibTorch takes for itself
};

struct Processor {
  std::string name; // "cpu"
  std::string kind; // "cpu", "cuda", "emulated"
  uint32_t memory = 0;
  uint32_t threads = 1;
  std::vector<std::string> isa; // that the kernels are compiled for, sorted
  /// Steps of several rows round them to bf16 to multiply them by bf16 weights.
  bool bf16Products = false;
  /// By the type of weights in panels: how many bytes ahead products of one row ask for them.
  ByType<uint32_t> ahead;
};

/// A place in a region: the index of memory and region, and the offset in the region.
struct Place {
  uint32_t memory = 0;
  uint32_t region = 0;
  uint64_t offset = 0;
};

/// One activation: [rows, columns] of f32 at a place that it shares with others. Values of one
/// frame may share bytes when their lives do not meet: it is written by op `first` of its block and
/// last read by op `last`.
struct Value {
  std::string name;
  uint64_t rows = 0;
  uint64_t columns = 0;
  uint64_t offset = 0; // in the frame
  Bytes size;
  uint32_t first = 0, last = 0;
  /// The op `first` writes over the bytes of an input that it reads element by element.
  bool inPlace = false;
};

/// The activations of one kind of block in one memory, or of the streams that cross blocks. Only
/// one block runs at a time, so frames of blocks share their bytes; those of streams are apart.
struct Frame {
  std::string name; // a block's kind, or "stream"; with its memory where several have one
  bool streams = false;
  Place place;
  Bytes size;
  std::vector<Value> values;
};

enum class Layout : uint8_t { Rows, Vector, Panels };

struct Weight {
  std::string name;   // "layers.3.q"
  std::string tensor; // the checkpoint's name, quoted in the text
  DataType type = DataType::F32;
  Layout layout = Layout::Panels;
  uint64_t rows = 0, columns = 0; // a vector has one row
  Place place;
  Bytes size;              // padding of the layout included
  bool transposed = false; // the tensor is [columns, rows]
};

/// Keys and values of one layer, each [batch][heads][context][dim], rows of int8 scaled.
struct Cache {
  DataType type = DataType::F32;
  uint64_t heads = 0, context = 0, dim = 0;
  Place keys, values;
  Bytes size; // of each of the two
};

/// resident: the weights stay in the executor's memory. streamed: they stay in another memory and
/// are copied to a slot for each use. disk: they stay in the pack and are read for each use.
enum class State : uint8_t { Resident, Streamed, Disk };
inline constexpr State States[] = {State::Resident, State::Streamed, State::Disk};

/// Where the weights of a unit are brought for a use: its own, or those of one that it shares with.
struct Slot {
  uint32_t unit = 0;
  Place at;
};

/// A unit that is a piece of a block: from this op on.
struct Piece {
  std::string whole; // the block
  uint32_t firstOp = 0;
};

struct Unit {
  std::string name; // "layers.3.attention"
  std::string kind; // "attention"
  std::optional<uint32_t> layer;
  std::optional<Piece> piece;
  Bytes bytes;                      // of its weights
  std::optional<uint32_t> home;     // memory; nothing: the disk
  uint32_t decode = 0, prefill = 0; // processors
  /// Of its products of several rows. LibTorch's need the weights in rows, of f32 or bf16; all
  /// other products of the unit are native.
  Provider provider = Provider::Native;
  State state = State::Resident;
  std::optional<uint32_t> frame;  // nothing where the unit has no values of its own
  std::vector<std::string> reads; // streams
  std::string writes;             // stream
  std::string reason;
  std::vector<Weight> weights;     // stored with this unit; of the disk's: where they are brought
  std::vector<Slot> slots;         // of what is not resident
  std::vector<std::string> shares; // names of weights that it reads and another unit stores
  std::optional<Cache> cache;
};

enum class StepKind : uint8_t {
  Read, // a unit's weights from the pack to a place
  Copy, // a unit's weights from one memory to another
  Send, // a stream's rows from one memory to another
  Run,  // a unit on a processor
};

/// The steps of a phase are done in their order.
struct Step {
  StepKind kind = StepKind::Run;
  uint32_t unit = 0;                     // Read, Copy, Run
  uint32_t processor = 0;                // Run
  std::string stream;                    // Send
  uint32_t fromMemory = 0, toMemory = 0; // Send
  Place from, to;                        // Copy; Read has only `to`
  uint64_t packOffset = 0;               // Read
  Bytes bytes;                           // all but Run
  std::vector<uint32_t> after;           // units whose runs in this phase must be done before
};

/// A phase: "load" (once, at start), "prefill" (a chunk of a prompt), "decode" (one token); or
/// "load" and "forward" (a chunk of rows).
struct Phase {
  std::string name;
  uint64_t tokens = 0; // of a step at most, or rows; 0 for load
  std::vector<Step> steps;
};

struct Prediction {
  std::string phase;
  Nanos time;  // of a step
  Nanos bound; // no placement on this machine is faster
  std::string bottleneck;
};

struct Plan {
  std::string spec; // "llama"
  std::string modelDigest;
  std::string machine;
  uint64_t layers = 0, hidden = 0, vocabulary = 0;
  uint64_t context = 0, batch = 1, chunk = 0;
  /// The model reads rows that have nothing to do with each other, and so has no context,
  /// vocabulary or cache: a step takes a chunk of rows, in the phase "forward". Each unit's two
  /// processors are one.
  bool forward = false;
  uint64_t promptTokens = 0, generateTokens = 0; // the workload it was solved for; rows, and 0
  std::vector<int64_t> endTokens;
  std::vector<Memory> memories;
  std::vector<Processor> processors;
  std::vector<Frame> frames;
  std::vector<Unit> units; // in execution order
  std::vector<Phase> phases;
  std::vector<Prediction> predictions;

  const Region &region(const Place &place) const {
    return memories[place.memory].regions[place.region];
  }
  /// From the start of the memory.
  uint64_t address(const Place &place) const { return region(place).offset + place.offset; }
  const Phase *phase(llvm::StringRef name) const;
  const Processor *cpu() const; // null where it has none
  /// The memory of the cpu: token ids are there before a step, and what is wanted after it.
  std::optional<uint32_t> host() const;
  /// A region of that memory, by what follows the memory's name: "pieces" of host.pieces.
  std::optional<Place> hostRegion(llvm::StringRef name) const;
};

/// The text form: a contract (README.md of compiler/plan). Reads back to the same plan.
void print(const Plan &plan, llvm::raw_ostream &out);
std::string text(const Plan &plan);

/// Reads plan text that was added to `diags`. Malformed text is a user's error with a place.
std::optional<Plan> parsePlan(llvm::StringRef text, Diagnostics &diags);

/// One broken rule, in words: "value q of frame attention shares bytes 0..511 with a while both
/// are live".
struct Violation {
  std::string text;
};

/// Checks a plan by reading nothing but the plan: every weight has one home, every read comes
/// after its write or arrival, nothing live shares bytes, no slot is overwritten before its use,
/// every peak is within its capacity, every run has its inputs on its executor, the totals are
/// true. Empty: the plan is sound.
std::vector<Violation> verify(const Plan &plan);

/// The report for people: the table of memory, whose rows add up to the byte, placement by layer
/// range, predictions and what binds.
void printReport(const Plan &plan, llvm::raw_ostream &out);
void printReportJson(const Plan &plan, llvm::raw_ostream &out);

/// What a memory has in its regions and outside of them; the largest number where 64 bits do not
/// hold it.
Bytes takenOf(const Memory &memory);

/// Whether LibTorch computes products of several rows with a weight that a unit reads.
bool isForTorch(const Unit &unit, const Weight &weight);

llvm::StringRef name(Layout layout);
llvm::StringRef name(State state);
llvm::StringRef name(StepKind kind);

} // namespace ashlar::plan
