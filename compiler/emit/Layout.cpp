#include "compiler/emit/Files.h"
#include "compiler/emit/Template.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

namespace ashlar::emission {

static constexpr size_t CommentColumn = 84;
static constexpr size_t TableWidth = 96;

std::string withComment(std::string line, llvm::StringRef comment) {
  line.resize(std::max(line.size() + 1, CommentColumn), ' ');
  return line + "// " + comment.str() + "\n";
}

std::string layerRange(llvm::ArrayRef<uint32_t> layers) {
  if (layers.size() == 1)
    return llvm::formatv("{0}", layers.front());
  if (layers.back() - layers.front() == layers.size() - 1)
    return llvm::formatv("{0} to {1}", layers.front(), layers.back());
  std::string result;
  for (uint32_t layer : layers)
    result += llvm::formatv("{0}{1}", result.empty() ? "" : ", ", layer);
  return result;
}

static std::string values(const Names &names, const plan::Frame &frame) {
  std::string result;
  for (const plan::Value &value : frame.values) {
    std::string line =
        llvm::formatv("inline constexpr {0} {1}{{{2}};", names.valueType(value, frame.place),
                      value.name, names.plan.address(frame.place) + value.offset);
    result += withComment(line, llvm::formatv("[{0}, {1}]", value.rows, value.columns).str());
  }
  return result;
}

static std::string frames(const Names &names) {
  std::string result;
  for (const plan::Frame &frame : names.plan.frames) {
    if (frame.streams)
      continue;
    result += llvm::formatv("namespace {0} {{\n{1}} // namespace {0}\n", frame.name,
                            values(names, frame));
  }
  return result;
}

static std::string ropes(const Model &model) {
  std::string result;
  for (const Rope &rope : model.ropes) {
    result += llvm::formatv("inline constexpr float {0}[{1}] = {{\n    ", rope.name,
                            rope.frequencies.size());
    size_t width = 4;
    for (float frequency : rope.frequencies) {
      std::string number = floatLiteral(frequency) + ",";
      if (width + number.size() + 1 > TableWidth) {
        result += "\n    ";
        width = 4;
      }
      result += (width == 4 ? "" : " ") + number;
      width += number.size() + 1;
    }
    result += "\n};\n";
  }
  if (result.empty())
    return "";
  return "\n// Radians by which each pair of dimensions turns from one position to the next.\n"
         "namespace rope {\n" +
         result + "} // namespace rope\n";
}

static std::string weights(const Names &names) {
  std::string result;
  for (const plan::Unit &unit : names.plan.units)
    for (const plan::Weight &weight : unit.weights)
      if (!llvm::StringRef(weight.name).contains('.'))
        result += llvm::formatv("inline constexpr {0} {1}{{{2}};\n", names.weightType(weight),
                                weight.name, names.plan.address(weight.place));
  return result;
}

static std::string layers(const Names &names) {
  std::string result;
  for (const LayerShape &shape : names.shapes()) {
    result +=
        llvm::formatv("\n// Layers {0}: weights{2}.\nstruct {1} {{\n", layerRange(shape.layers),
                      shape.type, names.plan.forward ? "" : " and cache");
    for (const Member &member : names.members(shape))
      result += llvm::formatv("  {0} {1};\n", member.type, member.name);
    result += llvm::formatv("};\ninline constexpr {0} {1}[{2}] = {{\n", shape.type, shape.table,
                            shape.layers.size());
    for (uint32_t layer : shape.layers) {
      std::string row = "    {";
      size_t width = row.size();
      for (uint64_t offset : names.offsets(layer)) {
        std::string cell = llvm::formatv("{{{0}},", offset);
        if (width + cell.size() + 1 > TableWidth) {
          row += "\n     ";
          width = 5;
        } else if (width > 5) {
          row += " ";
          ++width;
        }
        row += cell;
        width += cell.size();
      }
      if (row.back() == ',')
        row.pop_back();
      result += row + "},\n";
    }
    result += "};\n";
  }
  return result;
}

static std::string pieces(const Names &names) {
  std::string result;
  for (auto [at, type] : llvm::enumerate(names.pieceTypes()))
    result += llvm::formatv("inline constexpr {0} {1}{{{2}};\n", type, Names::pieceName(at),
                            names.plan.address(*names.plan.hostRegion("pieces")));
  return result.empty()
             ? ""
             : "\n// What attention of one token keeps of the pieces of a sequence.\n" + result;
}

static std::string scratch(const Names &names) {
  TorchScratch scratch = names.torchScratch();
  if (!scratch.inputs)
    return "";
  const plan::Plan &plan = names.plan;
  uint64_t in = plan.address(*names.plan.hostRegion("torch"));
  return llvm::formatv("\n// Rows of bf16 that go into LibTorch, and those that come out of it.\n"
                       "inline constexpr host::TorchRows<{0}, {1}> scratch{{{2}, {3}};\n",
                       scratch.inputs, scratch.outputsOfThread(plan.cpu()->threads), in,
                       in + scratch.bytesIn(plan.chunk).value);
}

SourceFile layoutFile(const Names &names) {
  const plan::Plan &plan = names.plan;
  std::string title = llvm::formatv("{0}: {1} layers, ", plan.spec, plan.layers);
  std::string sizes = llvm::formatv("inline constexpr uint32_t Chunk = {0}; // {1} step at most\n",
                                    plan.chunk, plan.forward ? "rows of a" : "tokens of a prefill");
  if (plan.forward) {
    title += llvm::formatv("from {0} numbers to {1}", plan.hidden, names.model.output().columns);
  } else {
    title += llvm::formatv("hidden size {0}, vocabulary {1}", plan.hidden, plan.vocabulary);
    sizes +=
        llvm::formatv("\ninline constexpr int64_t Context = {0}; // tokens of a sequence at most\n",
                      plan.context);
    if (plan.batch > 1)
      sizes += llvm::formatv("inline constexpr uint32_t Batch = {0}; // sequences at most\n",
                             plan.batch);
  }
  return {"model.h", fill("model.h.in", {{"title", title},
                                         {"sizes", sizes},
                                         {"streams", values(names, names.streams())},
                                         {"frames", frames(names)},
                                         {"scratch", scratch(names) + pieces(names)},
                                         {"ropes", ropes(names.model)},
                                         {"weights", weights(names)},
                                         {"layers", layers(names)}})};
}

} // namespace ashlar::emission
