#include "compiler/plan/Plan.h"

namespace ashlar::plan {

const Phase *Plan::phase(llvm::StringRef name) const {
  for (const Phase &phase : phases)
    if (phase.name == name)
      return &phase;
  return nullptr;
}

std::optional<uint32_t> Plan::host() const {
  for (const Processor &processor : processors)
    if (processor.kind == "cpu")
      return processor.memory;
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
