#include "compiler/place/Units.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/JSON.h"

namespace ashlar {

/// The weights of a unit in each form that a processor of the machine wants.
static std::vector<const StoredWeight *> shown(const Machine &machine, const Unit &unit) {
  std::vector<const StoredWeight *> result;
  std::vector<Form> forms;
  for (const Processor &processor : machine.processors) {
    if (llvm::is_contained(forms, formFor(processor.kind)))
      continue;
    forms.push_back(formFor(processor.kind));
    for (const StoredWeight &weight : unit.form(processor.kind).stored)
      result.push_back(&weight);
  }
  return result;
}

static Bytes cacheBytes(const Unit &unit) { return unit.cache ? unit.cache->size * 2 : Bytes(); }
static llvm::StringRef decodeKey(const Model &model) {
  return model.input ? "row_ns" : "decode_ns";
}
static llvm::StringRef prefillKey(const Model &model) {
  return model.input ? "forward_ns" : "prefill_ns";
}

void print(const Model &model, const Machine &machine, const std::vector<Unit> &units,
           llvm::raw_ostream &out) {
  for (const Unit &unit : units) {
    out << "unit " << model.blocks[unit.block].name << " cache=" << cacheBytes(unit).value
        << " frame=" << unit.frame.size.value << '\n';
    for (const StoredWeight *weight : shown(machine, unit))
      out << "  weight " << model.weight(weight->weight).name << " type=" << name(weight->type)
          << " layout=" << plan::name(weight->layout) << " size=" << weight->size.value << '\n';
    for (WeightId id : unit.shares)
      out << "  shares " << model.weight(id).name << '\n';
    for (auto [at, processor] : llvm::enumerate(machine.processors))
      out << "  on " << processor.name << " weights=" << unit.form(processor.kind).weights.value
          << ' ' << decodeKey(model) << '=' << unit.decodeTime[at].value << ' ' << prefillKey(model)
          << '=' << unit.prefillTime[at].value << '\n';
  }
}

void printJson(const Model &model, const Machine &machine, const std::vector<Unit> &units,
               llvm::raw_ostream &out) {
  llvm::json::OStream json(out, 1);
  auto printUnit = [&](const Unit &unit) {
    json.attribute("name", model.blocks[unit.block].name);
    json.attribute("cache", cacheBytes(unit).value);
    json.attribute("frame", unit.frame.size.value);
    json.attributeArray("weights", [&] {
      for (const StoredWeight *weight : shown(machine, unit))
        json.object([&] {
          json.attribute("name", model.weight(weight->weight).name);
          json.attribute("type", name(weight->type));
          json.attribute("layout", plan::name(weight->layout));
          json.attribute("size", weight->size.value);
        });
    });
    json.attributeArray("shares", [&] {
      for (WeightId id : unit.shares)
        json.value(model.weight(id).name);
    });
    json.attributeArray("on", [&] {
      for (size_t at = 0; at < machine.processors.size(); ++at)
        json.object([&] {
          const Processor &processor = machine.processors[at];
          json.attribute("name", processor.name);
          json.attribute("weights", unit.form(processor.kind).weights.value);
          json.attribute(decodeKey(model), unit.decodeTime[at].value);
          json.attribute(prefillKey(model), unit.prefillTime[at].value);
        });
    });
  };
  json.object([&] {
    json.attributeArray("units", [&] {
      for (const Unit &unit : units)
        json.object([&] { printUnit(unit); });
    });
  });
  out << '\n';
}

} // namespace ashlar
