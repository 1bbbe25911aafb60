#include "compiler/schedule/Schedule.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/JSON.h"

namespace ashlar {

namespace {
/// A step in names. Empty: the step has no such thing.
struct Named {
  llvm::StringRef what, from, to, on;
};
} // namespace

static Named named(const plan::Step &step, const Model &model, const Machine &machine) {
  auto memory = [&](uint32_t index) { return llvm::StringRef(machine.memories[index].name); };
  llvm::StringRef unit = model.blocks[step.unit].name;
  switch (step.kind) {
  case plan::StepKind::Read:
    return {unit, "", "", ""};
  case plan::StepKind::Copy:
    return {unit, memory(step.from.memory), memory(step.to.memory), ""};
  case plan::StepKind::Send:
    return {step.stream, memory(step.fromMemory), memory(step.toMemory), ""};
  case plan::StepKind::Run:
    return {unit, "", "", machine.processors[step.processor].name};
  }
  return {};
}

static void print(const plan::Step &step, const Model &model, const Machine &machine,
                  llvm::raw_ostream &out) {
  Named names = named(step, model, machine);
  out << "  " << plan::name(step.kind) << ' ' << names.what;
  if (!names.from.empty())
    out << " from=" << names.from << " to=" << names.to;
  if (!names.on.empty())
    out << " on=" << names.on;
  if (step.kind != plan::StepKind::Run)
    out << " bytes=" << step.bytes.value;
  if (step.kind == plan::StepKind::Run || !step.after.empty()) {
    out << " after=[";
    llvm::interleave(
        step.after, out, [&](uint32_t unit) { out << model.blocks[unit].name; }, ",");
    out << ']';
  }
  out << '\n';
}

void print(const std::vector<plan::Phase> &phases, const Model &model, const Machine &machine,
           llvm::raw_ostream &out) {
  for (const plan::Phase &phase : phases) {
    out << "schedule " << phase.name;
    if (phase.tokens)
      out << " tokens=" << phase.tokens;
    out << '\n';
    for (const plan::Step &step : phase.steps)
      print(step, model, machine, out);
  }
}

static void printJson(const plan::Step &step, const Model &model, const Machine &machine,
                      llvm::json::OStream &json) {
  Named names = named(step, model, machine);
  json.attribute("step", plan::name(step.kind));
  json.attribute(step.kind == plan::StepKind::Send ? "stream" : "unit", names.what);
  if (!names.from.empty()) {
    json.attribute("from", names.from);
    json.attribute("to", names.to);
  }
  if (!names.on.empty())
    json.attribute("on", names.on);
  if (step.kind != plan::StepKind::Run)
    json.attribute("bytes", step.bytes.value);
  json.attributeArray("after", [&] {
    for (uint32_t unit : step.after)
      json.value(model.blocks[unit].name);
  });
}

void printJson(const std::vector<plan::Phase> &phases, const Model &model, const Machine &machine,
               llvm::raw_ostream &out) {
  llvm::json::OStream json(out, 1);
  auto printPhase = [&](const plan::Phase &phase) {
    json.attribute("name", phase.name);
    if (phase.tokens)
      json.attribute("tokens", phase.tokens);
    json.attributeArray("steps", [&] {
      for (const plan::Step &step : phase.steps)
        json.object([&] { printJson(step, model, machine, json); });
    });
  };
  json.object([&] {
    json.attributeArray("phases", [&] {
      for (const plan::Phase &phase : phases)
        json.object([&] { printPhase(phase); });
    });
  });
  out << '\n';
}

} // namespace ashlar
