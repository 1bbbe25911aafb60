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
};

/// A tensor of the reference implementation that is no parameter. Nothing here reads its values:
/// device maps count its bytes.
struct Buffer {
  std::string tensor; // "model.rotary_emb.inv_freq"
  std::vector<uint64_t> shape;
  std::string type; // torch's name: "float32"
  uint64_t bits = 0;
  bool persistent = false; // stored in checkpoints
};

/// Tensors under a module's name may be stored under another, or without any: "" and "language."
/// end with their dot.
struct Prefix {
  std::string name; // "transformer."
  std::vector<std::string> others;
  llvm::SMLoc declared;
};

/// Tensors that the model does not read.
struct Ignored {
  std::string pattern;
  llvm::SMLoc declared;
};

struct Weight {
  std::string name;      // the spec's: "layers.3.q"
  std::string parameter; // the reference's: "model.layers.3.self_attn.q_proj.weight"
  std::string tensor;    // the checkpoint's; bind finds it where it differs from the reference's
  std::vector<uint64_t> shape;    // [rows, columns] or [columns]
  bool transposed = false;        // the checkpoint holds [columns, rows]
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

/// A value that crosses blocks: [tokens, columns] in f32, or the token ids. In a model that reads
/// rows instead of tokens, each row is a token of its own.
struct Stream {
  std::string name;      // "x", "logits"
  uint64_t columns = 0;  // 0 for the token ids
  bool lastOnly = false; // one row instead of one for each token: logits
};

enum class OpKind : uint8_t {
  Embed,     // ids -> rows of a table
  Positions, // positions -> rows of a table
  Angles,    // positions -> cosines and sines of a rope, [tokens, dims]
  RmsNorm,   // value, weight, eps: of each row, or of each head
  LayerNorm, // value, optional weight, optional bias, eps
  Linear,    // value, weight [rows, columns], optional bias
  Rotate,    // value, rope's stream
  Attend,    // q, k, v: appends k and v to the layer's cache and attends over it
  Glu,       // gate, up -> activation(gate) * up
  Activate,  // value
  Add,       // value, value
  Multiply,  // value, value
  Last,      // the row whose logits are wanted
};

/// What is done to each number alone.
enum class Activation : uint8_t {
  Silu,
  Gelu,
  GeluTanh,
  GeluQuick,
  Relu,
  ReluSquared,
  Sigmoid,
  Tanh,
};

/// Consecutive columns of another value: a view, without bytes of its own.
struct Part {
  ValueId of; // no part itself
  uint64_t first = 0;
  bool operator==(const Part &) const = default;
};

/// A value of one block: [tokens, columns] in f32. Views (heads, merge) share their value.
struct Value {
  std::string name; // the spec's variable, or the weight or op that made it: unique in its block
  uint64_t columns = 0;
  bool lastOnly = false;
  std::optional<StreamId> stream = {}; // set for a block's inputs, and for its result
  std::optional<Part> part = {};
};

struct Op {
  OpKind kind;
  llvm::SmallVector<ValueId, 3> inputs; // empty for Embed, Positions and Angles
  ValueId result;
  std::optional<WeightId> weight;
  std::optional<WeightId> bias;
  Activation activation = {}; // Activate, Glu
  double eps = 0;             // RmsNorm, LayerNorm
  uint32_t rope = 0;          // Angles, Rotate: an index into Model::ropes
  uint64_t heads = 0;   // of the value: Rotate, Attend (of queries), RmsNorm (0: of whole rows)
  uint64_t kvHeads = 0; // Attend
  uint64_t headDim = 0; // Rotate, Attend, RmsNorm of heads
  double scale = 0;     // Attend: of the scores
  uint64_t window = 0;  // Attend: positions that a token sees, its own included; 0: all before it
  uint64_t offset = 0;  // Positions: the row of position 0
};

/// Where a piece of a block comes from: placement cuts blocks whose weights have several places.
struct Piece {
  std::string whole;    // the block's name
  uint32_t firstOp = 0; // of the whole block's ops
};

struct Block {
  std::string name; // "layers.3.attention", "embed"
  std::string kind; // "attention": blocks of equal kind and shape share their code
  std::optional<uint32_t> layer;
  std::optional<Piece> piece;            // empty: a whole block
  llvm::SmallVector<StreamId, 2> inputs; // values[0], values[1], …
  StreamId output;
  std::vector<Value> values; // inputs first
  std::vector<Op> ops;       // in order; the last one's result is the block's
};

struct Model {
  std::string spec;      // the spec's name: "llama"
  std::string className; // of the whole: "LlamaForCausalLM"
  uint64_t layers = 0;
  uint64_t hidden = 0;
  uint64_t vocabulary = 0;
  uint64_t maxContext = 0; // what the model was made for
  std::vector<int64_t> endTokens;
  std::vector<Module> modules;
  std::vector<std::string> noSplit; // classes whose modules device maps keep whole
  std::vector<Weight> weights;
  std::vector<Buffer> buffers;
  std::vector<Prefix> prefixes;
  std::vector<Ignored> ignored;
  std::vector<Rope> ropes;
  std::vector<Stream> streams;
  std::optional<StreamId> input; // the rows that it reads; nothing: it reads token ids
  std::vector<Block> blocks;

  const Weight &weight(WeightId id) const { return weights[index(id)]; }
  /// The weight whose bytes this one uses: itself, unless it is tied.
  WeightId stored(WeightId id) const { return weight(id).tiedTo.value_or(id); }
  const Stream &stream(StreamId id) const { return streams[index(id)]; }
  /// What the last block writes is what the model computes.
  const Stream &output() const { return stream(blocks.back().output); }
};

llvm::StringRef name(OpKind kind);
llvm::StringRef name(Activation activation);

/// The weights that a block reads, each once, in order of first use, tied ones as stored.
llvm::SmallVector<WeightId, 8> weightsOf(const Model &model, const Block &block);

/// Whether two blocks differ in their weights' and streams' places only, so that one piece of code
/// serves both.
bool sameShape(const Model &model, const Block &a, const Block &b);

/// The text of `--emit=model`; its digest names the model in plans and packs.
void print(const Model &model, llvm::raw_ostream &out);
std::string digest(const Model &model);

} // namespace ashlar
