#include "compiler/plan/Plan.h"

#include "llvm/ADT/STLExtras.h"

namespace ashlar::plan {

const Phase *Plan::phase(llvm::StringRef name) const {
  for (const Phase &phase : phases)
    if (phase.name == name)
      return &phase;
  return nullptr;
}

const Processor *Plan::cpu() const {
  auto found = llvm::find_if(processors, [](const Processor &each) { return each.kind == "cpu"; });
  return found == processors.end() ? nullptr : &*found;
}

std::optional<uint32_t> Plan::host() const {
  const Processor *processor = cpu();
  return processor ? std::optional(processor->memory) : std::nullopt;
}

std::optional<Place> Plan::hostRegion(llvm::StringRef name) const {
  std::optional<uint32_t> at = host();
  if (!at)
    return std::nullopt;
  const Memory &memory = memories[*at];
  for (uint32_t region = 0; region < memory.regions.size(); ++region)
    if (memory.regions[region].name == memory.name + "." + name.str())
      return Place{*at, region, 0};
  return std::nullopt;
}

Bytes takenOf(const Memory &memory) {
  return Bytes(checkedAdd(memory.peak.value, memory.outside.value).value_or(UINT64_MAX));
}

bool isForTorch(const Unit &unit, const Weight &weight) {
  return unit.provider == Provider::Torch && weight.layout == Layout::Rows &&
         (weight.type == DataType::F32 || weight.type == DataType::BF16);
}

llvm::StringRef name(Layout layout) {
  switch (layout) {
  case Layout::Rows:
    return "rows";
  case Layout::Vector:
    return "vector";
  case Layout::Panels:
    return "panels";
  }
  return "";
}

llvm::StringRef name(State state) {
  switch (state) {
  case State::Resident:
    return "resident";
  case State::Streamed:
    return "streamed";
  case State::Disk:
    return "disk";
  }
  return "";
}

llvm::StringRef name(StepKind kind) {
  switch (kind) {
  case StepKind::Read:
    return "read";
  case StepKind::Copy:
    return "copy";
  case StepKind::Send:
    return "send";
  case StepKind::Run:
    return "run";
  }
  return "";
}

} // namespace ashlar::plan
