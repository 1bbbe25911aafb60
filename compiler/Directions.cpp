#include "compiler/Directions.h"

#include "compiler/support/Pattern.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

namespace ashlar {

/// What a name of a memory, of a processor, or a number of Accelerate's means on this machine.
static std::optional<Home> resolveHome(const Machine &machine, llvm::StringRef name) {
  if (name == DiskHome)
    return machine.disks.empty() ? std::nullopt : std::optional<Home>(Home());
  for (const Processor &processor : machine.processors)
    if (name == processor.name || name == machine.memory(processor.memory).name)
      return Home(processor.memory);
  unsigned device;
  std::vector<ProcessorId> accelerators = machine.accelerators();
  name.consume_front("cuda:");
  if (!name.getAsInteger(10, device) && device < accelerators.size())
    return Home(machine.processor(accelerators[device]).memory);
  return std::nullopt;
}

/// The names of homes that options take on this machine.
static std::string knownHomes(const Machine &machine) {
  std::vector<std::string> names;
  for (auto [at, accelerator] : llvm::enumerate(machine.accelerators()))
    names.push_back(llvm::formatv("{0} ({1})", at, machine.processor(accelerator).name));
  names.push_back(machine.processor(machine.cpu()).name);
  if (!machine.disks.empty())
    names.push_back(DiskHome.str());
  return llvm::join(names, ", ");
}

static bool resolvePins(const Machine &machine, const Model &model, const Request &request,
                        std::vector<Pinned> &pins, Diagnostics &diags) {
  for (auto &[pattern, device] : request.pins) {
    std::optional<Home> home = resolveHome(machine, device);
    if (!home) {
      diags.error(Exit::BadInput, "",
                  "--pin " + pattern + "=" + device + ": the machine has no device '" + device +
                      "'");
      diags.note("its devices: " + knownHomes(machine));
      return false;
    }
    if (llvm::none_of(model.blocks,
                      [&](const Block &block) { return matchesPart(pattern, block.name); })) {
      diags.error(Exit::BadInput, "",
                  "--pin " + pattern + "=" + device + " matches no unit of the model");
      std::vector<llvm::StringRef> names;
      for (const Block &block : model.blocks)
        names.push_back(block.name);
      llvm::StringRef near = nearest(pattern, names);
      diags.note(near.empty() ? "units have names as " + model.blocks.back().name +
                                    "; --emit=units lists them"
                              : "did you mean '" + near.str() + "'?");
      return false;
    }
    pins.push_back({pattern, *home});
  }
  return true;
}

bool resolveCaps(const Machine &machine, Request &request, Diagnostics &diags) {
  std::map<std::string, Bytes> caps;
  for (auto &[name, bytes] : request.maxMemory) {
    std::optional<Home> home = resolveHome(machine, name);
    if (!home) {
      diags.error(Exit::BadInput, "",
                  "--max-memory names '" + name + "', which the machine does not have");
      diags.note("its devices: " + knownHomes(machine));
      return false;
    }
    if (!*home)
      continue; // a disk's cap limits nothing, with Accelerate as here
    const std::string &memory = machine.memory(**home).name;
    if (!caps.try_emplace(memory, bytes).second) {
      diags.error(Exit::BadInput, "",
                  "--max-memory names the memory " + memory + " twice, here as '" + name + "'");
      diags.note("cap each memory once");
      return false;
    }
  }
  request.maxMemory = std::move(caps);
  return true;
}

std::optional<Directions> directionsOf(const Machine &machine, const Model &model,
                                       const Request &request, Diagnostics &diags) {
  Directions directions;
  directions.main = machine.cpu();
  if (!resolvePins(machine, model, request, directions.pins, diags))
    return std::nullopt;
  return directions;
}

} // namespace ashlar
