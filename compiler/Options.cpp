#include "compiler/Options.h"

#include "compiler/support/CacheType.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <functional>

namespace cl = llvm::cl;

namespace ashlar {

cl::SubCommand &commands::probe() {
  static cl::SubCommand command("probe", "measure this machine");
  return command;
}
cl::SubCommand &commands::plan() {
  static cl::SubCommand command("plan", "decide and print; writes nothing else");
  return command;
}
cl::SubCommand &commands::build() {
  static cl::SubCommand command("build", "build a placed executable");
  return command;
}
cl::SubCommand &commands::run() {
  static cl::SubCommand command("run", "build into a cache, then run: -- APP ARGUMENTS");
  return command;
}
cl::SubCommand &commands::inspect() {
  static cl::SubCommand command("inspect", "show a checkpoint, a pack or an app");
  return command;
}

cl::OptionCategory &requestOptions() {
  static cl::OptionCategory category("Request options");
  return category;
}

#define REQUEST                                                                                    \
  cl::cat(requestOptions()), cl::sub(commands::plan()), cl::sub(commands::build()),                \
      cl::sub(commands::run())

static cl::list<std::string> inputs(cl::Positional, cl::desc("MODEL [PLAN]"),
                                    cl::sub(commands::plan()), cl::sub(commands::build()),
                                    cl::sub(commands::run()));
static cl::opt<std::string> spec("spec", cl::desc("the model's spec"), cl::value_desc("FILE"),
                                 REQUEST);
static cl::opt<std::string> machineFile("machine",
                                        cl::desc("hardware profile (default: this machine, "
                                                 "measured once)"),
                                        cl::value_desc("FILE"), REQUEST);
static cl::list<std::string> set("set", cl::desc("override a config key; may repeat"),
                                 cl::value_desc("KEY=VALUE"), REQUEST);
static cl::opt<bool> strict("strict",
                            cl::desc("refuse tensors that the spec does not read (default: warn)"),
                            REQUEST);
static cl::opt<std::string> maxMemory("max-memory",
                                      cl::desc("caps by memory, as in cpu=60GiB; of a device map, "
                                               "by device, as in 0=22GiB,cpu=60GiB"),
                                      cl::value_desc("NAME=SIZE,..."), REQUEST);
static cl::opt<std::string> context("context",
                                    cl::desc("tokens of a sequence (default: 4096 or the "
                                             "model's limit)"),
                                    cl::value_desc("N"), REQUEST);
static cl::opt<std::string> batch("batch", cl::desc("sequences at a time (default: 1)"),
                                  cl::value_desc("N"), REQUEST);
static cl::list<std::string> pins("pin",
                                  cl::desc("keep the weights of units on a device, as in "
                                           "layers.3=cpu; may repeat"),
                                  cl::value_desc("PATTERN=DEVICE"), REQUEST);
static cl::opt<std::string> chunk("prefill-chunk",
                                  cl::desc("prompt tokens of a step (default: solved)"),
                                  cl::value_desc("N"), REQUEST);
static cl::opt<std::string> weightType("dtype",
                                       cl::desc("type of matrices: f32, f16, bf16 (default: the "
                                                "checkpoint's)"),
                                       cl::value_desc("T"), REQUEST);
static cl::opt<std::string> quantize("quantize",
                                     cl::desc("store the weights of products as int8 or int4, in "
                                              "groups of 32 that share a scale"),
                                     cl::value_desc("T"), REQUEST);
static cl::list<std::string> keep("keep",
                                  cl::desc("store these weights as T instead, or without it as "
                                           "they would be if nothing were quantized: as in "
                                           "lm_head=int8; may repeat, the last that matches "
                                           "counts"),
                                  cl::value_desc("PATTERN[=T]"), REQUEST);
static cl::opt<std::string> cacheType("kv-dtype",
                                      cl::desc("type of the KV cache: f32, f16, bf16, int8 "
                                               "(default: the checkpoint's)"),
                                      cl::value_desc("T"), REQUEST);
static cl::opt<std::string>
    products("products",
             cl::desc("how prefill multiplies by bf16 weights: f32, or bf16 "
                      "(rows are rounded; default where the cpu has "
                      "instructions for it)"),
             cl::value_desc("T"), REQUEST);
static cl::opt<std::string>
    provider("provider",
             cl::desc("who computes prefill's products: native (default), torch (LibTorch; the app "
                      "then opens its module), auto (by unit, what is faster by the profile)"),
             cl::value_desc("P"), REQUEST);
static cl::opt<bool> noTokenizer("no-tokenizer",
                                 cl::desc("leave tokenizer.json out: the app takes and gives "
                                          "token ids only"),
                                 REQUEST);
static cl::opt<std::string> workload("workload",
                                     cl::desc("what fast weighs (default: "
                                              "prompt=512,generate=256)"),
                                     cl::value_desc("prompt=N,generate=N"), REQUEST);
static cl::opt<std::string> from("from",
                                 cl::desc("'plan': take the decisions from plan text, the last "
                                          "file named; 'modules': map the modules that a JSON "
                                          "file lists"),
                                 cl::value_desc("PHASE"), REQUEST);

// Placement by the rules of others.
static cl::opt<std::string> deviceMap(
    "device-map",
    cl::desc("optimal (default); or by other rules: auto, balanced, balanced_low_0, "
             "sequential, a device (cpu, disk, 0, cuda:1), a JSON object or a .json file"),
    cl::value_desc("V"), REQUEST);
static cl::opt<devicemap::Rules>
    compat("compat", cl::desc("whose rules strategies of --device-map follow:"),
           cl::values(clEnumValN(devicemap::Rules::Accelerate, "accelerate",
                                 "those of Accelerate 1.15 (default)"),
                      clEnumValN(devicemap::Rules::Transformers, "transformers",
                                 "those of Transformers 5.23")),
           REQUEST);
static cl::list<std::string> noSplit("no-split", cl::CommaSeparated,
                                     cl::desc("classes whose modules stay on one device (default: "
                                              "the spec's; empty: none)"),
                                     cl::value_desc("CLASS,..."), REQUEST);
static cl::opt<std::string> specialTypes("special-dtypes",
                                         cl::desc("types of single tensors, to plan a device map "
                                                  "with"),
                                         cl::value_desc("NAME=T,..."), REQUEST);
static cl::opt<bool> offloadBuffers("offload-buffers",
                                    cl::desc("buffers of offloaded modules are offloaded too"),
                                    REQUEST);
static cl::opt<bool> fallbackAllocation("fallback-allocation",
                                        cl::desc("when a device would stay empty, the first module "
                                                 "that fits goes there"),
                                        REQUEST);

static cl::opt<std::string> mainDevice("main-device",
                                       cl::desc("computes what a device map leaves on the cpu or "
                                                "the disk (default: its first accelerator)"),
                                       cl::value_desc("D"), REQUEST);

bool wrongUse(Diagnostics &diags, const llvm::Twine &text, const llvm::Twine &wayOut) {
  diags.error(Exit::BadInput, "", text);
  diags.note(wayOut);
  return false;
}

using TextOption = cl::opt<std::string>;

static bool parseNumber(const TextOption &option, std::optional<uint64_t> &number,
                        Diagnostics &diags) {
  uint64_t value;
  if (!option.getNumOccurrences())
    return true;
  if (llvm::StringRef(option).getAsInteger(10, value) || value == 0)
    return wrongUse(diags, "--" + option.ArgStr + " " + option + " is not a number of 1 or more",
                    "write it as in --" + option.ArgStr + " 2048");
  number = value;
  return true;
}

static std::string names(llvm::ArrayRef<DataType> types) {
  return llvm::join(llvm::map_range(types, [](DataType type) { return name(type); }), ", ");
}

static bool parseType(const TextOption &option, llvm::ArrayRef<DataType> types,
                      std::optional<DataType> &type, Diagnostics &diags) {
  if (!option.getNumOccurrences())
    return true;
  type = parseDataType(option);
  return (type && llvm::is_contained(types, *type)) ||
         wrongUse(diags, "--" + option.ArgStr + " " + option + " is not a type that it takes",
                  "known types: " + names(types));
}

static bool parseQuantization(Request &request, Diagnostics &diags) {
  if (!parseType(quantize, {DataType::Int8, DataType::Int4}, request.quantize, diags))
    return false;
  for (llvm::StringRef text : keep) {
    auto [pattern, typeText] = text.rsplit('=');
    std::optional<DataType> type = parseDataType(typeText);
    if (pattern.empty() || (text.contains('=') && !type))
      return wrongUse(diags, "--keep: '" + text + "' is not PATTERN or PATTERN=TYPE",
                      "write it as in --keep lm_head=int8; types are " + names(DataTypes));
    request.keep.push_back({pattern.str(), type});
  }
  return true;
}

/// `name=value,name=value`, each name once.
static bool parsePairs(const TextOption &option, llvm::StringRef example,
                       std::map<std::string, std::string> &pairs, Diagnostics &diags) {
  if (!option.getNumOccurrences())
    return true;
  for (llvm::StringRef part : llvm::split(llvm::StringRef(option), ',')) {
    auto [name, value] = part.split('=');
    if (name.empty() || value.empty() || !pairs.try_emplace(name.str(), value.str()).second)
      return wrongUse(diags, "--" + option.ArgStr + ": '" + part + "' is not a new NAME=VALUE",
                      "write it as in --" + option.ArgStr + " " + example);
  }
  return true;
}

static bool parsePins(std::vector<std::pair<std::string, std::string>> &result,
                      Diagnostics &diags) {
  for (llvm::StringRef pin : pins) {
    auto [pattern, device] = pin.rsplit('=');
    if (pattern.empty() || device.empty())
      return wrongUse(diags, "--pin: '" + pin + "' is not PATTERN=DEVICE",
                      "write it as in --pin layers.3=cpu");
    result.push_back({pattern.str(), device.str()});
  }
  return true;
}

static bool parseWorkload(Workload &result, Diagnostics &diags) {
  std::map<std::string, std::string> pairs;
  if (!parsePairs(workload, "prompt=512,generate=256", pairs, diags))
    return false;
  for (auto &[name, value] : pairs) {
    uint64_t *field = name == "prompt"     ? &result.prompt
                      : name == "generate" ? &result.generate
                                           : nullptr;
    uint64_t number;
    if (!field || llvm::StringRef(value).getAsInteger(10, number) || number == 0 ||
        number > (uint64_t(1) << 24))
      return wrongUse(diags, "--workload: '" + name + "=" + value + "' is not understood",
                      "write it as in --workload prompt=512,generate=256");
    *field = number;
  }
  return true;
}

static std::optional<bool> given(const cl::opt<bool> &option) {
  return option.getNumOccurrences() ? std::optional(option.getValue()) : std::nullopt;
}

static bool parseTorchType(const TextOption &option, llvm::StringRef text,
                           std::optional<devicemap::TorchType> &type, Diagnostics &diags) {
  type = devicemap::parsePlannedType(text);
  return type || wrongUse(diags, "--" + option.ArgStr + ": '" + text + "' is no dtype of torch",
                          "known: " + devicemap::knownTorchTypes() +
                              "; and INT2, INT4 and FP8 of Accelerate");
}

static bool parseDeviceMap(MapRequest &request, Diagnostics &diags) {
  request.map = deviceMap;
  request.rules = compat;
  if (deviceMap.getNumOccurrences() && deviceMap.empty())
    return wrongUse(diags, "--device-map is empty", "write it as in --device-map auto");
  if (noSplit.getNumOccurrences()) {
    request.noSplit.emplace(noSplit.begin(), noSplit.end());
    llvm::erase(*request.noSplit, ""); // --no-split= is none at all
  }
  request.offloadBuffers = given(offloadBuffers);
  request.fallbackAllocation = given(fallbackAllocation);
  std::map<std::string, std::string> types;
  if (!parsePairs(specialTypes, "lm_head.weight=float32", types, diags))
    return false;
  for (const auto &[tensor, text] : types) {
    std::optional<devicemap::TorchType> type;
    if (!parseTorchType(specialTypes, text, type, diags))
      return false;
    request.specialTypes.emplace_back(tensor, *type);
  }
  return true;
}

/// Refuses options that have no meaning beside `--from`.
static bool without(std::initializer_list<std::reference_wrapper<const cl::Option>> options,
                    const llvm::Twine &reason, const llvm::Twine &wayOut, Diagnostics &diags) {
  for (const cl::Option &option : options)
    if (option.getNumOccurrences())
      return wrongUse(diags, "--" + option.ArgStr + " " + reason, wayOut);
  return true;
}

static bool parseStart(std::vector<std::string> &files, StartFiles &start, Diagnostics &diags) {
  if (from.empty())
    return true;
  if (from == "modules") {
    if (files.size() != 1)
      return wrongUse(diags, "--from=modules needs one file", "write --from=modules FILE");
    start.modules = files.front();
    files.clear();
    return without({spec, machineFile, set, strict, context, batch, chunk, quantize, keep,
                    cacheType, products, provider, noTokenizer, workload, pins, mainDevice},
                   "is of a model or a machine, and a modules file is neither", "leave it out",
                   diags);
  }
  if (from != "plan")
    return wrongUse(diags, "--from=" + from + " is not a phase to start from",
                    "write --from=plan MODEL FILE, or --from=modules FILE");
  if (files.empty())
    return wrongUse(diags, "--from=plan needs the plan's file", "write --from=plan MODEL FILE");
  start.plan = files.back();
  files.pop_back();
  return without({machineFile, maxMemory, context,      batch,          chunk,
                  weightType,  quantize,  keep,         cacheType,      products,
                  provider,    workload,  pins,         mainDevice,     deviceMap,
                  compat,      noSplit,   specialTypes, offloadBuffers, fallbackAllocation},
                 "is decided by the plan", "leave it out, or make another plan with it", diags);
}

static bool parseProvider(std::optional<Provider> &choice, Diagnostics &diags) {
  if (!provider.getNumOccurrences())
    return true;
  choice.reset();
  for (Provider known : Providers)
    if (provider == name(known))
      choice = known;
  return choice || provider == "auto" ||
         wrongUse(diags, "--provider " + provider + " is not known", "take native, torch or auto");
}

bool parseRequest(Request &request, StartFiles &start, Diagnostics &diags) {
  request.spec.path = spec;
  request.machine = machineFile;
  request.set = set;
  request.strict = strict;
  request.tokenizer = !noTokenizer;
  std::vector<std::string> files = inputs;
  if (!parseStart(files, start, diags))
    return false;
  if (files.size() > 1)
    return wrongUse(diags, "more than one MODEL: " + llvm::join(files, ", "),
                    "name one checkpoint directory");
  if (files.empty() && start.plan.empty() && start.modules.empty())
    return wrongUse(diags, "no MODEL", "name a checkpoint directory, as in ashlar plan DIR");
  if (!files.empty())
    request.model = files.front();

  std::map<std::string, std::string> caps;
  std::optional<uint64_t> sequences;
  if (!parseNumber(batch, sequences, diags) || !parsePins(request.pins, diags))
    return false;
  request.batch = sequences.value_or(1);
  request.mainDevice = mainDevice;
  if (!parseNumber(context, request.context, diags) || !parseNumber(chunk, request.chunk, diags) ||
      !(start.modules.empty()
            ? parseType(weightType, NumberTypes, request.weightType, diags)
            : !weightType.getNumOccurrences() ||
                  parseTorchType(weightType, weightType, request.deviceMap.dtype, diags)) ||
      !parseQuantization(request, diags) ||
      !parseType(cacheType, CacheTypes, request.cacheType, diags) ||
      !parseType(products, {DataType::F32, DataType::BF16}, request.products, diags) ||
      !parseProvider(request.provider, diags) || !parseWorkload(request.workload, diags) ||
      !parsePairs(maxMemory, "cpu=60GiB", caps, diags) || !parseDeviceMap(request.deviceMap, diags))
    return false;
  for (auto &[name, text] : caps) {
    std::optional<Bytes> bytes = parseBytes(text);
    if (!bytes)
      return wrongUse(diags, "--max-memory: '" + text + "' is not a size",
                      "write it as in 22GiB, 20GB, 512MiB or 1073741824");
    request.maxMemory[name] = *bytes;
  }
  return true;
}

} // namespace ashlar
