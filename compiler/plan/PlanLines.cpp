#include "compiler/plan/PlanParse.h"
#include "compiler/plan/PlanText.h"
#include "compiler/support/CacheType.h"

#include "llvm/ADT/StringExtras.h"

using llvm::SMLoc;
using llvm::StringRef;
using llvm::Twine;

namespace ashlar::plan {

void Parser::unknown(std::vector<StringRef> known, const std::string &name, SMLoc at,
                     const char *what) {
  llvm::sort(known); // of equally near ones the first
  StringRef near = nearest(name, known);
  line.error(at, Twine("unknown ") + what + " '" + name + "'",
             near.empty() ? "" : "did you mean '" + near.str() + "'?");
}

Place Parser::place(StringRef region, uint64_t offset, SMLoc at) {
  if (line.failed())
    return {};
  auto found = regions.find(region);
  if (found == regions.end()) {
    unknown({regions.keys().begin(), regions.keys().end()}, region.str(), at, "region");
    return {};
  }
  Place place = found->second;
  place.offset = offset;
  return place;
}

Place Parser::place(StringRef key) {
  auto [region, offset] = line.place(key);
  return place(region, offset, line.valueAt(key));
}

Place Parser::placeOfTwoKeys() {
  std::string region = line.string("region");
  uint64_t offset = line.number("offset");
  return place(region, offset, line.valueAt("region"));
}

DataType Parser::dataType(llvm::ArrayRef<DataType> types) {
  llvm::SmallVector<StringRef> names;
  for (DataType type : types)
    names.push_back(ashlar::name(type));
  return types[line.choice("type", names)];
}

void Parser::model() {
  plan.forward = line.has("forward");
  if (plan.forward)
    line.allow({"digest", "layers", "hidden", "chunk"}, "forward");
  else
    line.allow({"digest", "layers", "hidden", "vocab", "context", "batch", "chunk", "end"});
  plan.spec = line.name();
  plan.modelDigest = line.string("digest");
  plan.layers = line.number("layers");
  plan.hidden = line.number("hidden");
  plan.chunk = line.number("chunk");
  if (plan.forward)
    return;
  plan.vocabulary = line.number("vocab");
  plan.context = line.number("context");
  plan.batch = line.number("batch");
  line.list("end", [&](StringRef text, SMLoc at) {
    int64_t token;
    if (text.getAsInteger(10, token))
      line.error(at, "expected a token id, found '" + text + "'");
    else
      plan.endTokens.push_back(token);
  });
}

void Parser::workload() {
  if (plan.forward) {
    line.allow({"rows"});
    plan.promptTokens = line.number("rows");
    return;
  }
  line.allow({"prompt", "generate"});
  plan.promptTokens = line.number("prompt");
  plan.generateTokens = line.number("generate");
}

void Parser::machine() {
  line.allow({});
  plan.machine = line.name();
}

void Parser::memory() {
  line.allow({"capacity", "peak", "outside", "slack"});
  Memory memory;
  memory.name = line.name();
  if (memory.name == DiskHome)
    line.error(line.nameAt(), "'" + DiskHome + "' is the home of weights in the pack, no memory");
  memory.capacity = line.bytes("capacity");
  memory.peak = line.bytes("peak");
  if (line.has("outside"))
    memory.outside = line.bytes("outside");
  line.expect("slack", slackText(memory), "capacity less peak and outside");
  declare(memories, memory.name, "memory");
  plan.memories.push_back(std::move(memory));
}

void Parser::region() {
  line.allow({"offset", "size"}, "slot");
  Memory &memory = plan.memories.back();
  Place first{static_cast<uint32_t>(plan.memories.size() - 1),
              static_cast<uint32_t>(memory.regions.size()), 0};
  Region region;
  region.name = line.name();
  region.offset = line.number("offset");
  region.size = line.bytes("size");
  region.slot = line.has("slot");
  if (!regions.try_emplace(region.name, first).second)
    line.error(line.nameAt(), "there is a region '" + region.name + "' already");
  memory.regions.push_back(std::move(region));
}

void Parser::processor() {
  line.allow({"kind", "memory", "threads", "isa", "f32-ahead", "f16-ahead", "bf16-ahead",
              "int8-ahead", "int4-ahead"},
             "bf16-products");
  Processor processor;
  processor.name = line.name();
  processor.kind = line.string("kind");
  processor.memory = reference(memories, "memory", "memory");
  processor.threads = line.number32("threads");
  line.list("isa", [&](const std::string &name, SMLoc) { processor.isa.push_back(name); });
  for (DataType type : DataTypes)
    if (std::string key = ashlar::name(type).str() + "-ahead"; line.has(key))
      processor.ahead[type] = line.number32(key);
  processor.bf16Products = line.has("bf16-products");
  declare(processors, processor.name, "processor");
  plan.processors.push_back(std::move(processor));
}

void Parser::frame() {
  line.allow({"region", "offset", "size"}, "streams");
  Frame frame;
  frame.name = line.name();
  frame.streams = line.has("streams");
  frame.place = placeOfTwoKeys();
  frame.size = line.bytes("size");
  declare(frames, frame.name, "frame");
  values.clear();
  plan.frames.push_back(std::move(frame));
}

void Parser::value() {
  line.allow({"rows", "columns", "offset", "size", "live"}, "in-place");
  Value value;
  value.name = line.name();
  value.rows = line.number("rows");
  value.columns = line.number("columns");
  value.offset = line.number("offset");
  value.size = line.bytes("size");
  std::tie(value.first, value.last) = line.range("live");
  value.inPlace = line.has("in-place");
  if (!values.insert(value.name).second)
    line.error(line.nameAt(), "there is a value '" + value.name + "' in this frame already");
  plan.frames.back().values.push_back(std::move(value));
}

void Parser::unit() {
  llvm::SmallVector<StringRef> keys = {"kind",     "layer", "whole", "first", "bytes",  "home",
                                       "provider", "state", "frame", "reads", "writes", "reason"};
  if (plan.forward)
    keys.push_back("forward");
  else
    keys.append({"decode", "prefill"});
  line.allow(keys);
  Unit unit;
  unit.name = line.name();
  unit.kind = line.string("kind");
  if (line.has("layer"))
    unit.layer = line.number32("layer");
  if (line.has("whole") || line.has("first"))
    unit.piece = Piece{line.string("whole"), line.number32("first")};
  unit.bytes = line.bytes("bytes");
  if (line.string("home") != DiskHome)
    unit.home = reference(memories, "home", "memory");
  unit.prefill = reference(processors, plan.forward ? "forward" : "prefill", "processor");
  unit.decode = plan.forward ? unit.prefill : reference(processors, "decode", "processor");
  if (line.has("provider")) {
    line.choice("provider", {ashlar::name(Provider::Torch)});
    unit.provider = Provider::Torch;
  }
  unit.state = State(
      line.choice("state", {name(State::Resident), name(State::Streamed), name(State::Disk)}));
  if (line.has("frame"))
    unit.frame = reference(frames, "frame", "frame");
  line.list("reads", [&](const std::string &name, SMLoc) { unit.reads.push_back(name); });
  unit.writes = line.string("writes");
  unit.reason = line.string("reason");
  declare(units, unit.name, "unit");
  plan.units.push_back(std::move(unit));
}

void Parser::weight() {
  line.allow({"tensor", "type", "layout", "rows", "columns", "region", "offset", "size"},
             "transposed");
  Weight weight;
  weight.name = line.name();
  weight.tensor = line.string("tensor");
  weight.type = dataType(DataTypes);
  weight.layout = Layout(
      line.choice("layout", {name(Layout::Rows), name(Layout::Vector), name(Layout::Panels)}));
  weight.rows = line.number("rows");
  weight.columns = line.number("columns");
  weight.place = placeOfTwoKeys();
  weight.size = line.bytes("size");
  weight.transposed = line.has("transposed");
  plan.units.back().weights.push_back(std::move(weight));
}

void Parser::shares() {
  line.allow({});
  plan.units.back().shares.push_back(line.name());
}

void Parser::slot() {
  line.allow({"at"});
  std::string name = line.name();
  Slot slot;
  slot.unit = known(units, name, line.nameAt(), "unit");
  slot.at = place("at");
  plan.units.back().slots.push_back(slot);
}

void Parser::cache() {
  line.allow({"type", "heads", "context", "dim", "keys", "values", "size"});
  if (plan.units.back().cache)
    line.error(line.wordAt(), "a second cache of one unit");
  Cache &cache = plan.units.back().cache.emplace();
  cache.type = dataType(CacheTypes);
  cache.heads = line.number("heads");
  cache.context = line.number("context");
  cache.dim = line.number("dim");
  cache.keys = place("keys");
  cache.values = place("values");
  cache.size = line.bytes("size");
}

void Parser::schedule() {
  line.allow({"tokens"});
  Phase phase;
  phase.name = line.name();
  if (line.has("tokens"))
    phase.tokens = line.number("tokens");
  declare(phases, phase.name, "schedule");
  plan.phases.push_back(std::move(phase));
}

void Parser::after(Step &step) {
  line.list("after", [&](const std::string &name, SMLoc at) {
    step.after.push_back(known(units, name, at, "unit"));
  });
}

void Parser::read() {
  line.allow({"to", "pack", "bytes", "after"});
  Step step;
  step.kind = StepKind::Read;
  std::string name = line.name();
  step.unit = known(units, name, line.nameAt(), "unit");
  step.to = place("to");
  step.packOffset = line.number("pack");
  step.bytes = line.bytes("bytes");
  if (line.has("after"))
    after(step);
  plan.phases.back().steps.push_back(std::move(step));
}

void Parser::copy() {
  line.allow({"from", "to", "bytes", "after"});
  Step step;
  step.kind = StepKind::Copy;
  std::string name = line.name();
  step.unit = known(units, name, line.nameAt(), "unit");
  step.from = place("from");
  step.to = place("to");
  step.bytes = line.bytes("bytes");
  if (line.has("after"))
    after(step);
  plan.phases.back().steps.push_back(std::move(step));
}

void Parser::send() {
  line.allow({"from", "to", "bytes", "after"});
  Step step;
  step.kind = StepKind::Send;
  step.stream = line.name();
  step.fromMemory = reference(memories, "from", "memory");
  step.toMemory = reference(memories, "to", "memory");
  step.bytes = line.bytes("bytes");
  if (line.has("after"))
    after(step);
  plan.phases.back().steps.push_back(std::move(step));
}

void Parser::run() {
  line.allow({"on", "after"});
  Step step;
  std::string name = line.name();
  step.unit = known(units, name, line.nameAt(), "unit");
  step.processor = reference(processors, "on", "processor");
  after(step);
  plan.phases.back().steps.push_back(std::move(step));
}

void Parser::predict() {
  line.allow({"ns", "bound_ns", "gap", "bottleneck"});
  Prediction prediction;
  prediction.phase = line.name();
  prediction.time = Nanos(line.number("ns"));
  prediction.bound = Nanos(line.number("bound_ns"));
  line.expect("gap", gapText(prediction), "ns / bound_ns - 1");
  prediction.bottleneck = line.string("bottleneck");
  declare(predictions, prediction.phase, "prediction of");
  plan.predictions.push_back(std::move(prediction));
}

void Parser::end() {
  line.allow({"units", "weights", "values", "steps", "bytes"});
  Totals sum = totals(plan);
  const char *because = "counted in this file; it was cut, or edited without its last line";
  line.expect("units", llvm::utostr(sum.units), because);
  line.expect("weights", llvm::utostr(sum.weights), because);
  line.expect("values", llvm::utostr(sum.values), because);
  line.expect("steps", llvm::utostr(sum.steps), because);
  line.expect("bytes", llvm::utostr(sum.bytes), because);
}

} // namespace ashlar::plan
