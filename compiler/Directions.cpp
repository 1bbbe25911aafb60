#include "compiler/Directions.h"

#include "compiler/DeviceMaps.h"

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

static bool resolvePins(const Machine &machine, const Request &request, std::vector<Pinned> &pins,
                        Diagnostics &diags) {
  for (auto &[pattern, device] : request.pins) {
    std::optional<Home> home = resolveHome(machine, device);
    if (!home) {
      diags.error(Exit::BadInput, "",
                  "--pin " + pattern + "=" + device + ": the machine has no device '" + device +
                      "'");
      diags.note("its devices: " + knownHomes(machine));
      return false;
    }
    pins.push_back({pattern, device, *home});
  }
  return true;
}

static bool resolveCaps(const Machine &machine, Request &request, Diagnostics &diags) {
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

/// The home that a device of a map means here.
static std::optional<Home> homeOf(const Machine &machine, const devicemap::Device &device) {
  if (std::optional<uint32_t> number = devicemap::acceleratorNumber(device))
    return resolveHome(machine, std::to_string(*number));
  return resolveHome(machine, devicemap::text(device));
}

/// The home of every weight; tied ones stay with the one that they are stored as.
static std::optional<std::vector<Home>> homesOf(const Machine &machine, const Model &model,
                                                const devicemap::DeviceMap &map,
                                                Diagnostics &diags) {
  std::vector<Home> homes;
  for (size_t at = 0; at < model.weights.size(); ++at) {
    const std::string &tensor = model.weight(model.stored(static_cast<WeightId>(at))).parameter;
    const devicemap::Device *device = devicemap::deviceOf(map, tensor);
    std::optional<Home> home = device ? homeOf(machine, *device) : std::nullopt;
    if (!device || !home) {
      diags.error(Exit::BadInput, machine.name,
                  "the device map puts " + tensor + " on " +
                      (device ? devicemap::text(*device) : "no device") +
                      ", which the machine does not have");
      diags.note("its devices: " + knownHomes(machine));
      return std::nullopt;
    }
    homes.push_back(*home);
  }
  return homes;
}

/// An op computes in one place, so its weight and its bias have one.
static bool opsAreWhole(const Model &model, const std::vector<Home> &homes, Diagnostics &diags) {
  for (const Block &block : model.blocks)
    for (const Op &op : block.ops)
      if (op.weight && op.bias && homes[index(*op.weight)] != homes[index(*op.bias)]) {
        diags.error(Exit::BadInput, "",
                    "the device map puts " + model.weight(*op.weight).parameter + " and " +
                        model.weight(*op.bias).parameter + " on different devices");
        diags.note("give their module one device: a plan computes it in one place");
        return false;
      }
  return true;
}

/// Accelerate computes what is offloaded on the first accelerator of the map.
static std::optional<ProcessorId> mainDevice(const Machine &machine, const Request &request,
                                             const devicemap::DeviceMap &map, Diagnostics &diags) {
  std::optional<Home> home;
  if (!request.mainDevice.empty()) {
    home = resolveHome(machine, request.mainDevice);
    if (!home || !*home) {
      diags.error(Exit::BadInput, "",
                  "--main-device " + request.mainDevice + " is no processor of the machine");
      diags.note("its devices: " + knownHomes(machine));
      return std::nullopt;
    }
  }
  for (const devicemap::MapEntry &entry : map.entries())
    if (!home && devicemap::acceleratorNumber(entry.device))
      home = homeOf(machine, entry.device);
  for (ProcessorId accelerator : machine.accelerators())
    if (home && *home == machine.processor(accelerator).memory)
      return accelerator;
  return machine.cpu();
}

/// The request with budgets that are this much smaller, and the option that says so.
static std::pair<Request, std::string> withLess(const Machine &machine, const Request &request,
                                                const std::vector<Bytes> &less) {
  Request smaller = request;
  smaller.maxMemory.clear();
  std::string option;
  auto add = [&](const std::string &name, MemoryId memory) {
    Bytes bytes = machine.memory(memory).capacity;
    for (auto &[given, budget] : request.maxMemory)
      if (resolveHome(machine, given) == std::optional<Home>(memory))
        bytes = std::min(bytes, budget);
    if (!request.maxMemory.empty() && llvm::none_of(request.maxMemory, [&](auto &entry) {
          return resolveHome(machine, entry.first) == std::optional<Home>(memory);
        }))
      return; // a device that the request leaves out
    bytes = bytes - std::min(bytes, less[index(memory)]);
    smaller.maxMemory[name] = bytes;
    option += (option.empty() ? "--max-memory " : ",") + name + "=" + std::to_string(bytes.value);
  };
  for (auto [at, accelerator] : llvm::enumerate(machine.accelerators()))
    add(std::to_string(at), machine.processor(accelerator).memory);
  add("cpu", machine.host());
  return {std::move(smaller), std::move(option)};
}

static bool followMap(const Machine &machine, const Model &model, const Request &request,
                      Directions &directions, Diagnostics &diags) {
  std::optional<devicemap::DeviceMap> map = deviceMapOf(model, request, &machine, diags);
  if (!map)
    return false;
  directions.homes = homesOf(machine, model, *map, diags);
  if (!directions.homes || !opsAreWhole(model, *directions.homes, diags))
    return false;
  std::optional<ProcessorId> main = mainDevice(machine, request, *map, diags);
  if (!main)
    return false;
  directions.main = *main;
  directions.lessWeights = [&machine, &model, request](const std::vector<Bytes> &less)
      -> std::optional<std::pair<std::vector<Home>, std::string>> {
    auto [smaller, option] = withLess(machine, request, less);
    Diagnostics unheard(llvm::nulls());
    std::optional<devicemap::DeviceMap> map = deviceMapOf(model, smaller, &machine, unheard);
    auto homes = map ? homesOf(machine, model, *map, unheard) : std::nullopt;
    if (!homes || !opsAreWhole(model, *homes, unheard))
      return std::nullopt;
    return std::pair(std::move(*homes), std::move(option));
  };
  return true;
}

std::optional<Directions> directionsOf(const Machine &machine, const Model &model, Request &request,
                                       Diagnostics &diags) {
  Directions directions;
  directions.main = machine.cpu();
  if (!request.deviceMap.wanted()) {
    if (!request.mainDevice.empty()) {
      diags.error(Exit::BadInput, "", "--main-device is of a device map, and none was asked for");
      diags.note("add --device-map auto, say, or leave it out");
      return std::nullopt;
    }
    if (!resolveCaps(machine, request, diags) ||
        !resolvePins(machine, request, directions.pins, diags))
      return std::nullopt;
    return directions;
  }
  if (!request.pins.empty()) {
    diags.error(Exit::BadInput, "", "--pin is for --device-map optimal; a device map says it all");
    diags.note("take the map with --emit=device-map, change it, and name the file");
    return std::nullopt;
  }
  if (!followMap(machine, model, request, directions, diags))
    return std::nullopt;
  request.maxMemory.clear();
  return directions;
}

} // namespace ashlar
