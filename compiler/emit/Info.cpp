#include "compiler/emit/Files.h"
#include "compiler/emit/Template.h"
#include "compiler/support/Files.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

namespace ashlar::emission {

namespace {
using Fields = std::vector<std::pair<llvm::StringRef, std::string>>;

/// A stream in the host's memory.
struct StreamPlace {
  uint64_t address = 0, columns = 0;
};
} // namespace

static StreamPlace streamPlace(const plan::Plan &plan, llvm::StringRef name) {
  for (const plan::Frame &frame : plan.frames)
    if (frame.streams && frame.place.memory == *plan.host())
      for (const plan::Value &value : frame.values)
        if (value.name == name)
          return {plan.address(frame.place) + value.offset, value.columns};
  return {};
}

static std::string number(uint64_t value) { return llvm::utostr(value); }

static std::string regionRows(const plan::Memory &memory) {
  std::string rows;
  for (const plan::Region &region : memory.regions)
    rows +=
        llvm::formatv("    {{\"{0}\", {1}, {2}},\n", region.name, region.offset, region.size.value);
  return rows;
}

static std::string extentRows(const plan::Plan &plan) {
  std::string rows;
  for (const plan::Step &step : plan.phase("load")->steps)
    rows += withComment(llvm::formatv("    {{{0}, {1}, {2}},", plan.address(step.to),
                                      step.packOffset, step.bytes.value)
                            .str(),
                        plan.units[step.unit].name);
  return rows;
}

static std::string nanos(const plan::Plan &plan, llvm::StringRef phase) {
  for (const plan::Prediction &p : plan.predictions)
    if (p.phase == phase)
      return number(p.time.value);
  return number(0);
}

/// The phase that plain.cpp repeats, and its entry there.
static std::string plainPhase(const plan::Plan &plan) {
  return plan.forward ? "forward" : "decode";
}
static std::string plainEntry(const plan::Plan &plan) { return plainPhase(plan) + "Plain"; }

/// What a thread takes to read a MiB of weights when there is one row: all of a step's time, as if
/// nothing else were done in it. More rows take longer for the same weights.
static uint64_t nanosPerMiB(const plan::Plan &plan) {
  double bytes = 0, time = 0;
  for (const plan::Unit &unit : plan.units)
    for (const plan::Weight &weight : unit.weights)
      if (weight.layout == plan::Layout::Panels || plan::isForTorch(unit, weight))
        bytes += double(weight.size.value);
  for (const plan::Prediction &p : plan.predictions)
    if (p.phase == plainPhase(plan))
      time = double(p.time.value) * plan.cpu()->threads;
  return bytes > 0 ? uint64_t(std::min(time / bytes * (1 << 20), 1e9)) : 0;
}

/// Whether a weight of bf16 is LibTorch's: it rounds rows wherever it is.
static bool torchRounds(const plan::Plan &plan) { return plan.hostRegion("torch").has_value(); }

/// Whether any product rounds the rows of a step: those with weights of bf16 may.
static std::string roundsRows(const plan::Plan &plan) {
  auto isOfBF16 = [](const plan::Weight &weight) {
    return weight.type == DataType::BF16 && weight.layout == plan::Layout::Panels;
  };
  bool any = llvm::any_of(
      plan.units, [&](const plan::Unit &unit) { return llvm::any_of(unit.weights, isOfBF16); });
  return (any && plan.cpu()->bf16Products) || torchRounds(plan) ? "true" : "false";
}

/// What is said in both kinds of plans, and only where it is so.
static void addTorch(const plan::Plan &plan, Fields &fields) {
  if (llvm::none_of(plan.units, [](auto &unit) { return unit.provider == Provider::Torch; }))
    return;
  fields.push_back({"torch", "true"});
  if (Bytes own = plan.memories[*plan.host()].outside; own.value)
    fields.push_back({"torchBytes", number(own.value)});
}

/// What is said of a sequence of tokens, and the phases that go over it.
static Fields sequenceFields(const plan::Plan &plan) {
  auto region = [&](llvm::StringRef name) {
    std::optional<plan::Place> place = plan.hostRegion(name);
    return place ? plan.region(*place) : plan::Region();
  };
  plan::Region text = region("tokenizer"), ids = region("tokens"), sampler = region("sampler");
  return {{"textOffset", number(text.offset)},
          {"textBytes", number(text.size.value)},
          {"idsOffset", number(ids.offset)},
          {"logitsOffset", number(streamPlace(plan, "logits").address)},
          {"samplerOffset", number(sampler.offset)},
          {"samplerBytes", number(sampler.size.value)},
          {"predictedDecodeNanos", nanos(plan, "decode")},
          {"predictedPrefillNanos", nanos(plan, "prefill")},
          {"prefill", "placed::prefill"},
          {"decode", "placed::decode"},
          {"plain", "placed::" + plainEntry(plan)},
          {"roundsRows", roundsRows(plan)}};
}

/// Where rows come and go, and the phase between.
static Fields forwardFields(const plan::Plan &plan) {
  StreamPlace input = streamPlace(plan, plan.units.front().reads.front()),
              output = streamPlace(plan, plan.units.back().writes);
  return {{"inputOffset", number(input.address)},
          {"inputColumns", number(input.columns)},
          {"outputOffset", number(output.address)},
          {"outputColumns", number(output.columns)},
          {"predictedForwardNanos", nanos(plan, "forward")},
          {"forward", "placed::forward"},
          {"plain", "placed::" + plainEntry(plan)},
          {"roundsRows", roundsRows(plan)}};
}

static std::string lines(const Fields &fields) {
  std::string result;
  for (auto &[name, value] : fields)
    result += llvm::formatv("    .{0} = {1},\n", name, value);
  return result;
}

/// How far ahead products of one row ask for weights, by their types: nothing where none does.
static std::string aheadFields(const plan::Processor &processor) {
  std::string fields;
  for (DataType type : DataTypes)
    if (processor.ahead[type])
      fields += llvm::formatv("{0}.{1} = {2}", fields.empty() ? "" : ", ", name(type),
                              processor.ahead[type]);
  return fields;
}

SourceFile infoFile(const plan::Plan &plan) {
  const plan::Processor &processor = *plan.cpu();
  const plan::Memory &host = plan.memories[processor.memory];
  // An array needs an element; its count says that there is none.
  std::string ends = llvm::join(
      llvm::map_range(plan.endTokens, [](int64_t id) { return llvm::itostr(id); }), ", ");
  std::string isa = llvm::join(
      llvm::map_range(processor.isa, [](auto &name) { return "\"" + name + "\""; }), ", ");
  std::string entries, tokens;
  for (const plan::Phase &phase : plan.phases)
    if (phase.name != "load")
      entries += "void " + phase.name + "(StepState &state);\n";
  entries += llvm::formatv("void {0}(StepState &state);\n", plainEntry(plan));
  Fields sizes = {{"chunk", number(plan.chunk)}};
  if (!plan.forward) {
    tokens = llvm::formatv("constexpr int32_t endTokens[] = {{{0}};\n", ends.empty() ? "0" : ends);
    sizes.insert(sizes.begin(), {"context", number(plan.context)});
    sizes.push_back({"batch", number(plan.batch)});
    sizes.push_back({"vocabulary", number(plan.vocabulary)});
    sizes.push_back({"endTokens", llvm::formatv("{{endTokens, {0}}", plan.endTokens.size())});
  }
  Fields pace = {{"nanosPerMiB", number(nanosPerMiB(plan))}};
  if (std::string ahead = aheadFields(processor); !ahead.empty())
    pace.push_back({"ahead", "{" + ahead + "}"});
  Fields phases = plan.forward ? forwardFields(plan) : sequenceFields(plan);
  addTorch(plan, phases);
  return {"model.cpp", fill("model.cpp.in", {{"name", plan.spec},
                                             {"entries", entries},
                                             {"endTokens", tokens},
                                             {"planDigest", digest(plan::text(plan))},
                                             {"modelDigest", plan.modelDigest},
                                             {"sizes", lines(sizes)},
                                             {"threads", number(processor.threads)},
                                             {"isa", isa.empty() ? "\"\"" : isa},
                                             {"isaCount", number(processor.isa.size())},
                                             {"pace", lines(pace)},
                                             {"hostBytes", number(host.peak.value)},
                                             {"regions", regionRows(host)},
                                             {"extents", extentRows(plan)},
                                             {"phases", lines(phases)}})};
}

SourceFile plainFile(const plan::Plan &plan) {
  return {"plain.cpp",
          fill("plain.cpp.in", {{"phase", plainPhase(plan)}, {"entry", plainEntry(plan)}})};
}

} // namespace ashlar::emission
