/// What is computed: a spec bound to one checkpoint's config, every shape a number.
///
/// A model is a list of blocks in execution order. A block is the unit of placement: it reads
/// model-level values (streams), runs its ops over values of its own, and writes one stream. The
/// model says nothing about where or when: that is the plan's.
#pragma once

#include "compiler/support/DataType.h"
#include "compiler/support/Quantity.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/SMLoc.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ashlar {

enum class WeightId : uint32_t {};
enum class StreamId : uint32_t {};
enum class ValueId : uint32_t {}; // an index into one block's values
template <class Id> constexpr uint32_t index(Id id) { return static_cast<uint32_t>(id); }

/// A named scope of the reference implementation, in its definition order: device maps and
/// no-split rules are stated over these.
struct Module {
  std::string path;      // "model.layers.3"
  std::string className; // "LlamaDecoderLayer"
  bool noSplit = false;
};

struct Weight {
  std::string name;               // the spec's: "layers.3.q"
  std::string tensor;             // the checkpoint's: "model.layers.3.self_attn.q_proj.weight"
  std::vector<uint64_t> shape;    // as in the checkpoint: [rows, columns] or [columns]
  std::optional<WeightId> tiedTo; // stored once, as that weight
  DataType type = DataType::F32;  // as stored in the checkpoint; known after bind
  llvm::SMLoc declared;
};

/// How positions are rotated: the frequencies of one rope, and a factor on cosine and sine.
struct Rope {
  std::string name;               // the stream that carries its cosines and sines
  uint64_t dims = 0;              // of each head, rotated in the half-split style
  std::vector<float> frequencies; // dims / 2
  float amplitude = 1;
};

/// A value that crosses blocks: [tokens, columns] in f32, or the token ids.
struct Stream {
  std::string name;      // "x", "logits"
  uint64_t columns = 0;  // 0 for the token ids
  bool lastOnly = false; // one row instead of one for each token: logits
};

enum class OpKind : uint8_t {
  Embed,    // ids -> rows of a table
  Angles,   // positions -> cosines and sines of a rope, [tokens, dims]
  RmsNorm,  // value, weight, eps
  Linear,   // value, weight [rows, columns], optional bias
  Rotate,   // value, rope's stream
  Attend,   // q, k, v: appends k and v to the layer's cache and attends over it
  Glu,      // gate, up -> silu(gate) * up
  Silu,     // value
  Add,      // value, value
  Multiply, // value, value
  Last,     // the row whose logits are wanted
};

/// A value of one block: [tokens, columns] in f32. Views (heads, merge) share their value.
struct Value {
  std::string name; // the spec's variable, or the weight or op that made it: unique in its block
  uint64_t columns = 0;
  bool lastOnly = false;
  std::optional<StreamId> stream; // set for a block's inputs, and for its result
};

struct Op {
  OpKind kind;
  llvm::SmallVector<ValueId, 3> inputs; // empty for Embed and Angles
  ValueId result;
  std::optional<WeightId> weight;
  std::optional<WeightId> bias;
  double eps = 0;       // RmsNorm
  uint32_t rope = 0;    // Angles, Rotate: an index into Model::ropes
  uint64_t heads = 0;   // Rotate: heads of the value; Attend: query heads
  uint64_t kvHeads = 0; // Attend
  uint64_t headDim = 0; // Rotate, Attend
  double scale = 0;     // Attend: of the scores
};

/// Where a part of a block comes from: placement cuts blocks whose weights have several places.
struct Part {
  std::string whole;    // the block's name
  uint32_t firstOp = 0; // of the whole block's ops
};

struct Block {
  std::string name; // "layers.3.attention", "embed"
  std::string kind; // "attention": blocks of equal kind and shape share their code
  std::optional<uint32_t> layer;
  std::optional<Part> part;              // empty: a whole block
  llvm::SmallVector<StreamId, 2> inputs; // values[0], values[1], …
  StreamId output;
  std::vector<Value> values; // inputs first
  std::vector<Op> ops;       // in order; the last one's result is the block's
};

struct Model {
  std::string spec; // the spec's name: "llama"
  uint64_t layers = 0;
  uint64_t hidden = 0;
  uint64_t vocabulary = 0;
  uint64_t maxContext = 0; // what the model was made for
  std::vector<int64_t> endTokens;
  std::vector<Module> modules;
  std::vector<Weight> weights;
  std::vector<std::string> ignored; // patterns of tensors that the model does not read
  std::vector<Rope> ropes;
  std::vector<Stream> streams;
  std::vector<Block> blocks;

  const Weight &weight(WeightId id) const { return weights[index(id)]; }
  /// The weight whose bytes this one uses: itself, unless it is tied.
  WeightId stored(WeightId id) const { return weight(id).tiedTo.value_or(id); }
  const Stream &stream(StreamId id) const { return streams[index(id)]; }
};

llvm::StringRef name(OpKind kind);

/// The weights that a block reads, each once, in order of first use, tied ones as stored.
llvm::SmallVector<WeightId, 8> weightsOf(const Model &model, const Block &block);

/// Whether two blocks differ in their weights' and streams' places only, so that one piece of code
/// serves both.
bool sameShape(const Model &model, const Block &a, const Block &b);

/// The text of `--emit=model`; its digest names the model in plans and packs.
void print(const Model &model, llvm::raw_ostream &out);
std::string digest(const Model &model);

} // namespace ashlar
