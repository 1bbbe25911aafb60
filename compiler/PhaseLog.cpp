#include "compiler/PhaseLog.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

namespace ashlar {

namespace {
struct Description {
  Emit emit;
  llvm::StringLiteral name, words;
  bool json = true;
};
constexpr Description Descriptions[] = {
    {Emit::Report, "report", "the plan for people (default)"},
    {Emit::Spec, "spec", "the spec as it was read", false},
    {Emit::Tensors, "tensors", "the checkpoint's tensors"},
    {Emit::Model, "model", "the model, every shape a number", false},
    {Emit::Sizes, "sizes", "bytes of modules and tensors, as JSON"},
    {Emit::Budgets, "budgets", "bytes that a device map may give each device, as JSON"},
    {Emit::DeviceMap, "device-map", "what hf_device_map would hold, as JSON (default for modules)"},
    {Emit::Units, "units", "bytes and time of each unit"},
    {Emit::Problem, "problem", "the placement problem, as JSON"},
    {Emit::Placement, "placement", "home and executor of each unit"},
    {Emit::Schedule, "schedule", "the steps of each phase"},
    {Emit::Arena, "arena", "regions and peaks of each memory"},
    {Emit::Plan, "plan", "the plan's text", false},
    {Emit::Sources, "sources", "the emitted source files", false},
};

const Description &description(Emit emit) {
  return *llvm::find_if(Descriptions, [&](const Description &d) { return d.emit == emit; });
}
} // namespace

llvm::StringRef name(Emit emit) { return description(emit).name; }
llvm::StringRef describe(Emit emit) { return description(emit).words; }
bool hasJson(Emit emit) { return description(emit).json; }

llvm::ArrayRef<Emit> allEmits() {
  static const std::vector<Emit> all = [] {
    std::vector<Emit> result;
    for (const Description &d : Descriptions)
      result.push_back(d.emit);
    return result;
  }();
  return all;
}

bool PhaseLog::isWatched(Emit what) const { return llvm::is_contained(watch.printAfter, what); }

void PhaseLog::begin(llvm::StringRef phase) {
  auto now = std::chrono::steady_clock::now();
  if (!times.empty())
    times.back().passed = now - began;
  times.push_back({phase.str(), {}});
  began = now;
}

void PhaseLog::end() {
  if (!watch.timePhases || times.empty())
    return;
  times.back().passed = std::chrono::steady_clock::now() - began;
  std::chrono::steady_clock::duration sum{};
  auto print = [](llvm::StringRef phase, std::chrono::steady_clock::duration time) {
    double ms = std::chrono::duration<double, std::milli>(time).count();
    llvm::errs() << llvm::formatv("{0,-10}{1,10:f2} ms\n", phase, ms);
  };
  for (const Time &time : times) {
    print(time.phase, time.passed);
    sum += time.passed;
  }
  print("total", sum);
}

} // namespace ashlar
