/// Options only: what the user typed becomes a request, and one command of the driver runs.
#include "compiler/Driver.h"
#include "compiler/machine/Machine.h"
#include "compiler/support/Files.h"

#include "runtime/PackFormat.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FormatVariadic.h"

#include <cerrno>
#include <cstring>
#include <functional>
#include <unistd.h>

using namespace ashlar;
namespace cl = llvm::cl;

static cl::OptionCategory requestCategory("Request options");
static cl::OptionCategory outputCategory("Output options");

static cl::SubCommand probeCommand("probe", "measure this machine");
static cl::SubCommand planCommandLine("plan", "decide and print; writes nothing else");
static cl::SubCommand buildCommandLine("build", "build a placed executable");
static cl::SubCommand runCommand("run", "build into a cache, then run: -- APP ARGUMENTS");
static cl::SubCommand inspectCommandLine("inspect", "show a checkpoint, a pack or an app");

#define REQUEST                                                                                    \
  cl::cat(requestCategory), cl::sub(planCommandLine), cl::sub(buildCommandLine), cl::sub(runCommand)

static cl::list<std::string> inputs(cl::Positional, cl::desc("MODEL [PLAN]"),
                                    cl::sub(planCommandLine), cl::sub(buildCommandLine),
                                    cl::sub(runCommand));
static cl::list<std::string> inspected(cl::Positional, cl::desc("PATH..."), cl::OneOrMore,
                                       cl::sub(inspectCommandLine));
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
static cl::opt<std::string> maxMemory("max-memory", cl::desc("caps by memory, as in cpu=60GiB"),
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
static cl::opt<std::string> cacheType("kv-dtype",
                                      cl::desc("type of the KV cache: f32, f16, bf16 (default: "
                                               "the checkpoint's)"),
                                      cl::value_desc("T"), REQUEST);
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
                                          "file named"),
                                 cl::value_desc("PHASE"), REQUEST);

static cl::opt<Emit>
    emitKind("emit", cl::desc("what to print:"), cl::init(Emit::Report),
             cl::values(clEnumValN(Emit::Report, "report", "the plan for people (default)"),
                        clEnumValN(Emit::Spec, "spec", "the spec as it was read"),
                        clEnumValN(Emit::Tensors, "tensors", "the checkpoint's tensors"),
                        clEnumValN(Emit::Model, "model", "the model, every shape a number"),
                        clEnumValN(Emit::Units, "units", "bytes and time of each unit"),
                        clEnumValN(Emit::Problem, "problem", "the placement problem, as JSON"),
                        clEnumValN(Emit::Placement, "placement", "home and executor of each unit"),
                        clEnumValN(Emit::Schedule, "schedule", "the steps of each phase"),
                        clEnumValN(Emit::Arena, "arena", "regions and peaks of each memory"),
                        clEnumValN(Emit::Plan, "plan", "the plan's text"),
                        clEnumValN(Emit::Sources, "sources", "the emitted source files")),
             cl::cat(outputCategory), cl::sub(planCommandLine));
static cl::opt<std::string> output("o", cl::desc("output file; of text, - is standard output"),
                                   cl::value_desc("FILE"), cl::cat(outputCategory),
                                   cl::sub(planCommandLine), cl::sub(buildCommandLine),
                                   cl::sub(probeCommand));
static cl::opt<bool> json("json", cl::desc("print as JSON"), cl::cat(outputCategory),
                          cl::sub(planCommandLine), cl::sub(inspectCommandLine));
static cl::opt<std::string> sources("sources", cl::desc("write a project that builds by itself"),
                                    cl::value_desc("DIR"), cl::cat(outputCategory),
                                    cl::sub(buildCommandLine));
enum class Weights : uint8_t { Append, Beside };
static cl::opt<Weights>
    weights("weights", cl::desc("where the weights go:"), cl::init(Weights::Append),
            cl::values(clEnumValN(Weights::Append, "append", "into the executable (default)"),
                       clEnumValN(Weights::Beside, "beside", "into APP.pack")),
            cl::cat(outputCategory), cl::sub(buildCommandLine));
