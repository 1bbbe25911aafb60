#include "compiler/Driver.h"

#include "compiler/DeviceMaps.h"
#include "compiler/Directions.h"
#include "compiler/Front.h"
#include "compiler/checkpoint/Bind.h"
#include "compiler/checkpoint/Tokenizer.h"
#include "compiler/emit/Emit.h"
#include "compiler/machine/Machine.h"
#include "compiler/place/Solve.h"
#include "compiler/plan/Assemble.h"
#include "compiler/schedule/Arena.h"
#include "compiler/support/Cache.h"
#include "compiler/support/Embedded.h"
#include "compiler/support/Files.h"
#include "compiler/support/Seal.h"

#include "runtime/text/Sampler.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

namespace ashlar {

static constexpr Bytes MaxPlan{uint64_t(1) << 30};

namespace {
/// What the phases have made so far. Each is set by one phase and only read by those after it.
struct Compilation {
  std::optional<Sources> sources;
  std::optional<Model> model; // whole
  std::string tokenizer;
  std::optional<Machine> machine;
  std::optional<Solution> solution;
  std::vector<plan::Phase> phases;
  Arena arena;
  std::optional<plan::Plan> plan;
  std::optional<Model> placed; // the model in the pieces that the plan places
};
} // namespace

static bool readTokenizer(const Request &request, Compilation &c, Diagnostics &diags) {
  if (!request.tokenizer || c.model->input)
    return true;
  std::optional<std::string> tokenizer =
      compileTokenizer(c.sources->directory, c.model->vocabulary, diags);
  if (tokenizer)
    c.tokenizer = std::move(*tokenizer);
  return tokenizer.has_value();
}

static Fittings fittings(const Compilation &c) {
  if (c.model->input)
    return {};
  return {Bytes(c.tokenizer.size()), Bytes(samplerBytes(c.model->vocabulary))};
}

/// Decides. Ends early, with true, when the result that was asked for is reached.
static bool decide(Request request, Compilation &c, PhaseLog &log, Diagnostics &diags) {
  // Bytes in the layouts of this machine, and time on each of its processors. What the runtime
  // needs beside the model is counted too: the report's table is all that is allocated.
  log.begin("cost");
  c.machine = request.machine.empty() ? thisMachine(diags) : readMachine(request.machine, diags);
  if (!c.machine)
    return false;
  std::optional<Directions> directions = directionsOf(*c.machine, *c.model, request, diags);
  if (!directions)
    return false;
  if (!readTokenizer(request, c, diags))
    return false;
  // Who computes what, and where the weights stay. What does not fit is refused here.
  log.begin("place");
  c.solution = solve(*c.model, *c.machine, request, *directions, fittings(c), diags);
  if (!c.solution)
    return false;
  const Problem &problem = c.solution->problem;
  const Placement &placement = c.solution->placement;
  if (std::string wrong = verify(problem, placement); !wrong.empty())
    internalError("the placement breaks its problem: " + wrong);
  const Model &model = c.solution->model;
  const Machine &machine = *c.machine;
  if (log.made(
          Emit::Units, [&](auto &out) { print(model, machine, c.solution->units, out); },
          [&](auto &out) { printJson(model, machine, c.solution->units, out); }) ||
      log.made(Emit::Problem, [&](auto &out) { print(problem, machine, model, out); }) ||
      log.made(
          Emit::Placement, [&](auto &out) { print(placement, problem, machine, model, out); },
          [&](auto &out) { printJson(placement, problem, machine, model, out); }))
    return true;

  // In which order, and what waits for what.
  log.begin("schedule");
  c.phases = schedule(machine, *c.solution);
  if (log.made(
          Emit::Schedule, [&](auto &out) { print(c.phases, model, machine, out); },
          [&](auto &out) { printJson(c.phases, model, machine, out); }))
    return true;

  // At which bytes. Beyond this point no size changes.
  log.begin("arena");
  c.arena = layOut(machine, *c.solution, c.phases);
  if (log.made(
          Emit::Arena, [&](auto &out) { print(c.arena, out); },
          [&](auto &out) { printJson(c.arena, out); }))
    return true;

  // Written down, and checked by a reader that knows only what is written.
  log.begin("plan");
  c.plan = assemble(digest(*c.model), machine, *c.solution, c.phases, c.arena);
  log.begin("verify");
  for (const plan::Violation &violation : plan::verify(*c.plan))
    internalError("the plan is not sound: " + violation.text);
  c.placed = std::move(c.solution->model);
  log.made(Emit::Plan, [&](auto &out) { plan::print(*c.plan, out); });
  return true;
}

/// Takes the decisions from plan text: checked by the same rules, broken ones are the user's.
static bool takePlan(const InputFile &file, Compilation &c, PhaseLog &log, Diagnostics &diags) {
  log.begin("plan");
  std::optional<llvm::StringRef> text = readText(file, MaxPlan, diags);
  if (!text)
    return false;
  c.plan = plan::parsePlan(*text, diags);
  if (!c.plan)
    return false;
  log.begin("verify");
  std::vector<plan::Violation> violations = plan::verify(*c.plan);
  for (const plan::Violation &violation : violations)
    diags.error(Exit::BadInput, file.path, "plan is not sound: " + violation.text);
  if (!violations.empty())
    return false;
  if (c.model) {
    c.placed = cutAsPlanned(*c.model, *c.plan);
    if (!checkAgreement(*c.placed, digest(*c.model), *c.plan, fittings(c), file.path, diags))
      return false;
  }
  log.made(Emit::Plan, [&](auto &out) { plan::print(*c.plan, out); });
  return true;
}

/// Prints what a device map is made of, or the map. A machine is read only where it matters.
static bool mapOnly(const Request &request, Emit emit, Compilation &c, llvm::raw_ostream &out,
                    Diagnostics &diags) {
  if (needsMachine(request, emit)) {
    c.machine = request.machine.empty() ? thisMachine(diags) : readMachine(request.machine, diags);
    if (!c.machine)
      return false;
  }
  return printDeviceMap(*c.model, request, c.machine ? &*c.machine : nullptr, emit, out, diags);
}

/// From files to a plan: all phases but emission. Ends early, with true, when the result that was
/// asked for is reached.
static bool compile(const Request &request, const InputFile &planFile, Compilation &c,
                    PhaseLog &log, Diagnostics &diags) {
  // A plan alone can be read, checked and reported; the model is needed to translate it.
  if (request.model.empty())
    return takePlan(planFile, c, log, diags);

  // Files to syntax: what is malformed ends here, with a place.
  log.begin("read");
  c.sources = readSources(request, diags);
  if (!c.sources)
    return false;
  if (log.made(Emit::Spec, [&](auto &out) { print(c.sources->spec, out); }) ||
      log.made(
          Emit::Tensors, [&](auto &out) { print(c.sources->checkpoint, out); },
          [&](auto &out) { printJson(c.sources->checkpoint, out); }))
    return true;

  // Syntax and config to a model: from here on every shape is a number.
  log.begin("check");
  c.model = check(c.sources->spec, c.sources->config, diags);
  if (!c.model)
    return false;

  // Every weight finds its tensor, of the right shape and a type that kernels read.
  log.begin("bind");
  if (!bind(*c.model, c.sources->checkpoint, c.sources->config, request.strict, diags))
    return false;
  if (log.made(Emit::Model, [&](auto &out) { print(*c.model, out); }))
    return true;

  // By the rules of Accelerate or Transformers, when that was asked for: over modules in their
  // order, and nothing that the phases below find out.
  bool printed = true;
  for (Emit emit : {Emit::Sizes, Emit::Budgets, Emit::DeviceMap})
    if ((request.deviceMap.wanted() || log.isWanted(emit)) &&
        log.made(emit, [&](auto &out) { printed = mapOnly(request, emit, c, out, diags); }))
      return printed;

  if (planFile.path.empty())
    return decide(request, c, log, diags);
  return readTokenizer(request, c, diags) && takePlan(planFile, c, log, diags);
}

static void printSources(const std::vector<SourceFile> &files, llvm::raw_ostream &out) {
  for (const SourceFile &file : files)
    out << "//--- " << file.path << '\n' << file.text;
}

/// Plan to source text, which decides nothing. Empty for plans that apps cannot run.
static std::vector<SourceFile> translate(const Compilation &c, PhaseLog &log, Diagnostics &diags) {
  if (!checkRunnable(*c.placed, *c.plan, diags))
    return {};
  log.begin("emit");
  std::vector<SourceFile> sources = emit(*c.placed, *c.plan);
  log.made(Emit::Sources, [&](auto &out) { printSources(sources, out); });
  return sources;
}

/// The text of the result; nothing after an error.
static std::optional<std::string> result(const PlanOptions &options, Diagnostics &diags) {
  Compilation c;
  PhaseLog log(options.watch, options.emit, options.json);
  if (!compile(options.request, options.planFile, c, log, diags))
    return std::nullopt;
  if (options.emit == Emit::Sources && !c.model) {
    diags.error(Exit::BadInput, "", "--emit=sources needs MODEL beside the plan");
    diags.note("write ashlar plan MODEL --from=plan FILE --emit=sources");
    return std::nullopt;
  }
  if (!options.planFile.path.empty() && options.emit < Emit::Plan && log.text.empty()) {
    diags.error(Exit::BadInput, "",
                "a plan holds decisions only: this phase's result is not in it");
    diags.note("from a plan there are --emit=plan, report and sources; with MODEL also spec, "
               "tensors and model");
    return std::nullopt;
  }
  log.made(
      Emit::Report, [&](auto &out) { plan::printReport(*c.plan, out); },
      [&](auto &out) { plan::printReportJson(*c.plan, out); });
  if (options.emit == Emit::Sources && translate(c, log, diags).empty())
    return std::nullopt;
  log.end();
  return std::move(log.text);
}

/// The same for each piece of the plan, or else of the spec.
static std::optional<std::string> results(PlanOptions options, Diagnostics &diags) {
  bool isPlan = !options.planFile.path.empty();
  InputFile &divided = isPlan ? options.planFile : options.request.spec;
  std::optional<llvm::StringRef> text = readText(divided, isPlan ? MaxPlan : MaxSpec, diags);
  if (!text)
    return std::nullopt;
  const std::string path = divided.path;
  return forEachPiece(path, *text, diags, [&](const InputFile &piece, auto &out) {
    divided = piece;
    out << result(options, diags).value_or("");
  });
}

Exit planCommand(const PlanOptions &options, Diagnostics &diags) {
  if (!options.modulesFile.empty())
    return modulesCommand(options, diags);
  if (auto text = options.splitInput ? results(options, diags) : result(options, diags))
    writeFile(options.output, *text, diags);
  return diags.exit();
}

/// Before the work, not after it: can the app be put where it should be?
static bool canWrite(const std::string &app, Diagnostics &diags) {
  llvm::StringRef parent = llvm::sys::path::parent_path(app);
  std::string directory = parent.empty() ? "." : parent.str();
  std::optional<Entry> entry = entryAt(app, diags);
  if (!entry)
    return false;
  if (entry == Entry::Directory)
    diags.error(Exit::InputOutput, app, "is a directory, not the place of an app");
  else if (llvm::sys::fs::access(directory, llvm::sys::fs::AccessMode::Write))
    diags.error(Exit::InputOutput, app,
                "cannot be written: there is no such directory, or it is "
                "not yours to write to");
  return !diags.failed();
}

/// A rule for make and ninja: what was written is made from these files.
static std::string dependencies(const BuildOptions &options, const Compilation &c,
                                const Diagnostics &diags) {
  auto escaped = [](llvm::StringRef path) {
    std::string result;
    for (char c : path) {
      if (c == ' ' || c == '#' || c == '\\')
        result += '\\';
      result += c == '$' ? "$$" : std::string(1, c);
    }
    return result;
  };
  std::vector<std::string> files = diags.files();
  for (const WeightFile &file : c.sources->checkpoint.files)
    files.push_back(file.path);
  llvm::sort(files);
  files.erase(std::unique(files.begin(), files.end()), files.end());
  std::string rule =
      escaped(options.app.empty() ? options.sources + "/model.plan" : options.app) + ":";
  for (const std::string &file : files)
    rule += " \\\n  " + escaped(file);
  return rule + "\n";
}

static PackContents contents(const Compilation &c) {
  return {*c.plan, c.sources->checkpoint, c.tokenizer};
}

Exit buildCommand(const BuildOptions &options, Diagnostics &diags) {
  if (!options.app.empty() && !canWrite(options.app, diags))
    return diags.exit();
  Compilation c;
  PhaseLog log(options.watch, std::nullopt);
  if (!compile(options.request, options.planFile, c, log, diags))
    return diags.exit();
  std::vector<SourceFile> sources = translate(c, log, diags);
  if (sources.empty())
    return diags.exit();
  // Of what was read until here: linking reads files of its own making.
  std::string rule = options.depfile.empty() ? "" : dependencies(options, c, diags);
  log.begin("link");
  std::vector<QuantizedWeight> quantized;
  if (!options.sources.empty() &&
      !writeProject(options.sources, sources, contents(c), quantized, diags))
    return diags.exit();
  if (!options.app.empty())
    linkApp(options.app, sources, contents(c), options.link, quantized, diags);
  if (!diags.failed())
    printAccuracy(quantized, llvm::errs());
  if (!options.depfile.empty() && !diags.failed())
    writeFile(options.depfile, rule, diags);
  log.end();
  return diags.exit();
}

/// Names an app by all that it is made from: the plan, the weights as their files' facts, the
/// sources and the runtime that this tool carries.
static std::string appKey(const Compilation &c, const std::vector<SourceFile> &sources,
                          const BuildOptions &options) {
  std::string facts = plan::text(*c.plan) + c.tokenizer + options.link.compiler + ASHLAR_VERSION;
  for (const SourceFile &file : sources)
    facts += digest(file.text);
  for (const WeightFile &file : c.sources->checkpoint.files) {
    llvm::SmallString<256> real;
    if (llvm::sys::fs::real_path(file.path, real))
      real = file.path;
    facts +=
        llvm::formatv("{0} {1} {2} {3}\n", real, file.size, file.changedNanos, file.headerDigest);
  }
  for (const EmbeddedFile &file : embeddedFiles())
    facts += digest(file.bytes);
  return digest(facts);
}

Exit cachedBuild(const BuildOptions &options, std::string &app, Diagnostics &diags) {
  Compilation c;
  PhaseLog log(options.watch, std::nullopt);
  if (!compile(options.request, options.planFile, c, log, diags))
    return diags.exit();
  std::optional<std::string> directory = cacheDirectory("apps", diags);
  if (!directory)
    return diags.exit();
  std::vector<SourceFile> sources = translate(c, log, diags);
  if (sources.empty())
    return diags.exit();
  log.begin("link");
  directory = cacheDirectory("apps/" + appKey(c, sources, options), diags);
  if (!directory)
    return diags.exit();
  app = *directory + "/app";
  std::vector<QuantizedWeight> quantized;
  // Two that run at once may both build it: each replaces the app as a whole.
  if (!isSealed(app) && linkApp(app, sources, contents(c), options.link, quantized, diags))
    seal(app, diags);
  log.end();
  return diags.exit();
}

} // namespace ashlar
