/// Cost: what each unit of a model needs, in bytes and in time on every processor.
///
/// A unit is one block of the model. Its weights are counted in the layout and type in which they
/// will be stored, its cache for the whole context, its activations for a full chunk.
#pragma once

#include "compiler/Request.h"
#include "compiler/machine/Machine.h"
#include "compiler/plan/Plan.h"
#include "compiler/spec/Model.h"

#include <algorithm>
#include <iterator>

namespace ashlar {

/// A weight as it will be stored, once, with the unit that uses it first.
struct StoredWeight {
  WeightId weight{};
  DataType type = DataType::F32;
  plan::Layout layout = plan::Layout::Panels;
  uint64_t rows = 0, columns = 0;
  Bytes size;
};

/// A piece of work as the machine's rates count it.
struct Work {
  Kernel kernel = Kernel::Elementwise;
  DataType type = DataType::F32;
  Provider provider = Provider::Native;
  Bytes read; // of memory, for all tokens together
  double flops = 0;
};

struct CacheShape {
  DataType type = DataType::F32;
  uint64_t sequences = 0, heads = 0, context = 0, dim = 0;
  Bytes size; // of keys, and of values
};

/// How the kernels of a kind of processor want matrices that are not quantized: in panels on a cpu
/// and on what is emulated by one, in rows on a GPU.
enum class Form : uint8_t { Panels, Rows };
inline constexpr Form Forms[] = {Form::Panels, Form::Rows};
Form formFor(ProcessorKind kind);

/// How the values of a weight are stored, in the form of a cpu.
struct StoredAs {
  plan::Layout layout = plan::Layout::Panels;
  DataType type = DataType::F32;
};

/// By weight. A pattern of the request that speaks of no weight of a product is the user's error.
std::optional<std::vector<StoredAs>> storedAs(const Model &model, const Request &request,
                                              Diagnostics &diags);
StoredWeight store(const Model &model, WeightId id, StoredAs as, Form form);

/// A unit in the form of one kind of processor.
struct UnitForm {
  std::vector<StoredWeight> stored;
  Bytes weights; // the extent of what is stored
  std::vector<Work> decode, prefill;
};

/// Room for LibTorch's products with weights of bf16: the widest rows that go in, rounded, and
/// those that come out, of which each thread has its own columns.
struct TorchScratch {
  uint64_t inputs = 0, outputs = 0;

  void add(uint64_t rows, uint64_t columns);
  /// Columns that a thread has room for.
  uint64_t outputsOfThread(uint64_t threads) const;
  Bytes bytesIn(uint64_t chunk) const;
  Bytes bytes(uint64_t chunk, uint64_t threads) const;
};

/// The shape of a solution that everything else is counted for.
struct Sizes {
  uint64_t context = 0; // tokens of a sequence; 0 for a model that reads rows
  uint64_t chunk = 0;   // tokens of a prefill step, of one sequence; rows of a step
  uint64_t batch = 1;   // sequences, each with one token in a decode step

  /// Tokens that activations have room for.
  uint64_t rows() const { return std::max(chunk, batch); }
};

/// In how many pieces attention of one token cuts a sequence at most, so that there is something
/// for each thread: 1, where key heads are enough, and it does not.
uint64_t attentionPieces(const Op &op, Sizes sizes, uint64_t threads);
/// The room that it needs then: none for 1.
Bytes pieceBytes(const Op &op, Sizes sizes, uint64_t threads);

struct Unit {
  uint32_t block = 0;
  Provider provider = Provider::Native; // of products of several rows
  TorchScratch scratch;
  Bytes pieces; // room for attention by pieces
  UnitForm forms[std::size(Forms)];
  std::vector<WeightId> shares; // read here, stored with another unit
  std::optional<CacheShape> cache;
  plan::Frame frame; // its values and their places in the frame
  /// By processor. Of a model that reads rows: of one of them, and of a full step.
  std::vector<Nanos> decodeTime, prefillTime;

  const UnitForm &form(ProcessorKind kind) const { return forms[size_t(formFor(kind))]; }
};

/// What a memory gives out: each unit's weights, each cache and each region starts at a page, so
/// that what a problem counts is what the arena takes.
inline constexpr uint64_t PageBytes = 4096;
inline Bytes pages(Bytes bytes) { return Bytes(alignUp(bytes.value, PageBytes)); }

/// Tokens of the workload's prompt, or rows: those that there is room for.
uint64_t promptOf(const Model &model, const Request &request, Sizes sizes);

/// Whether prefill rounds rows to bf16 on the cpu, for products with weights of bf16: where that is
/// faster, unless the request wants them in f32.
bool roundsToBF16(const Machine &machine, const Request &request);

/// How far ahead the cpu's products of one row ask for weights, of the types that units have.
ByType<uint32_t> aheadByType(const Machine &machine, const std::vector<Unit> &units);

/// Whether a product can be LibTorch's: of several rows, with weights of a type that it multiplies.
bool isForTorch(const Model &model, const Block &block, const Op &op,
                const std::vector<StoredAs> &as, const Request &request);
/// Whether some of a block's can be: on a cpu alone, in steps of several rows.
bool canUseTorch(const Model &model, const Block &block, const std::vector<StoredAs> &as,
                 const Machine &machine, const Request &request, Sizes sizes);

/// All units, in execution order; nothing when a processor has no rate for work that it would do.
std::optional<std::vector<Unit>> costUnits(const Model &model, const Machine &machine,
                                           const Request &request, Sizes sizes, Diagnostics &diags);

/// The values of a block, packed into a frame. Values that stand in a stream have no place here.
plan::Frame packFrame(const Block &block, Sizes sizes);

/// What crosses blocks, as a frame of its own for each memory: `streams` that are used there. The
/// token ids have a region of their own in the memory that they come from.
plan::Frame streamFrame(const Model &model, const std::vector<bool> &streams, bool host,
                        Sizes sizes);

/// The bytes of a stream's rows when they cross: tokens of a step, in f32 or ids.
Bytes streamBytes(const Stream &stream, uint64_t tokens, uint64_t sequences);
/// The bytes of its place in a frame.
Bytes streamFrameBytes(const Stream &stream, Sizes sizes);

/// `--emit=units`.
void print(const Model &model, const Machine &machine, const std::vector<Unit> &units,
           llvm::raw_ostream &out);
void printJson(const Model &model, const Machine &machine, const std::vector<Unit> &units,
               llvm::raw_ostream &out);

} // namespace ashlar