static cl::opt<std::string> compiler("cxx", cl::desc("the C++ compiler (default: c++)"),
                                     cl::value_desc("PATH"), cl::cat(outputCategory),
                                     cl::sub(buildCommandLine), cl::sub(runCommand));
static cl::opt<unsigned> jobs("j", cl::desc("compilers at a time (default: one a core)"),
                              cl::value_desc("N"), cl::cat(outputCategory),
                              cl::sub(buildCommandLine), cl::sub(runCommand));
static cl::opt<bool> verbose("v", cl::desc("show the compiler's commands"), cl::cat(outputCategory),
                             cl::sub(buildCommandLine), cl::sub(runCommand));
static cl::opt<bool> quick("quick", cl::desc("a few seconds instead of a minute"),
                           cl::cat(requestCategory), cl::sub(probeCommand));
static cl::opt<std::string> disk("disk", cl::desc("measure the disk that holds this directory"),
                                 cl::value_desc("DIR"), cl::init("."), cl::cat(requestCategory),
                                 cl::sub(probeCommand));

static bool wrongUse(Diagnostics &diags, const llvm::Twine &text, const llvm::Twine &wayOut) {
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

static bool parseType(const TextOption &option, std::optional<DataType> &type, Diagnostics &diags) {
  if (!option.getNumOccurrences())
    return true;
  type = parseDataType(option);
  return type ||
         wrongUse(diags,
                  "--" + option.ArgStr + " " + option + " is not a type that weights are stored in",
                  "known types: f32, f16, bf16");
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

static bool parseRequest(Request &request, std::string &planFile, Diagnostics &diags) {
  request.spec = spec;
  request.machine = machineFile;
  request.set = set;
  request.strict = strict;
  request.tokenizer = !noTokenizer;
  std::vector<std::string> files = inputs;
  if (!from.empty() && from != "plan")
    return wrongUse(diags, "--from=" + from + " is not a phase to start from",
                    "write --from=plan MODEL FILE");
  if (from == "plan") {
    if (files.empty())
      return wrongUse(diags, "--from=plan needs the plan's file", "write --from=plan MODEL FILE");
    planFile = files.back();
    files.pop_back();
    const std::reference_wrapper<const cl::Option> decided[] = {
        machineFile, maxMemory, context, batch, chunk, weightType, cacheType, workload, pins};
    for (const cl::Option &option : decided)
      if (option.getNumOccurrences())
        return wrongUse(diags, "--" + option.ArgStr + " is decided by the plan",
                        "leave it out, or make another plan with it");
  }
  if (files.size() > 1)
    return wrongUse(diags, "more than one MODEL: " + llvm::join(files, ", "),
                    "name one checkpoint directory");
  if (files.empty() && planFile.empty())
    return wrongUse(diags, "no MODEL", "name a checkpoint directory, as in ashlar plan DIR");
  if (!files.empty())
    request.model = files.front();

  std::map<std::string, std::string> caps;
  std::optional<uint64_t> sequences;
  if (!parseNumber(batch, sequences, diags) || !parsePins(request.pins, diags))
    return false;
  request.batch = sequences.value_or(1);
  if (!parseNumber(context, request.context, diags) || !parseNumber(chunk, request.chunk, diags) ||
      !parseType(weightType, request.weightType, diags) ||
      !parseType(cacheType, request.cacheType, diags) || !parseWorkload(request.workload, diags) ||
      !parsePairs(maxMemory, "cpu=60GiB", caps, diags))
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

static Exit runPlan(Diagnostics &diags) {
  PlanOptions options;
  if (!parseRequest(options.request, options.planFile, diags))
    return diags.exit();
  options.emit = emitKind;
  if (json && emitKind != Emit::Report) {
    wrongUse(diags, "--json prints the report, --emit names something else", "name one of them");
    return diags.exit();
  }
  options.json = json;
  if (!output.empty())
    options.output = output;
  return planCommand(options, diags);
}

static bool buildOptions(BuildOptions &options, Diagnostics &diags) {
  if (!parseRequest(options.request, options.planFile, diags))
    return false;
  if (options.request.model.empty())
    return wrongUse(diags, "no MODEL: a build needs the checkpoint beside the plan",
                    "write ashlar build MODEL --from=plan FILE -o APP");
  options.link.compiler = compiler;
  options.link.jobs = jobs;
  options.link.verbose = verbose;
  return true;
}

static Exit runBuild(Diagnostics &diags) {
  BuildOptions options;
  if (!buildOptions(options, diags))
    return diags.exit();
  if (output == "-") {
    wrongUse(diags, "-o -: an app is not written to standard output", "name a file with -o APP");
    return diags.exit();
  }
  options.app = output;
  options.sources = sources;
  options.link.append = weights == Weights::Append;
  if (options.app.empty() && options.sources.empty()) {
    wrongUse(diags, "nothing to write",
             "name the app with -o APP, or a project with --sources DIR");
    return diags.exit();
  }
  return buildCommand(options, diags);
}

/// Becomes the app; returns only when that fails.
static Exit runApp(llvm::ArrayRef<char *> arguments, Diagnostics &diags) {
  BuildOptions options;
  std::string app;
  if (!buildOptions(options, diags) || cachedBuild(options, app, diags) != Exit::Done)
    return diags.exit();
  char name[] = "app"; // its path is a digest, which nobody wants to read in messages
  std::vector<char *> argv = {name};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  argv.push_back(nullptr);
  execv(app.c_str(), argv.data());
  diags.error(Exit::InputOutput, app, llvm::formatv("cannot be run: {0}", std::strerror(errno)));
  return diags.exit();
}

static Exit runProbe(Diagnostics &diags) {
  ProbeOptions options;
  options.quick = quick;
  options.diskDir = disk;
  std::optional<Machine> machine = probe(options, diags);
  if (!machine)
    return diags.exit();
  std::string text;
  llvm::raw_string_ostream out(text);
  print(*machine, out);
  writeFile(output.empty() ? "-" : output.getValue(), text, diags);
  return diags.exit();
}

static Exit runInspect(Diagnostics &diags) {
  if (json && inspected.size() > 1) {
    wrongUse(diags, "--json shows one PATH, and there are " + llvm::Twine(inspected.size()),
             "name one of them");
    return diags.exit();
  }
  return inspectCommand(std::vector<std::string>(inspected), json, diags);
}

static void printVersion(llvm::raw_ostream &out) {
  out << "ashlar " ASHLAR_VERSION " (plan format 1, pack format " << PackVersion << ", LLVM "
      << LLVM_VERSION_STRING << ")\n";
}

int main(int argc, char **argv) {
  cl::SetVersionPrinter(printVersion);
  for (cl::SubCommand *command : {&cl::SubCommand::getTopLevel(), &probeCommand, &planCommandLine,
                                  &buildCommandLine, &runCommand, &inspectCommandLine})
    cl::HideUnrelatedOptions({&requestCategory, &outputCategory}, *command);

  // What follows `--` is the app's.
  int end = 1;
  while (end < argc && llvm::StringRef(argv[end]) != "--")
    ++end;
  llvm::ArrayRef<char *> rest(argv + std::min(end + 1, argc), argv + argc);
  cl::ParseCommandLineOptions(end, argv,
                              "ashlar: compiles a model for one machine into one executable\n");

  Diagnostics diags;
  Exit exit = Exit::BadInput;
  if (planCommandLine)
    exit = runPlan(diags);
  else if (buildCommandLine)
    exit = runBuild(diags);
  else if (runCommand)
    exit = runApp(rest, diags);
  else if (probeCommand)
    exit = runProbe(diags);
  else if (inspectCommandLine)
    exit = runInspect(diags);
  else
    wrongUse(diags, "no command", "ashlar --help lists them: probe, plan, build, run, inspect");
  return static_cast<int>(exit);
}
