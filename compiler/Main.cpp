/// Options only: what the user typed becomes a request, and one command of the driver runs.
#include "compiler/Driver.h"
#include "compiler/Options.h"
#include "compiler/machine/Machine.h"
#include "compiler/support/Expectations.h"
#include "compiler/support/Files.h"
#include "compiler/support/TorchModule.h"

#include "runtime/PackFormat.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FormatVariadic.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

using namespace ashlar;
namespace cl = llvm::cl;

static cl::OptionCategory outputCategory("Output options");

static cl::list<std::string> inspected(cl::Positional, cl::desc("PATH..."), cl::OneOrMore,
                                       cl::sub(commands::inspect()));

namespace {
/// The values of an option that names what a phase makes.
struct EmitValues {
  template <class Option> void apply(Option &option) const {
    for (Emit emit : allEmits())
      option.getParser().addLiteralOption(name(emit), emit, describe(emit));
  }
};

/// Takes the same values, which help shows with --emit alone.
struct EmitParser : cl::parser<Emit> {
  explicit EmitParser(cl::Option &option) : parser(option), plain(option) {}
  size_t getOptionWidth(const cl::Option &option) const override {
    return plain.getOptionWidth(option);
  }
  void printOptionInfo(const cl::Option &option, size_t width) const override {
    plain.printOptionInfo(option, width);
  }
  cl::parser<std::string> plain;
};
} // namespace

static cl::opt<Emit> emitKind("emit", cl::desc("what to print:"), cl::init(Emit::Report),
                              EmitValues(), cl::cat(outputCategory), cl::sub(commands::plan()));
static cl::list<Emit, bool, EmitParser>
    printAfter("print-after",
               cl::desc("show on standard error, as text, what a phase made, KIND as in "
                        "'ashlar plan --emit=KIND'; may repeat"),
               cl::value_desc("KIND"), EmitValues(), cl::cat(outputCategory),
               cl::sub(commands::plan()), cl::sub(commands::build()), cl::sub(commands::run()));
static cl::opt<bool> printAfterAll("print-after-all", cl::desc("the same for all phases"),
                                   cl::cat(outputCategory), cl::sub(commands::plan()),
                                   cl::sub(commands::build()), cl::sub(commands::run()));
static cl::opt<bool> timePhases("time-phases", cl::desc("show the time of each phase"),
                                cl::cat(outputCategory), cl::sub(commands::plan()),
                                cl::sub(commands::build()), cl::sub(commands::run()));
static cl::opt<std::string> depfile("depfile",
                                    cl::desc("write the files that the app is made from, as a "
                                             "rule for make and ninja"),
                                    cl::value_desc("FILE"), cl::cat(outputCategory),
                                    cl::sub(commands::build()));
static cl::opt<std::string> output("o", cl::desc("output file; of text, - is standard output"),
                                   cl::value_desc("FILE"), cl::cat(outputCategory),
                                   cl::sub(commands::plan()), cl::sub(commands::build()),
                                   cl::sub(commands::probe()));
static cl::opt<bool> json("json", cl::desc("print the result as JSON"), cl::cat(outputCategory),
                          cl::sub(commands::plan()), cl::sub(commands::inspect()));
static cl::opt<bool> splitInput("split-input-file",
                                cl::desc("the file of --from, or else of --spec, is several, "
                                         "divided by lines '// -----', and so is the output"),
                                cl::cat(outputCategory), cl::sub(commands::plan()));
static cl::opt<std::string> sources("sources", cl::desc("write a project that builds by itself"),
                                    cl::value_desc("DIR"), cl::cat(outputCategory),
                                    cl::sub(commands::build()));
enum class Weights : uint8_t { Append, Beside };
static cl::opt<Weights>
    weights("weights", cl::desc("where the weights go:"), cl::init(Weights::Append),
            cl::values(clEnumValN(Weights::Append, "append", "into the executable (default)"),
                       clEnumValN(Weights::Beside, "beside", "into APP.pack")),
            cl::cat(outputCategory), cl::sub(commands::build()));
static cl::opt<std::string> compiler("cxx", cl::desc("the C++ compiler (default: c++)"),
                                     cl::value_desc("PATH"), cl::cat(outputCategory),
                                     cl::sub(commands::build()), cl::sub(commands::run()));
static cl::opt<unsigned> jobs("j", cl::desc("compilers at a time (default: one a core)"),
                              cl::value_desc("N"), cl::Prefix, cl::cat(outputCategory),
                              cl::sub(commands::build()), cl::sub(commands::run()));
static cl::opt<bool> verbose("v", cl::desc("show the compiler's commands"), cl::cat(outputCategory),
                             cl::sub(commands::build()), cl::sub(commands::run()));
