#include "compiler/spec/Model.h"

#include "compiler/support/Files.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <charconv>

namespace ashlar {

llvm::StringRef name(OpKind kind) {
  constexpr llvm::StringLiteral Names[] = {"embed",  "positions", "angles", "rmsnorm", "layernorm",
                                           "linear", "rotate",    "attend", "glu",     "activate",
                                           "add",    "multiply",  "last"};
  return Names[static_cast<uint8_t>(kind)];
}

llvm::StringRef name(Activation activation) {
  constexpr llvm::StringLiteral Names[] = {"silu", "gelu",         "gelu_tanh", "gelu_quick",
                                           "relu", "relu_squared", "sigmoid",   "tanh"};
  return Names[static_cast<uint8_t>(activation)];
}

namespace {

/// The shortest text that reads back as the same number.
template <class Real> std::string exact(Real value) {
  char buffer[40];
  return std::string(buffer, std::to_chars(buffer, std::end(buffer), value).ptr);
}

class Printer {
public:
  Printer(const Model &model, llvm::raw_ostream &out) : model(model), out(out) {}

  void print() {
    out << "model " << model.spec;
    if (!model.className.empty())
      out << " : " << model.className;
    out << " layers=" << model.layers << " hidden=" << model.hidden;
    if (!model.input) {
      out << " vocabulary=" << model.vocabulary << " context=" << model.maxContext << " end=[";
      llvm::interleaveComma(model.endTokens, out);
      out << "]";
    }
    out << '\n';
    for (const Module &module : model.modules)
      print(module);
    for (const Weight &weight : model.weights)
      print(weight);
    for (const Buffer &buffer : model.buffers)
      print(buffer);
    for (const Prefix &prefix : model.prefixes) {
      out << "prefix \"" << prefix.name << "\" or \"";
      llvm::interleave(prefix.others, out, "\" or \"");
      out << "\"\n";
    }
    for (const Ignored &ignored : model.ignored)
      out << "ignore \"" << ignored.pattern << "\"\n";
    for (const Rope &rope : model.ropes)
      print(rope);
    for (auto [at, stream] : llvm::enumerate(model.streams))
      print(stream, model.input == static_cast<StreamId>(at));
    for (const Block &block : model.blocks)
      print(block);
  }

private:
  void print(const Module &module) {
    out << "module " << module.path;
    if (!module.className.empty())
      out << " : " << module.className;
    out << (llvm::is_contained(model.noSplit, module.className) ? " nosplit\n" : "\n");
  }

  void print(const Weight &weight) {
    out << "weight " << weight.name << " [";
    llvm::interleaveComma(weight.shape, out);
    out << "] \"" << weight.tensor << "\" " << ashlar::name(weight.type);
    if (weight.transposed)
      out << " transposed";
    if (weight.parameter != weight.tensor)
      out << " of \"" << weight.parameter << '"';
    if (weight.tiedTo)
      out << " tied to " << model.weight(*weight.tiedTo).name;
    out << '\n';
  }

  void print(const Buffer &buffer) {
    out << "buffer \"" << buffer.tensor << "\" [";
    llvm::interleaveComma(buffer.shape, out);
    out << "] " << buffer.type << (buffer.persistent ? " persistent\n" : "\n");
  }

  void print(const Rope &rope) {
    out << "rope " << rope.name << " dims=" << rope.dims << " amplitude=" << exact(rope.amplitude)
        << " frequencies=[";
    llvm::interleaveComma(rope.frequencies, out, [&](float f) { out << exact(f); });
    out << "]\n";
  }

  void print(const Stream &stream, bool isInput) {
    out << (isInput ? "input " : "stream ") << stream.name;
    if (stream.columns)
      out << " columns=" << stream.columns;
    out << (stream.lastOnly ? " last\n" : "\n");
  }

  void print(const Block &block) {
    out << "block " << block.name << ' ';
    llvm::interleaveComma(block.inputs, out, [&](StreamId id) { out << model.stream(id).name; });
    out << (block.inputs.empty() ? "-> " : " -> ") << model.stream(block.output).name
        << " kind=" << block.kind;
    if (block.layer)
      out << " layer=" << *block.layer;
    out << " {\n";
    for (const Op &op : block.ops)
      print(block, op);
    out << "}\n";
  }

  void print(const Block &block, const Op &op) {
    out << "  " << block.values[index(op.result)].name << " ["
        << block.values[index(op.result)].columns
        << "] = " << (op.kind == OpKind::Activate ? name(op.activation) : name(op.kind));
    out << ' ';
    llvm::ListSeparator comma;
    if (op.kind == OpKind::Embed)
      out << comma << "ids";
    for (ValueId input : op.inputs) {
      const Value &value = block.values[index(input)];
      out << comma << (value.part ? block.values[index(value.part->of)] : value).name;
      if (value.part)
        out << '[' << value.part->first << ".." << value.part->first + value.columns << ']';
    }
    for (std::optional<WeightId> weight : {op.weight, op.bias})
      if (weight)
        out << comma << local(block, model.weight(*weight).name);
    if (op.kind == OpKind::Angles)
      out << model.ropes[op.rope].name;
    if (op.kind == OpKind::Glu)
      out << ' ' << name(op.activation);
    if (op.kind == OpKind::RmsNorm || op.kind == OpKind::LayerNorm)
      out << " eps=" << exact(op.eps);
    if (op.offset)
      out << " offset=" << op.offset;
    if (op.kind == OpKind::Rotate || (op.kind == OpKind::RmsNorm && op.heads))
      out << " heads=" << op.heads << " dim=" << op.headDim;
    if (op.kind == OpKind::Attend)
      out << " heads=" << op.heads << " kv=" << op.kvHeads << " dim=" << op.headDim
          << " scale=" << exact(op.scale);
    if (op.window)
      out << " window=" << op.window;
    out << '\n';
  }

  // A weight of the block's own layer goes by its last name: no name hides another.
  static llvm::StringRef local(const Block &block, llvm::StringRef weight) {
    size_t scope = llvm::StringRef(block.name).rfind('.');
    if (scope != llvm::StringRef::npos)
      weight.consume_front(llvm::StringRef(block.name).take_front(scope + 1));
    return weight;
  }

  const Model &model;
  llvm::raw_ostream &out;
};

} // namespace

void print(const Model &model, llvm::raw_ostream &out) { Printer(model, out).print(); }

std::string digest(const Model &model) {
  std::string text;
  llvm::raw_string_ostream out(text);
  print(model, out);
  return digest(llvm::StringRef(text));
}

} // namespace ashlar
