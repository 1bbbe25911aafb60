#include "compiler/DeviceMaps.h"

#include "compiler/ModelTree.h"
#include "compiler/devicemap/ModulesFile.h"
#include "compiler/place/Units.h"
#include "compiler/support/Files.h"

#include "llvm/ADT/STLExtras.h"

namespace ashlar {

using devicemap::ModulesFile;
using devicemap::Number;

static constexpr Bytes MaxModulesFile{256 << 20};

/// What was typed goes over what a file says.
static void takeTyped(const Request &request, ModulesFile &file) {
  const MapRequest &map = request.deviceMap;
  devicemap::Options &options = file.options;
  options.rules = map.rules;
  if (map.noSplit)
    options.noSplit = *map.noSplit;
  if (map.dtype)
    options.dtype = map.dtype;
  if (!map.specialTypes.empty())
    options.specialTypes = map.specialTypes;
  options.offloadBuffers = map.offloadBuffers.value_or(options.offloadBuffers);
  options.fallbackAllocation = map.fallbackAllocation.value_or(options.fallbackAllocation);
  if (request.maxMemory.empty())
    return;
  file.maxMemory.emplace();
  for (const auto &[device, bytes] : request.maxMemory)
    file.maxMemory->emplace_back(device, Number(static_cast<devicemap::Int>(bytes.value)));
}

/// Weights that will be quantized count as such, as they do there with a quantizer, unless they
/// were given another type by name.
static bool countQuantized(const Model &model, const Request &request, devicemap::Options &options,
                           Diagnostics &diags) {
  std::optional<std::vector<StoredAs>> stored = storedAs(model, request, diags);
  if (!stored)
    return false;
  for (auto [at, weight] : llvm::enumerate(model.weights)) {
    DataType type = (*stored)[index(model.stored(WeightId(uint32_t(at))))].type;
    auto isNamed = [&name = weight.parameter](auto &special) { return special.first == name; };
    if (isQuantized(type) && llvm::none_of(options.specialTypes, isNamed))
      options.specialTypes.emplace_back(
          weight.parameter, *devicemap::parsePlannedType(type == DataType::Int8 ? "int8" : "INT4"));
  }
  return true;
}

/// A model and the request, as a modules file would have them.
static std::optional<ModulesFile> modulesOf(const Model &model, const Request &request,
                                            Diagnostics &diags) {
  ModulesFile file;
  file.tree = moduleTree(model);
  file.options.noSplit = model.noSplit;
  takeTyped(request, file);
  if (request.weightType) {
    devicemap::TorchType type = *devicemap::parseTorchType(name(*request.weightType));
    // Transformers makes the model in that type before it looks at it; buffers keep theirs.
    if (file.options.rules == devicemap::Rules::Accelerate)
      file.options.dtype = type;
    else
      for (devicemap::Node &node : file.tree.nodes)
        if (node.kind == devicemap::NodeKind::Parameter)
          node.type = type;
  }
  if (!countQuantized(model, request, file.options, diags))
    return std::nullopt;
  if (!request.deviceMap.wanted())
    return file;
  file.choice = devicemap::parseChoice(request.deviceMap.map, diags);
  return file.choice ? std::optional(std::move(file)) : std::nullopt;
}

/// What the memories of a machine hold, in Accelerate's order.
static devicemap::Budgets measuredOn(const Machine &machine) {
  devicemap::Budgets budgets;
  budgets.measured = true;
  auto add = [&](devicemap::Device device, MemoryId memory) {
    Bytes bytes = machine.memory(memory).capacity;
    budgets.list.push_back({std::move(device), Number(static_cast<devicemap::Int>(bytes.value))});
  };
  uint32_t number = 0;
  for (ProcessorId accelerator : machine.accelerators())
    add(devicemap::Device::accelerator(number++), machine.processor(accelerator).memory);
  add(devicemap::Device::named("cpu"), machine.host());
  return budgets;
}

/// The budgets as given, or those of the machine; false when there is something wrong with them.
static bool readBudgets(const ModulesFile &file, const Machine *machine,
                        std::optional<devicemap::Budgets> &budgets, Diagnostics &diags) {
  if (file.maxMemory)
    budgets = devicemap::normalised(*file.maxMemory, file.tree.source, diags);
  else if (machine)
    budgets = measuredOn(*machine);
  return budgets || !file.maxMemory;
}

static std::optional<devicemap::DeviceMap> placed(const ModulesFile &file, const Machine *machine,
                                                  Diagnostics &diags) {
  std::optional<devicemap::Budgets> budgets;
  if (!readBudgets(file, machine, budgets, diags))
    return std::nullopt;
  return devicemap::place(file.tree, *file.choice, budgets, file.options, diags);
}

static bool printBudgets(const ModulesFile &file, const Machine *machine, llvm::raw_ostream &out,
                         Diagnostics &diags) {
  if (!file.choice->strategy) {
    diags.error(Exit::BadInput, file.tree.source, "budgets are a strategy's, not a given map's");
    diags.note("name one, as in --device-map auto");
    return false;
  }
  std::optional<devicemap::Budgets> budgets;
  if (!readBudgets(file, machine, budgets, diags))
    return false;
  budgets = devicemap::budgetsFor(file.tree, *file.choice->strategy, budgets, file.options, diags);
  if (budgets)
    print(*budgets, out);
  return budgets.has_value();
}

static bool print(const ModulesFile &file, const Machine *machine, Emit emit,
                  llvm::raw_ostream &out, Diagnostics &diags) {
  if (emit == Emit::Sizes) {
    devicemap::TreeIndex treeIndex(file.tree);
    print(computeSizes(file.tree, treeIndex, file.options, file.buffersOnly), file.tree, out);
    return true;
  }
  if (!file.choice) {
    diags.error(Exit::BadInput, file.tree.source, "no device map was asked for");
    diags.note("name a strategy, as in --device-map auto");
    return false;
  }
  if (emit == Emit::Budgets)
    return printBudgets(file, machine, out, diags);
  std::optional<devicemap::DeviceMap> map = placed(file, machine, diags);
  if (map)
    print(file.cleanManual && !file.choice->strategy ? cleaned(*map) : *map, out);
  return map.has_value();
}

std::optional<devicemap::DeviceMap> deviceMapOf(const Model &model, const Request &request,
                                                const Machine *machine, Diagnostics &diags) {
  std::optional<ModulesFile> file = modulesOf(model, request, diags);
  return file && file->choice ? placed(*file, machine, diags) : std::nullopt;
}

bool needsMachine(const Request &request, Emit emit) {
  return emit != Emit::Sizes && request.deviceMap.wanted() && request.maxMemory.empty();
}

bool printDeviceMap(const Model &model, const Request &request, const Machine *machine, Emit emit,
                    llvm::raw_ostream &out, Diagnostics &diags) {
  std::optional<ModulesFile> file = modulesOf(model, request, diags);
  return file && print(*file, machine, emit, out, diags);
}

Exit modulesCommand(const PlanOptions &options, Diagnostics &diags) {
  std::optional<llvm::StringRef> text = readText(options.modulesFile, MaxModulesFile, diags);
  if (!text)
    return diags.exit();
  const MapRequest &map = options.request.deviceMap;
  std::optional<devicemap::Choice> typed;
  if (map.wanted() && !(typed = devicemap::parseChoice(map.map, diags)))
    return diags.exit();

  auto work = [&](const InputFile &piece, llvm::raw_ostream &out) {
    std::optional<ModulesFile> file = devicemap::readModules(*piece.piece, piece.path, diags);
    if (!file)
      return;
    takeTyped(options.request, *file);
    if (typed)
      file->choice = typed;
    if (!file->choice)
      file->choice = devicemap::Choice{devicemap::Strategy::Balanced, {}};
    if (file->lowZero && file->choice->strategy == devicemap::Strategy::Balanced)
      file->choice->strategy = devicemap::Strategy::BalancedLowZero;
    print(*file, nullptr, options.emit, out, diags);
  };
  std::string output;
  if (options.splitInput) {
    output = forEachPiece(options.modulesFile, *text, diags, work);
  } else {
    llvm::raw_string_ostream out(output);
    work({options.modulesFile, *text}, out);
  }
  // One request is answered or not; of several, those that could be are.
  if (!diags.failed() || options.splitInput)
    writeFile(options.output, output, diags);
  return diags.exit();
}

} // namespace ashlar