static cl::opt<bool> quick("quick", cl::desc("a few seconds instead of a minute"),
                           cl::cat(requestOptions()), cl::sub(commands::probe()));
static cl::opt<std::string> disk("disk", cl::desc("measure the disk that holds this directory"),
                                 cl::value_desc("DIR"), cl::init("."), cl::cat(requestOptions()),
                                 cl::sub(commands::probe()));

static cl::opt<bool> verifyDiagnostics(
    "verify-diagnostics",
    cl::desc("compare messages with those that the files expect in their comments"),
    cl::cat(outputCategory), cl::sub(commands::plan()), cl::sub(commands::build()));

static Watch watch() { return {printAfter, printAfterAll, timePhases}; }

static bool splitOptions(PlanOptions &options, Diagnostics &diags) {
  options.splitInput = splitInput;
  if (!splitInput || !options.planFile.path.empty() || !options.modulesFile.empty() ||
      !options.request.spec.path.empty())
    return true;
  return wrongUse(diags, "--split-input-file: there is no file to divide",
                  "name one with --from=plan, --from=modules or --spec FILE");
}

/// A modules file has only the phases that need no model.
static bool startFromModules(PlanOptions &options, Diagnostics &diags) {
  if (options.modulesFile.empty())
    return true;
  if (!emitKind.getNumOccurrences())
    options.emit = Emit::DeviceMap;
  if (options.emit == Emit::Sizes || options.emit == Emit::Budgets ||
      options.emit == Emit::DeviceMap)
    return true;
  return wrongUse(diags, "a modules file has no more than sizes, budgets and a device map",
                  "write --emit=device-map, budgets or sizes");
}

static Exit runPlan(Diagnostics &diags) {
  PlanOptions options;
  StartFiles start;
  if (!parseRequest(options.request, start, diags))
    return diags.exit();
  options.planFile.path = start.plan;
  options.modulesFile = start.modules;
  options.emit = emitKind;
  if (!splitOptions(options, diags) || !startFromModules(options, diags))
    return diags.exit();
  if (json && !hasJson(options.emit)) {
    std::vector<llvm::StringRef> kinds;
    for (Emit emit : allEmits())
      if (hasJson(emit))
        kinds.push_back(name(emit));
    wrongUse(diags, "--json: --emit=" + name(options.emit) + " is text in a language of its own",
             "as JSON there are " + llvm::join(kinds, ", "));
    return diags.exit();
  }
  options.json = json;
  if (!output.empty())
    options.output = output;
  options.watch = watch();
  return planCommand(options, diags);
}

static bool buildOptions(BuildOptions &options, Diagnostics &diags) {
  StartFiles start;
  if (!parseRequest(options.request, start, diags))
    return false;
  if (!start.modules.empty())
    return wrongUse(diags, "--from=modules makes device maps, not apps",
                    "write ashlar plan --from=modules FILE");
  options.planFile.path = start.plan;
  if (options.request.model.empty())
    return wrongUse(diags, "no MODEL: a build needs the checkpoint beside the plan",
                    "write ashlar build MODEL --from=plan FILE -o APP");
  options.link.compiler = compiler;
  options.link.jobs = jobs;
  options.link.verbose = verbose;
  options.watch = watch();
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
  options.depfile = depfile;
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
  // An app in a cache has nothing beside it.
  if (std::string module = torchModule(); !module.empty())
    setenv("ASHLAR_TORCH_LIBRARY", module.c_str(), /*overwrite=*/1);
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
  for (cl::SubCommand *command :
       {&cl::SubCommand::getTopLevel(), &commands::probe(), &commands::plan(), &commands::build(),
        &commands::run(), &commands::inspect()})
    cl::HideUnrelatedOptions({&requestOptions(), &outputCategory}, *command);

  // What follows `--` is the app's.
  int end = 1;
  while (end < argc && llvm::StringRef(argv[end]) != "--")
    ++end;
  llvm::ArrayRef<char *> rest(argv + std::min(end + 1, argc), argv + argc);
  cl::ParseCommandLineOptions(end, argv,
                              "ashlar: compiles a model for one machine into one executable\n");

  Diagnostics diags;
  if (verifyDiagnostics)
    diags.collect();
  Exit exit = Exit::BadInput;
  if (commands::plan())
    exit = runPlan(diags);
  else if (commands::build())
    exit = runBuild(diags);
  else if (commands::run())
    exit = runApp(rest, diags);
  else if (commands::probe())
    exit = runProbe(diags);
  else if (commands::inspect())
    exit = runInspect(diags);
  else
    wrongUse(diags, "no command", "ashlar --help lists them: probe, plan, build, run, inspect");
  if (verifyDiagnostics)
    exit = meetsExpectations(diags, llvm::errs()) ? Exit::Done : Exit::BadInput;
  return static_cast<int>(exit);
}
