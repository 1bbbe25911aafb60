#include "compiler/emit/Files.h"
#include "compiler/emit/Template.h"
#include "compiler/support/Files.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

namespace ashlar::emission {

/// A region of host memory by the end of its name; an empty one where the plan has none.
static plan::Region regionNamed(const plan::Plan &plan, llvm::StringRef name) {
  for (const plan::Memory &memory : plan.memories)
    for (const plan::Region &region : memory.regions)
      if (region.name == memory.name + "." + name.str())
        return region;
  return {};
}

static uint64_t streamAddress(const plan::Plan &plan, llvm::StringRef name) {
  for (const plan::Frame &frame : plan.frames)
    if (frame.streams)
      for (const plan::Value &value : frame.values)
        if (value.name == name)
          return plan.address(frame.place) + value.offset;
  return 0;
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

SourceFile infoFile(const plan::Plan &plan) {
  const plan::Processor &processor = plan.processors.front();
  const plan::Memory &host = plan.memories[processor.memory];
  plan::Region text = regionNamed(plan, "tokenizer"), ids = regionNamed(plan, "tokens"),
               sampler = regionNamed(plan, "sampler");
  auto nanos = [&](llvm::StringRef phase) {
    for (const plan::Prediction &p : plan.predictions)
      if (p.phase == phase)
        return number(p.time.value);
    return number(0);
  };
  // An array needs an element; its count says that there is none.
  std::string ends = llvm::join(
      llvm::map_range(plan.endTokens, [](int64_t id) { return llvm::itostr(id); }), ", ");
  std::string isa = llvm::join(
      llvm::map_range(processor.isa, [](auto &name) { return "\"" + name + "\""; }), ", ");
  return {"model.cpp",
          fill("model.cpp.in", {{"name", plan.spec},
                                {"planDigest", digest(plan::text(plan))},
                                {"modelDigest", plan.modelDigest},
                                {"context", number(plan.context)},
                                {"chunk", number(plan.chunk)},
                                {"vocabulary", number(plan.vocabulary)},
                                {"endTokens", ends.empty() ? "0" : ends},
                                {"endTokenCount", number(plan.endTokens.size())},
                                {"threads", number(processor.threads)},
                                {"isa", isa.empty() ? "\"\"" : isa},
                                {"isaCount", number(processor.isa.size())},
                                {"hostBytes", number(host.peak.value)},
                                {"regions", regionRows(host)},
                                {"extents", extentRows(plan)},
                                {"textOffset", number(text.offset)},
                                {"textBytes", number(text.size.value)},
                                {"idsOffset", number(ids.offset)},
                                {"logitsOffset", number(streamAddress(plan, "logits"))},
                                {"samplerOffset", number(sampler.offset)},
                                {"samplerBytes", number(sampler.size.value)},
                                {"decodeNanos", nanos("decode")},
                                {"prefillNanos", nanos("prefill")}})};
}

} // namespace ashlar::emission
