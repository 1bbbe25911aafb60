#include "compiler/place/Solve.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>

namespace ashlar {

static constexpr uint64_t DefaultContext = 4096;
static constexpr uint64_t ContextStep = 64; // granularity of the context that is suggested
static constexpr uint64_t MaxContext = uint64_t(1) << 24;
static constexpr uint64_t ChunkMenu[] = {512, 256, 128, 64, 32, 16, 8, 1};
static constexpr uint64_t MaxChunk = 8192;

static std::optional<uint64_t> chooseContext(const Model &model, const Request &request,
                                             Diagnostics &diags) {
  uint64_t limit = std::min(model.maxContext, MaxContext);
  uint64_t context = request.context.value_or(std::min(DefaultContext, limit));
  if (context >= 1 && context <= limit)
    return context;
  diags.error(Exit::BadInput, "",
              llvm::formatv("--context {0} is outside of 1 to {1}, the length that the model was "
                            "made for",
                            context, limit));
  diags.note(llvm::formatv("ask for at most --context {0}", limit));
  return std::nullopt;
}

static std::vector<uint64_t> chunkChoices(const Request &request, uint64_t context) {
  if (request.chunk)
    return {*request.chunk};
  std::vector<uint64_t> choices;
  for (uint64_t chunk : ChunkMenu)
    if (chunk <= context && (chunk == 1 || chunk < 2 * request.workload.prompt))
      choices.push_back(chunk);
  return choices;
}

namespace {
struct Trial {
  Sizes sizes;
  std::vector<Unit> units;
  Problem problem;
};
} // namespace

static std::optional<Trial> attempt(const Model &model, const Machine &machine,
                                    const Request &request, Sizes sizes, const Fittings &fittings,
                                    Diagnostics &diags) {
  std::optional<std::vector<Unit>> units = costUnits(model, machine, request, sizes, diags);
  if (!units)
    return std::nullopt;
  Problem problem = makeProblem(model, machine, request, *units, sizes, fittings);
  return Trial{sizes, std::move(*units), std::move(problem)};
}

static bool fits(const Problem &problem) {
  return llvm::all_of(shortfall(problem), [](Bytes b) { return b.value == 0; });
}

/// The parts that a memory's demand consists of, largest first.
static std::vector<std::pair<std::string, Bytes>> items(const Model &model, const Trial &trial) {
  std::vector<std::pair<std::string, Bytes>> result;
  Bytes weights, cache;
  for (const Unit &unit : trial.units) {
    weights += unit.weights;
    if (unit.cache)
      cache += unit.cache->size * 2;
  }
  result.push_back({llvm::formatv("weights of {0} units", model.blocks.size()), weights});
  result.push_back({llvm::formatv("kv cache for {0} tokens", trial.sizes.context), cache});
  for (const Fixed &fixed : trial.problem.fixed)
    result.push_back({fixed.name, fixed.bytes});
  llvm::stable_sort(result, [](auto &a, auto &b) { return a.second > b.second; });
  return result;
}

/// The smallest change of the request that fits: a shorter context, if need be with a smaller
/// chunk; else a narrower type; else the capacity that the least demanding request needs.
static std::string nearestFit(const Model &model, const Machine &machine, const Request &request,
                              Sizes sizes, const Fittings &fittings, Diagnostics &diags) {
  auto tryFit = [&](const Request &r, uint64_t context, uint64_t chunk) {
    auto trial = attempt(model, machine, r, {context, std::min(chunk, context)}, fittings, diags);
    return trial && fits(trial->problem);
  };
  auto longest = [&](const Request &r, uint64_t chunk) -> uint64_t {
    uint64_t low = 0, high = (sizes.context + ContextStep - 1) / ContextStep;
    while (low < high) {
      uint64_t middle = (low + high + 1) / 2;
      if (tryFit(r, std::min(middle * ContextStep, sizes.context), chunk))
        low = middle;
      else
        high = middle - 1;
    }
    return std::min(low * ContextStep, sizes.context);
  };
  auto search = [&](const Request &r, const char *prefix) -> std::string {
    for (uint64_t chunk : {sizes.chunk, uint64_t(32), uint64_t(1)}) {
      if (chunk > sizes.chunk)
        continue;
      if (uint64_t context = longest(r, chunk))
        return llvm::formatv(
            "{0}--context {1}{2}", prefix, context,
            request.chunk || chunk != sizes.chunk
                ? llvm::formatv(" --prefill-chunk {0}", std::min(chunk, context)).str()
                : std::string());
    }
    return "";
  };
  if (std::string found = search(request, ""); !found.empty())
    return found;
  for (DataType type : {DataType::BF16}) {
    Request narrower = request;
    narrower.weightType = narrower.cacheType = type;
    if (std::string found = search(narrower, "--dtype bf16 --kv-dtype bf16 "); !found.empty())
      return found;
  }
  auto least =
      attempt(model, machine, request, {std::min(ContextStep, sizes.context), 1}, fittings, diags);
  std::string result;
  if (least)
    for (auto [memory, bytes] : llvm::enumerate(shortfall(least->problem)))
      if (bytes.value) {
        Bytes needed = least->problem.capacity[memory] + bytes;
        bool there = needed <= machine.memories[memory].capacity;
        result +=
            llvm::formatv("{0}--max-memory {1}={2} --context {3} --prefill-chunk 1{4}",
                          result.empty() ? "" : ", ", machine.memories[memory].name, needed.value,
                          least->sizes.context, there ? "" : ", on a machine that has it");
      }
  return result;
}

static void sayDoesNotFit(const Model &model, const Machine &machine, const Request &request,
                          const Trial &trial, const Fittings &fittings, Diagnostics &diags) {
  for (auto [at, bytes] : llvm::enumerate(shortfall(trial.problem))) {
    if (bytes.value == 0)
      continue;
    const Memory &memory = machine.memories[at];
    Bytes capacity = trial.problem.capacity[at];
    diags.error(Exit::DoesNotFit, machine.name,
                llvm::formatv("does not fit: {0} needs {1} bytes, has {2} (short by {3})",
                              memory.name, (capacity + bytes).value, capacity.value, bytes.value));
    auto parts = items(model, trial);
    parts.resize(std::min<size_t>(parts.size(), 3));
    for (auto &[name, size] : parts)
      diags.note(llvm::formatv("{0}: {1} bytes ({2})", name, size.value, forPeople(size)));
  }
  diags.note("fits with " + nearestFit(model, machine, request, trial.sizes, fittings, diags));
}

std::optional<Solution> solve(const Model &model, const Machine &machine, const Request &request,
                              const Fittings &fittings, Diagnostics &diags) {
  std::optional<uint64_t> context = chooseContext(model, request, diags);
  if (!context)
    return std::nullopt;
  if (request.chunk && (*request.chunk < 1 || *request.chunk > std::min(*context, MaxChunk))) {
    diags.error(Exit::BadInput, "",
                llvm::formatv("--prefill-chunk {0} is outside of 1 to {1}", *request.chunk,
                              std::min(*context, MaxChunk)));
    diags.note("leave it out to have it solved");
    return std::nullopt;
  }

  std::optional<Solution> best;
  std::optional<Trial> smallest;
  for (uint64_t chunk : chunkChoices(request, *context)) {
    auto trial = attempt(model, machine, request, {*context, chunk}, fittings, diags);
    if (!trial)
      return std::nullopt;
    std::optional<Placement> placement = place(trial->problem);
    if (!placement) {
      smallest = std::move(trial);
      continue;
    }
    if (!best ||
        workloadTime(trial->problem, *placement) < workloadTime(best->problem, best->placement))
      best = Solution{trial->sizes, std::move(trial->units), std::move(trial->problem),
                      std::move(*placement)};
  }
  if (!best)
    sayDoesNotFit(model, machine, request, *smallest, fittings, diags);
  return best;
}

} // namespace ashlar
