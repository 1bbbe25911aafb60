/// Packs the values of a block into a frame: the lowest place where a value meets no other that
/// is live with it. An elementwise op writes over an input that dies there.
#include "compiler/place/Units.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

namespace ashlar {

static constexpr uint64_t ValueAlignment = 64; // a cache line, and a vector register

/// Ops that read and write element by element, or head by head: their result may stand where an
/// input stood.
static bool elementwise(const Op &op) {
  switch (op.kind) {
  case OpKind::RmsNorm:
    return op.heads != 0;
  case OpKind::Rotate:
  case OpKind::Glu:
  case OpKind::Activate:
  case OpKind::Add:
  case OpKind::Multiply:
    return true;
  default:
    return false;
  }
}

static Bytes valueSize(uint64_t rows, uint64_t columns) {
  return Bytes(alignUp(rows * columns * sizeof(float), ValueAlignment));
}

namespace {
struct Life {
  uint32_t first, last;
};
} // namespace

static std::vector<Life> lives(const Block &block) {
  std::vector<Life> life(block.values.size(), {0, 0});
  for (auto [at, op] : llvm::enumerate(block.ops)) {
    life[index(op.result)].first = life[index(op.result)].last = at;
    for (ValueId input : op.inputs) {
      life[index(input)].last = at;
      if (const std::optional<Part> &part = block.values[index(input)].part)
        life[index(part->of)].last = at;
    }
  }
  return life;
}

/// Whether the block's result can be written straight to its stream: no op needs the stream's old
/// rows when the result is written, or the result is written element by element over them.
static bool writesStream(const Block &block, const std::vector<Life> &life) {
  const Op &end = block.ops.back();
  for (auto [at, stream] : llvm::enumerate(block.inputs))
    if (stream == block.output)
      return life[at].last < block.ops.size() - 1 || elementwise(end);
  return true;
}

plan::Frame packFrame(const Block &block, Sizes sizes) {
  plan::Frame frame;
  frame.name = block.kind;
  std::vector<Life> life = lives(block);
  ValueId result = block.ops.back().result;
  bool resultInStream = writesStream(block, life);
  if (!resultInStream)
    life[index(result)].last = block.ops.size(); // copied to the stream after the last op

  std::vector<std::pair<ValueId, size_t>> placed; // block's value -> frame's value
  for (auto [at, op] : llvm::enumerate(block.ops)) {
    const Value &value = block.values[index(op.result)];
    if (op.result == result && resultInStream)
      continue;
    plan::Value v;
    v.name = value.name;
    v.rows = value.lastOnly ? sizes.batch : sizes.rows();
    v.columns = value.columns;
    v.size = valueSize(v.rows, v.columns);
    v.first = life[index(op.result)].first;
    v.last = life[index(op.result)].last;

    const plan::Value *over = nullptr;
    if (elementwise(op))
      for (ValueId input : op.inputs)
        for (auto [id, where] : placed)
          if (id == input && frame.values[where].last == at && frame.values[where].size == v.size)
            over = over ? over : &frame.values[where];
    if (over) {
      v.inPlace = true;
      v.offset = over->offset;
    } else {
      std::vector<const plan::Value *> live;
      for (const plan::Value &other : frame.values)
        if (other.first <= v.last && v.first <= other.last)
          live.push_back(&other);
      llvm::sort(live, [](auto *a, auto *b) { return a->offset < b->offset; });
      for (const plan::Value *other : live)
        if (v.offset < other->offset + other->size.value && other->offset < v.offset + v.size.value)
          v.offset = other->offset + other->size.value;
    }
    frame.size = std::max(frame.size, Bytes(v.offset) + v.size);
    placed.push_back({op.result, frame.values.size()});
    frame.values.push_back(std::move(v));
  }
  return frame;
}

static plan::Value streamValue(const Stream &stream, Sizes sizes) {
  plan::Value v;
  v.name = stream.name;
  v.rows = stream.lastOnly ? sizes.batch : sizes.rows();
  v.columns = std::max<uint64_t>(stream.columns, 1); // an id has the bytes of a float
  v.size = valueSize(v.rows, v.columns);
  return v;
}

plan::Frame streamFrame(const Model &model, const std::vector<bool> &streams, bool host,
                        Sizes sizes) {
  plan::Frame frame;
  frame.name = "stream";
  frame.streams = true;
  for (auto [stream, used] : llvm::zip_equal(model.streams, streams)) {
    if (!used || (host && stream.columns == 0))
      continue;
    plan::Value v = streamValue(stream, sizes);
    v.offset = frame.size.value;
    frame.size += v.size;
    frame.values.push_back(std::move(v));
  }
  return frame;
}

Bytes streamBytes(const Stream &stream, uint64_t tokens, uint64_t sequences) {
  uint64_t rows = stream.lastOnly ? sequences : tokens;
  return Bytes(rows * std::max<uint64_t>(stream.columns, 1) * sizeof(float));
}

Bytes streamFrameBytes(const Stream &stream, Sizes sizes) {
  return streamValue(stream, sizes).size;
}

} // namespace ashlar
