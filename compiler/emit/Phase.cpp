/// prefill.cpp and decode.cpp, or forward.cpp: one function for each distinct layer and each unit
/// outside of the layers, and the entry that calls them in the order of the phase's schedule.
#include "compiler/emit/Calls.h"
#include "compiler/emit/Files.h"
#include "compiler/emit/Template.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <set>

namespace ashlar::emission {

namespace {
class PhaseWriter {
public:
  PhaseWriter(const Names &names, const plan::Phase &phase)
      : names(names), phase(phase), decode(phase.name == "decode"),
        batch(decode && names.plan.batch > 1) {}

  SourceFile write();

private:
  std::string stepType() const {
    return batch ? "BatchStep<Batch>" : decode ? "Step<1>" : "Step<Chunk>";
  }
  uint32_t processorOf(uint32_t unit) const {
    const plan::Unit &u = names.plan.units[unit];
    return decode ? u.decode : u.prefill;
  }
  std::string processor(uint32_t unit) const { return names.processor(processorOf(unit)); }
  StepRows rows() const {
    return batch                             ? StepRows::Batch
           : decode || names.plan.chunk == 1 ? StepRows::One
                                             : StepRows::Chunk;
  }
  std::string describe(uint32_t unit) const;
  std::string call(const Call &call, uint32_t unit, llvm::StringRef step,
                   llvm::StringRef indent) const;
  std::string body(uint32_t unit) const;
  std::string layerFunction(const LayerShape &shape) const;
  std::string unitFunction(uint32_t unit) const;
  std::string entry() const;

