#include "compiler/plan/VerifyRules.h"

#include "llvm/ADT/StringSet.h"

using llvm::StringRef;
using llvm::Twine;

namespace ashlar::plan {

static void checkPlace(const Plan &plan, const Place &place, const Twine &what, Violations &found) {
  if (place.memory >= plan.memories.size())
    violate(found,
            what + " is in memory " + Twine(place.memory) + " of " + Twine(plan.memories.size()));
  else if (size_t count = plan.memories[place.memory].regions.size(); place.region >= count)
    violate(found, what + " is in region " + Twine(place.region) + " of " + Twine(count) +
                       " of memory " + plan.memories[place.memory].name);
}

static void checkIndex(uint32_t index, size_t count, const Twine &what, Violations &found) {
  if (index >= count)
    violate(found, what + " " + Twine(index) + " of " + Twine(count));
}

void checkReferences(const Plan &plan, Violations &found) {
  size_t processors = plan.processors.size(), memories = plan.memories.size();
  for (const Processor &processor : plan.processors)
    checkIndex(processor.memory, memories, "processor " + processor.name + " computes from memory",
               found);
  for (const Frame &frame : plan.frames)
    checkPlace(plan, frame.place, "frame " + frame.name, found);
  for (const Unit &unit : plan.units) {
    if (unit.home)
      checkIndex(*unit.home, memories, "home of unit " + unit.name + " is memory", found);
    for (const Slot &slot : unit.slots) {
      checkIndex(slot.unit, plan.units.size(), "a slot of unit " + unit.name + " is of unit",
                 found);
      checkPlace(plan, slot.at, "a slot of unit " + unit.name, found);
    }
    checkIndex(unit.decode, processors, "unit " + unit.name + " decodes on processor", found);
    checkIndex(unit.prefill, processors, "unit " + unit.name + " prefills on processor", found);
    if (unit.frame)
      checkIndex(*unit.frame, plan.frames.size(), "unit " + unit.name + " has frame", found);
    for (const Weight &weight : unit.weights)
      checkPlace(plan, weight.place, "weight " + weight.name, found);
    if (unit.cache) {
      checkPlace(plan, unit.cache->keys, "key cache of unit " + unit.name, found);
      checkPlace(plan, unit.cache->values, "value cache of unit " + unit.name, found);
    }
  }
  for (const Phase &phase : plan.phases)
    for (const Step &step : phase.steps) {
      checkIndex(step.unit, plan.units.size(), "a step of phase " + phase.name + " is of unit",
                 found);
      for (uint32_t unit : step.after)
        checkIndex(unit, plan.units.size(), "a step of phase " + phase.name + " waits for unit",
                   found);
      switch (step.kind) {
      case StepKind::Run:
        checkIndex(step.processor, processors,
                   "a step of phase " + phase.name + " runs on processor", found);
        break;
      case StepKind::Send:
        for (uint32_t memory : {step.fromMemory, step.toMemory})
          checkIndex(memory, memories, "a send of phase " + phase.name + " names memory", found);
        break;
      case StepKind::Copy:
        checkPlace(plan, step.from, "a copy of phase " + phase.name, found);
        [[fallthrough]];
      case StepKind::Read:
        checkPlace(plan, step.to, "a read of phase " + phase.name, found);
      }
    }
}

template <class Range>
static void checkNames(const Range &range, const Twine &what, Violations &found) {
  llvm::StringSet<> names;
  for (const auto &element : range)
    if (!names.insert(element.name).second)
      violate(found, "two " + what + " have the name " + element.name);
}

static void checkAllNames(const Plan &plan, Violations &found) {
  checkNames(plan.memories, "memories", found);
  std::vector<Region> regions;
  for (const Memory &memory : plan.memories)
    llvm::append_range(regions, memory.regions);
  checkNames(regions, "regions", found);
  checkNames(plan.processors, "processors", found);
  checkNames(plan.frames, "frames", found);
  for (const Frame &frame : plan.frames)
    checkNames(frame.values, "values of frame " + frame.name, found);
  checkNames(plan.units, "units", found);
  checkNames(plan.phases, "phases", found);
}

static void checkLayers(const Plan &plan, Violations &found) {
  std::vector<uint64_t> layers;
  for (const Unit &unit : plan.units) {
    if (!unit.layer)
      continue;
    if (*unit.layer >= plan.layers)
      violate(found, "unit " + unit.name + " is of layer " + Twine(*unit.layer) +
                         ", but there are " + Twine(plan.layers) + " layers");
    layers.push_back(*unit.layer);
  }
  llvm::sort(layers);
  layers.erase(std::unique(layers.begin(), layers.end()), layers.end());
  if (layers.size() != plan.layers)
    violate(found, "the model has " + Twine(plan.layers) + " layers, but units are of " +
                       Twine(layers.size()));
}

/// Rows have nothing to do with each other: there is nothing of a sequence.
static void checkForward(const Plan &plan, Violations &found) {
  if (plan.context || plan.vocabulary || plan.batch != 1 || !plan.endTokens.empty())
    violate(found, "the model reads rows, but the plan has a context, a vocabulary or a batch");
  for (const Unit &unit : plan.units) {
    if (unit.cache)
      violate(found, "the model reads rows, but unit " + unit.name + " has a cache");
    if (unit.decode != unit.prefill)
      violate(found, "the model reads rows, but unit " + unit.name + " names two processors");
  }
}

void checkWhole(const Plan &plan, Violations &found) {
  checkAllNames(plan, found);
  if (plan.forward)
    checkForward(plan, found);
  for (auto [name, number] : {std::pair("context", plan.forward ? 1 : plan.context),
                              std::pair("batch", plan.batch), std::pair("chunk", plan.chunk)})
    if (number == 0)
      violate(found, Twine(name) + " is 0");
  if (!plan.forward && plan.chunk > plan.context)
    violate(found, "a chunk of " + Twine(plan.chunk) + " tokens is longer than the context of " +
                       Twine(plan.context));
  for (int64_t token : plan.endTokens)
    if (token < 0 || uint64_t(token) >= plan.vocabulary)
      violate(found, "end token " + Twine(token) + " is not in the vocabulary of " +
                         Twine(plan.vocabulary));
  for (const Processor &processor : plan.processors)
    if (processor.threads == 0)
      violate(found, "processor " + processor.name + " has no threads");
  for (const Processor &processor : plan.processors)
    if (processor.bf16Products &&
        (processor.kind != "cpu" || !llvm::is_contained(processor.isa, "avx512_bf16")))
      violate(found, "processor " + processor.name + " has no instructions to multiply bf16");
    else if (processor.bf16Products && plan.chunk == 1)
      violate(found, "processor " + processor.name +
                         " rounds the rows of longer steps, and a chunk is 1 token");
  for (const Processor &processor : plan.processors)
    if (llvm::any_of(processor.ahead.values, [](uint32_t ahead) { return ahead != 0; }) &&
        processor.kind != "cpu")
      violate(found, "processor " + processor.name +
                         " is no cpu, whose products alone ask ahead for weights");
  if (size_t count = llvm::count_if(
          plan.processors, [](const Processor &processor) { return processor.kind == "cpu"; });
      count != 1)
    violate(found, "there are " + Twine(count) +
                       " processors of kind cpu; token ids come from the memory of one");
  checkLayers(plan, found);
}

llvm::SmallVector<StringRef> phasesOfRuns(const Plan &plan) {
  return plan.forward ? llvm::SmallVector<StringRef>{"forward"}
                      : llvm::SmallVector<StringRef>{"prefill", "decode"};
}

void checkPredictions(const Plan &plan, Violations &found) {
  llvm::SmallVector<StringRef> phases = phasesOfRuns(plan);
  for (StringRef phase : phases) {
    size_t count = llvm::count_if(
        plan.predictions, [&](const Prediction &prediction) { return prediction.phase == phase; });
    if (count != 1)
      violate(found, "phase " + phase + " has " + Twine(count) + " predictions");
  }
  for (const Prediction &prediction : plan.predictions) {
    if (!llvm::is_contained(phases, prediction.phase))
      violate(found, "a prediction of phase " + prediction.phase + ", which runs nothing");
    if (prediction.bound > prediction.time)
      violate(found, "phase " + prediction.phase + " is predicted to take " +
                         Twine(prediction.time.value) + " ns, less than its bound of " +
                         Twine(prediction.bound.value) + " ns");
  }
}

std::string text(const Span &span) {
  auto number = [](unsigned __int128 n) {
    return (n > UINT64_MAX ? "2^64+" : "") +
           llvm::utostr(static_cast<uint64_t>(n)); // its low 64 bits
  };
  if (span.begin == span.end)
    return "no bytes at " + number(span.begin);
  return "bytes " + number(span.begin) + ".." + number(span.end - 1);
}

void checkApart(std::vector<NamedSpan> spans, Violations &found) {
  llvm::erase_if(spans, [](const NamedSpan &s) { return s.span.begin == s.span.end; });
  llvm::stable_sort(
      spans, [](const NamedSpan &a, const NamedSpan &b) { return a.span.begin < b.span.begin; });
  const NamedSpan *furthest = nullptr; // of those before
  for (const NamedSpan &each : spans) {
    if (furthest && each.span.meets(furthest->span))
      violate(found, each.name + " (" + text(each.span) + ") overlaps " + furthest->name + " (" +
                         text(furthest->span) + ")");
    if (!furthest || each.span.end > furthest->span.end)
      furthest = &each;
  }
}

std::vector<Violation> verify(const Plan &plan) {
  Violations found;
  checkReferences(plan, found);
  if (!found.empty())
    return found;
  checkWhole(plan, found);
  checkMemories(plan, found);
  checkStorage(plan, found);
  checkValues(plan, found);
  checkUnits(plan, found);
  checkStreams(plan, found);
  checkSchedules(plan, found);
  checkPredictions(plan, found);
  return found;
}

} // namespace ashlar::plan
