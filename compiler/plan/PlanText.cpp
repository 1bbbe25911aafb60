#include "compiler/plan/PlanText.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using llvm::raw_ostream;
using llvm::StringRef;

namespace ashlar::plan {

bool isBare(char c) { return llvm::isAlnum(c) || StringRef("_.-/:@").contains(c); }

std::string quoted(StringRef string) {
  std::string text = "\"";
  for (char c : string) {
    unsigned char byte = c;
    if (c == '"' || c == '\\')
      (text += '\\') += c;
    else if (c == '\n')
      text += "\\n";
    else if (c == '\t')
      text += "\\t";
    else if (byte < 0x20 || byte == 0x7f)
      ((text += "\\x") += llvm::hexdigit(byte >> 4, true)) += llvm::hexdigit(byte & 15, true);
    else
      text += c;
  }
  return text += '"';
}

std::string nameText(StringRef name) {
  return !name.empty() && llvm::all_of(name, isBare) ? name.str() : quoted(name);
}

std::string slackText(const Memory &memory) {
  Bytes taken = takenOf(memory);
  if (taken <= memory.capacity)
    return llvm::utostr((memory.capacity - taken).value);
  return "-" + llvm::utostr((taken - memory.capacity).value);
}

std::string gapText(const Prediction &prediction) {
  uint64_t time = prediction.time.value, bound = prediction.bound.value;
  if (bound == 0)
    return "unknown";
  bool below = time < bound;
  unsigned __int128 excess = below ? bound - time : time - bound;
  unsigned __int128 thousandths = (excess * 1000 + bound / 2) / bound;
  std::string fraction = llvm::utostr(static_cast<uint64_t>(thousandths % 1000));
  return (below && thousandths ? "-" : "") +
         llvm::utostr(static_cast<uint64_t>(thousandths / 1000)) + "." +
         std::string(3 - fraction.size(), '0') + fraction;
}

Totals totals(const Plan &plan) {
  Totals sum;
  sum.units = plan.units.size();
  for (const Unit &unit : plan.units) {
    sum.weights += unit.weights.size();
    for (const Weight &weight : unit.weights)
      sum.bytes = llvm::SaturatingAdd(sum.bytes, weight.size.value);
  }
  for (const Frame &frame : plan.frames)
    sum.values += frame.values.size();
  for (const Phase &phase : plan.phases)
    sum.steps += phase.steps.size();
  return sum;
}

namespace {

/// Writes one plan; its functions follow the order of the text.
struct Printer {
  const Plan &plan;
  raw_ostream &out;

  template <class Range, class Text> void list(StringRef key, const Range &range, Text &&text) {
    out << ' ' << key << "=[";
    StringRef separator = "";
    for (const auto &element : range) {
      out << separator << text(element);
      separator = ",";
    }
    out << ']';
  }

  std::string regionName(const Place &place) { return nameText(plan.region(place).name); }
  std::string placeText(const Place &place) {
    return regionName(place) + "+" + llvm::utostr(place.offset);
  }
  std::string memoryName(uint32_t memory) { return nameText(plan.memories[memory].name); }
  std::string processorName(uint32_t processor) {
    return nameText(plan.processors[processor].name);
  }
  std::string unitName(uint32_t unit) { return nameText(plan.units[unit].name); }

  void head() {
    out << Header << "\nmodel " << nameText(plan.spec) << " digest=" << nameText(plan.modelDigest)
        << " layers=" << plan.layers << " hidden=" << plan.hidden;
    if (!plan.forward)
      out << " vocab=" << plan.vocabulary << " context=" << plan.context << " batch=" << plan.batch;
    out << " chunk=" << plan.chunk;
    if (plan.forward) {
      out << " forward\nworkload rows=" << plan.promptTokens;
    } else {
      list("end", plan.endTokens, [](int64_t token) { return llvm::itostr(token); });
      out << "\nworkload prompt=" << plan.promptTokens << " generate=" << plan.generateTokens;
    }
    out << "\nmachine " << nameText(plan.machine) << '\n';
  }

  void machine() {
    for (const Memory &memory : plan.memories) {
      out << "memory " << nameText(memory.name) << " capacity=" << memory.capacity.value
          << " peak=" << memory.peak.value;
      if (memory.outside.value)
        out << " outside=" << memory.outside.value;
      out << " slack=" << slackText(memory) << '\n';
      for (const Region &region : memory.regions)
        out << "  region " << nameText(region.name) << " offset=" << region.offset
            << " size=" << region.size.value << (region.slot ? " slot\n" : "\n");
    }
    for (const Processor &processor : plan.processors) {
      out << "processor " << nameText(processor.name) << " kind=" << nameText(processor.kind)
          << " memory=" << memoryName(processor.memory) << " threads=" << processor.threads;
      list("isa", processor.isa, nameText);
      for (DataType type : DataTypes)
        if (processor.ahead[type])
          out << ' ' << ashlar::name(type) << "-ahead=" << processor.ahead[type];
      out << (processor.bf16Products ? " bf16-products\n" : "\n");
    }
  }