  const Names &names;
  const plan::Phase &phase;
  bool decode;
  bool batch; // decode of several sequences
};
} // namespace

/// "weights resident in host memory, computed by cpu".
std::string PhaseWriter::describe(uint32_t unit) const {
  const plan::Unit &u = names.plan.units[unit];
  std::string where = u.weights.empty()
                          ? std::string("no weights of its own")
                          : llvm::formatv("weights {0} in {1} memory", plan::name(u.state),
                                          names.plan.memories[*u.home].name)
                                .str();
  bool torch = rows() == StepRows::Chunk && u.provider == Provider::Torch;
  return where + ", computed by " + processor(unit) + (torch ? " with LibTorch" : "");
}

std::string PhaseWriter::call(const Call &call, uint32_t unit, llvm::StringRef step,
                              llvm::StringRef indent) const {
  auto shape = [&](std::string comment) {
    if (batch)
      comment[1] = 'S';
    else if (decode && comment[1] == 'T')
      comment[1] = '1';
    return comment;
  };
  const char *rounding = call.rounds ? "<BF16>" : "";
  std::string begin =
      llvm::formatv("{0}{1}::{2}{3}(", indent, call.space.empty() ? processor(unit) : call.space,
                    call.kernel, rounding);
  std::string line = llvm::formatv("{0}{1}, {2}", begin, step, call.arguments);
  if (call.parts.empty())
    return withComment(line + ");", shape(call.comment));
  std::string result = line + ",\n";
  for (auto [at, part] : llvm::enumerate(call.parts))
    result += withComment(std::string(begin.size(), ' ') + part.first +
                              (at + 1 < call.parts.size() ? "," : ");"),
                          shape(part.second));
  return result;
}

/// The calls of a unit. Those for the one row whose logits are wanted stand in a loop over such
/// rows: the last token of a prompt, or every token for the `logits` verb. In decode every row is
/// such a row, and one product goes over all of them.
std::string PhaseWriter::body(uint32_t unit) const {
  std::vector<Call> calls = callsOf(names, unit, rows());
  std::vector<bool> waits = arrange(calls);
  if (rows() == StepRows::One)
    join(calls, waits, processor(unit));
  std::string result;
  if (names.plan.units[unit].frame)
    result += llvm::formatv("    namespace act = frame::{0};\n",
                            names.plan.frames[*names.plan.units[unit].frame].name);
  bool inLoop = false;
  std::string step = "step", indent = "    ";
  for (auto [at, c] : llvm::enumerate(calls)) {
    if (c.lastOnly && !inLoop) {
      if (at > 0)
        result += indent + "step.sync();\n";
      if (!decode) {
        result += "    Step<1> one(step);\n"
                  "    for (one.row = step.firstLogits; one.row < step.tokens; ++one.row) {\n";
        step = "one";
        indent = "      ";
      }
      inLoop = true;
    } else if (waits[at]) {
      result += indent + step + ".sync();\n";
    }
    result += call(c, unit, step, indent);
  }
  result += indent + step + ".sync();\n";
  if (inLoop && batch) {
    result += "    onCaller(step, [&] {\n"
              "      for (uint32_t row = 0; row < step.tokens; ++row)\n"
              "        step.deliver(step.context, row, stream::logits.row(step, row));\n"
              "    });\n"
              "    step.sync();\n";
  } else if (inLoop) {
    result += llvm::formatv("{0}onCaller({1}, [&] {{ {1}.deliver({1}.context, {1}.row, "
                            "stream::logits.at({1})); });\n{0}{1}.sync();\n",
                            indent, step);
    if (!decode)
      result += "    }\n";
  }
  return result;
}

std::string PhaseWriter::layerFunction(const LayerShape &shape) const {
  std::string className;
  for (const Module &module : names.model.modules)
    if (llvm::StringRef(module.path).ends_with(llvm::formatv(".{0}", shape.layers.front()).str()) &&
        !module.className.empty())
      className = module.className;
  std::string result = llvm::formatv("// Layers {0}{1}.\n", layerRange(shape.layers),
                                     className.empty() ? "" : ", " + className);
  result += llvm::formatv("void {0}({1} &step, const {2} &at) {{\n", shape.function, stepType(),
                          shape.type);
  for (uint32_t unit : shape.units)
    result += llvm::formatv("  {{ // {0}: {1}\n{2}  }\n", names.plan.units[unit].kind,
                            describe(unit), body(unit));
  return result + "}\n\n";
}

std::string PhaseWriter::unitFunction(uint32_t unit) const {
  const std::string &name = names.plan.units[unit].name;
  std::string code = body(unit);
  // The body is indented for a block within a function.
  std::string outdented;
  for (llvm::StringRef line : llvm::split(llvm::StringRef(code).rtrim('\n'), '\n'))
    outdented += line.substr(2).str() + "\n";
  return llvm::formatv("// {0}: {1}.\nvoid {0}({2} &step) {{\n{3}}\n\n", name, describe(unit),
                       stepType(), outdented);
}

/// The units in the order of the schedule; runs of layers that share a function become a loop.
std::string PhaseWriter::entry() const {
  std::string result =
      llvm::formatv("void {0}(StepState &state) {{\n  {1} step(state);\n", phase.name, stepType());
  std::vector<uint32_t> order; // a layer's first unit stands for the layer
  std::set<uint32_t> seen;
  for (const plan::Step &step : phase.steps) {
    auto layer = names.plan.units[step.unit].layer;
    if (!layer || seen.insert(*layer).second)
      order.push_back(step.unit);
  }
  auto inTable = [&](uint32_t layer) {
    const auto &layers = names.shapeOf(layer).layers;
    return llvm::find(layers, layer) - layers.begin();
  };
  for (size_t at = 0; at < order.size();) {
    auto layer = names.plan.units[order[at]].layer;
    if (!layer) {
      result += llvm::formatv("  unit::{0}(step);\n", names.plan.units[order[at]].name);
      ++at;
      continue;
    }
    const LayerShape &shape = names.shapeOf(*layer);
    size_t count = 1;
    while (at + count < order.size()) {
      auto next = names.plan.units[order[at + count]].layer;
      if (!next || &names.shapeOf(*next) != &shape ||
          inTable(*next) != inTable(*layer) + ptrdiff_t(count))
        break;
      ++count;
    }
    if (count == shape.layers.size())
      result += llvm::formatv("  for (const {0} &at : {1})\n    {2}(step, at);\n", shape.type,
                              shape.table, shape.function);
    else if (count == 1)
      result +=
          llvm::formatv("  {0}(step, {1}[{2}]);\n", shape.function, shape.table, inTable(*layer));
    else
      result +=
          llvm::formatv("  for (int i = {0}; i < {1}; ++i)\n    {2}(step, {3}[i]);\n",
                        inTable(*layer), inTable(*layer) + count, shape.function, shape.table);
    at += count;
  }
  return result + "}\n";
}

SourceFile PhaseWriter::write() {
  std::string functions;
  for (const LayerShape &shape : names.shapes())
    functions += layerFunction(shape);
  functions += "namespace unit {\n\n";
  for (auto [at, unit] : llvm::enumerate(names.plan.units))
    if (!unit.layer)
      functions += unitFunction(at);
  functions += "} // namespace unit\n";
  std::string title =
      batch ? llvm::formatv("One token of each of up to {0} sequences.", names.plan.batch).str()
      : decode
          ? std::string("One token: what runs for each that is generated.")
          : llvm::formatv(names.plan.forward ? "A chunk of rows: up to {0} of them at a time."
                                             : "A chunk of a prompt: up to {0} tokens at a time.",
                          phase.tokens)
                .str();
  return {phase.name + ".cpp",
          fill("phase.cpp.in", {{"title", title}, {"functions", functions}, {"entry", entry()}})};
}

SourceFile phaseFile(const Names &names, const plan::Phase &phase) {
  return PhaseWriter(names, phase).write();
}

} // namespace ashlar::emission
