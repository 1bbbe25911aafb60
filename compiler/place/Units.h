/// Cost: what each unit of a model needs, in bytes and in time on every processor.
///
/// A unit is one block of the model. Its weights are counted in the layout and type in which they
/// will be stored, its cache for the whole context, its activations for a full chunk.
#pragma once

#include "compiler/Request.h"
#include "compiler/machine/Machine.h"
#include "compiler/plan/Plan.h"
#include "compiler/spec/Model.h"

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
  Bytes read; // of memory, for all tokens together
  double flops = 0;
};

struct CacheShape {
  DataType type = DataType::F32;
  uint64_t heads = 0, context = 0, dim = 0;
  Bytes size; // of keys, and of values
};

struct Unit {
  uint32_t block = 0;
  std::vector<StoredWeight> stored;
  std::vector<WeightId> shares; // read here, stored with another unit
  Bytes weights;                // the extent of what is stored
  std::optional<CacheShape> cache;
  plan::Frame frame; // its values and their places in the frame
  std::vector<Work> decode, prefill;
  std::vector<Nanos> decodeTime, prefillTime; // by processor
};

/// What a memory gives out: each unit's weights, each cache and each region starts at a page, so
/// that what a problem counts is what the arena takes.
inline constexpr uint64_t PageBytes = 4096;

/// The shape of a solution that everything else is counted for.
struct Sizes {
  uint64_t context = 0;
  uint64_t chunk = 0;
};

/// All units, in execution order; nothing when a processor has no rate for work that it would do.
std::optional<std::vector<Unit>> costUnits(const Model &model, const Machine &machine,
                                           const Request &request, Sizes sizes, Diagnostics &diags);

/// The values of a block, packed into a frame for `rows` tokens. Values that stand in a stream
/// have no place here.
plan::Frame packFrame(const Block &block, uint64_t rows);

/// What crosses blocks, as a frame of its own.
plan::Frame streamFrame(const Model &model, uint64_t rows);

/// `--emit=units`.
void print(const Model &model, const Machine &machine, const std::vector<Unit> &units,
           llvm::raw_ostream &out);

} // namespace ashlar