  void frame(const Frame &frame) {
    out << "frame " << nameText(frame.name) << " region=" << regionName(frame.place)
        << " offset=" << frame.place.offset << " size=" << frame.size.value
        << (frame.streams ? " streams\n" : "\n");
    for (const Value &value : frame.values)
      out << "  value " << nameText(value.name) << " rows=" << value.rows
          << " columns=" << value.columns << " offset=" << value.offset
          << " size=" << value.size.value << " live=" << value.first << ".." << value.last
          << (value.inPlace ? " in-place\n" : "\n");
  }

  void unit(const Unit &unit) {
    out << "unit " << nameText(unit.name) << " kind=" << nameText(unit.kind);
    if (unit.layer)
      out << " layer=" << *unit.layer;
    if (unit.piece)
      out << " whole=" << nameText(unit.piece->whole) << " first=" << unit.piece->firstOp;
    out << " bytes=" << unit.bytes.value
        << " home=" << (unit.home ? memoryName(*unit.home) : DiskHome.str());
    if (plan.forward)
      out << " forward=" << processorName(unit.prefill);
    else
      out << " decode=" << processorName(unit.decode) << " prefill=" << processorName(unit.prefill);
    if (unit.provider != Provider::Native)
      out << " provider=" << ashlar::name(unit.provider);
    out << " state=" << name(unit.state);
    if (unit.frame)
      out << " frame=" << nameText(plan.frames[*unit.frame].name);
    list("reads", unit.reads, nameText);
    out << " writes=" << nameText(unit.writes) << " reason=" << quoted(unit.reason) << '\n';
    for (const Weight &weight : unit.weights)
      out << "  weight " << nameText(weight.name) << " tensor=" << quoted(weight.tensor)
          << " type=" << ashlar::name(weight.type) << " layout=" << name(weight.layout)
          << " rows=" << weight.rows << " columns=" << weight.columns
          << " region=" << regionName(weight.place) << " offset=" << weight.place.offset
          << " size=" << weight.size.value << (weight.transposed ? " transposed\n" : "\n");
    for (const std::string &shared : unit.shares)
      out << "  shares " << nameText(shared) << '\n';
    for (const Slot &slot : unit.slots)
      out << "  slot " << unitName(slot.unit) << " at=" << placeText(slot.at) << '\n';
    if (const auto &cache = unit.cache)
      out << "  cache type=" << ashlar::name(cache->type) << " heads=" << cache->heads
          << " context=" << cache->context << " dim=" << cache->dim
          << " keys=" << placeText(cache->keys) << " values=" << placeText(cache->values)
          << " size=" << cache->size.value << '\n';
  }

  void step(const Step &step) {
    out << "  " << name(step.kind) << ' '
        << (step.kind == StepKind::Send ? nameText(step.stream) : unitName(step.unit));
    switch (step.kind) {
    case StepKind::Read:
      out << " to=" << placeText(step.to) << " pack=" << step.packOffset;
      break;
    case StepKind::Copy:
      out << " from=" << placeText(step.from) << " to=" << placeText(step.to);
      break;
    case StepKind::Send:
      out << " from=" << memoryName(step.fromMemory) << " to=" << memoryName(step.toMemory);
      break;
    case StepKind::Run:
      out << " on=" << processorName(step.processor);
      break;
    }
    if (step.kind != StepKind::Run)
      out << " bytes=" << step.bytes.value;
    if (step.kind == StepKind::Run || !step.after.empty())
      list("after", step.after, [this](uint32_t unit) { return unitName(unit); });
    out << '\n';
  }

  void phase(const Phase &phase) {
    out << "schedule " << nameText(phase.name);
    if (phase.tokens)
      out << " tokens=" << phase.tokens;
    out << '\n';
    for (const Step &each : phase.steps)
      step(each);
  }

  void tail() {
    for (const Prediction &prediction : plan.predictions)
      out << "predict " << nameText(prediction.phase) << " ns=" << prediction.time.value
          << " bound_ns=" << prediction.bound.value << " gap=" << gapText(prediction)
          << " bottleneck=" << quoted(prediction.bottleneck) << '\n';
    Totals sum = totals(plan);
    out << "end units=" << sum.units << " weights=" << sum.weights << " values=" << sum.values
        << " steps=" << sum.steps << " bytes=" << sum.bytes << '\n';
  }
};

} // namespace

void print(const Plan &plan, raw_ostream &out) {
  Printer printer{plan, out};
  printer.head();
  printer.machine();
  for (const Frame &frame : plan.frames)
    printer.frame(frame);
  for (const Unit &unit : plan.units)
    printer.unit(unit);
  for (const Phase &phase : plan.phases)
    printer.phase(phase);
  printer.tail();
}

std::string text(const Plan &plan) {
  std::string result;
  llvm::raw_string_ostream out(result);
  print(plan, out);
  return result;
}

} // namespace ashlar::plan
