#include "compiler/place/Cut.h"
#include "compiler/place/Trial.h"
#include "compiler/support/Pattern.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>

namespace ashlar {

static constexpr uint64_t DefaultContext = 4096;
static constexpr uint64_t MaxContext = uint64_t(1) << 24;
static constexpr uint64_t ChunkMenu[] = {512, 256, 128, 64, 32, 16, 8, 1};
static constexpr uint64_t MaxChunk = 8192;

static std::optional<uint64_t> chooseContext(const Model &model, const Request &request,
                                             Diagnostics &diags) {
  if (model.input)
    return 0;
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

/// A model that reads rows has no sequence: nothing that is said of one applies.
static bool isForModel(const Model &model, const Request &request, Diagnostics &diags) {
  llvm::StringRef option = !model.input         ? ""
                           : request.context    ? "--context"
                           : request.batch != 1 ? "--batch"
                           : request.cacheType  ? "--kv-dtype"
                                                : "";
  if (option.empty())
    return true;
  diags.error(Exit::BadInput, "",
              option + " is about sequences of tokens, and the model reads rows");
  diags.note("leave it out; --prefill-chunk says how many rows go through the model at a time");
  return false;
}

/// LibTorch computes on a cpu alone, and not everything.
static bool canProvide(const Model &model, const Machine &machine, const Request &request,
                       uint64_t mostChunk, Diagnostics &diags) {
  if (request.provider != Provider::Torch)
    return true;
  if (machine.processors.size() != 1) {
    diags.error(Exit::BadInput, machine.name,
                "--provider torch: LibTorch computes on a cpu alone, and the machine has " +
                    llvm::Twine(machine.processors.size()) + " processors");
    diags.note("leave the option out: each processor has kernels of its own");
    return false;
  }
  std::optional<std::vector<StoredAs>> as = storedAs(model, request, diags);
  if (!as)
    return false;
  Sizes sizes;
  sizes.chunk = request.chunk.value_or(mostChunk);
  if (llvm::none_of(model.blocks, [&](const Block &block) {
        return canUseTorch(model, block, *as, machine, request, sizes);
      })) {
    diags.error(Exit::BadInput, machine.name,
                "--provider torch: the model has no product that LibTorch computes");
    diags.note(
        "those are of several rows, in f32, or with rows that are rounded to bf16 where "
        "weights are: not with --prefill-chunk 1, --dtype f16, --quantize or --products f32");
    return false;
  }
  const Processor &cpu = machine.processor(machine.cpu());
  if (llvm::none_of(cpu.rates,
                    [](const KernelRate &rate) { return rate.provider == Provider::Torch; }))
    diags.warning(machine.name, "has no rates of LibTorch: predictions are for kernels of ours");
  if (!cpu.torch.value)
    diags.warning(machine.name, "does not say what memory LibTorch takes itself: none is counted");
  return true;
}

static std::vector<uint64_t> chunkChoices(const Request &request, uint64_t most) {
  if (request.chunk)
    return {*request.chunk};
  std::vector<uint64_t> choices;
  // LibTorch's products are those of several rows.
  uint64_t least = request.provider == Provider::Torch ? 2 : 1;
  for (uint64_t chunk : ChunkMenu)
    if (chunk >= least && chunk <= most && (chunk == 1 || chunk < 2 * request.workload.prompt))
      choices.push_back(chunk);
  return choices;
}

/// Which unit a weight is stored with: the first that reads it.
static std::vector<uint32_t> firstReaders(const Model &model) {
  std::vector<uint32_t> result(model.weights.size(), UINT32_MAX);
  for (auto [at, block] : llvm::enumerate(model.blocks))
    for (WeightId id : weightsOf(model, block))
      result[index(id)] = std::min(result[index(id)], uint32_t(at));
  return result;
}

/// Cuts blocks where their weights have several homes by a device map. Where homes are solved for,
/// and there are several, a weight that another unit stores gets a piece of its own: that must
/// go where that unit goes, the rest of the block need not.
static Model cutForPlacement(const Model &model, const Machine &machine,
                             const Directions &directions) {
  if (directions.homes)
    return cut(model, cutsBetween(model, [&](WeightId id) {
                 Home home = (*directions.homes)[index(id)];
                 return home ? index(*home) : UINT32_MAX;
               }));
  if (machine.processors.size() == 1)
    return model;
  std::vector<uint32_t> first = firstReaders(model);
  Cuts cuts(model.blocks.size());
  for (auto [at, block] : llvm::enumerate(model.blocks))
    for (auto [i, op] : llvm::enumerate(block.ops)) {
      if (!op.weight || first[index(model.stored(*op.weight))] == at)
        continue;
      for (size_t begin : {i, i + 1})
        if (begin > 0 && begin < block.ops.size() && !llvm::is_contained(cuts[at], begin))
          cuts[at].push_back(begin);
    }
  return cut(model, std::move(cuts));
}

/// The homes of a device map, by unit.
static std::vector<std::optional<Home>> homesOfUnits(const Model &model,
                                                     const std::vector<Home> &homes) {
  std::vector<std::optional<Home>> result;
  for (const Block &block : model.blocks) {
    auto weights = weightsOf(model, block);
    result.push_back(weights.empty() ? std::nullopt
                                     : std::optional<Home>(homes[index(weights.front())]));
  }
  return result;
}

/// Says which pin has nothing to hold: units without weights have no home.
static bool pinsHold(const std::vector<Pinned> &pins, const Model &model, Diagnostics &diags) {
  for (const Pinned &pin : pins) {
    std::vector<llvm::StringRef> names;
    bool matched = false, holds = false;
    for (const Block &block : model.blocks) {
      names.push_back(block.name);
      if (!matchesPart(pin.pattern, block.name))
        continue;
      matched = true;
      holds |= !weightsOf(model, block).empty();
    }
    if (holds)
      continue;
    std::string option = "--pin " + pin.pattern + "=" + pin.device;
    if (matched) {
      diags.error(Exit::BadInput, "", option + " pins weights, and no unit of that name has any");
      diags.note("pin a unit that has weights; the others run where their rows are");
      return false;
    }
    diags.error(Exit::BadInput, "", option + " matches no unit of the model");
    llvm::StringRef near = nearest(pin.pattern, names);
    diags.note(near.empty()
                   ? "units have names as " + names.back().str() + "; --emit=units lists them"
                   : "did you mean '" + near.str() + "'?");
    return false;
  }
  return true;
}

/// Says which unit pins leave without a place: two of its own differ, or those of units whose
/// weights it shares.
static bool pinsAgree(const Problem &problem, const Model &model, Diagnostics &diags) {
  for (auto [at, unit] : llvm::enumerate(problem.units)) {
    auto isForAll = [&, at = uint32_t(at)](const Candidate &c) {
      return llvm::all_of(problem.units, [&](const UnitChoice &other) {
        return !llvm::is_contained(other.with, at) ||
               llvm::any_of(other.candidates,
                            [&](const Candidate &its) { return its.sameDecision(c); });
      });
    };
    if (llvm::any_of(unit.candidates, isForAll))
      continue;
    diags.error(Exit::BadInput, "",
                "--pin: the weights of unit " + model.blocks[at].name +
                    " are pinned to different devices");
    diags.note("units that share weights have one home; leave out all pins of it but one");
    return false;
  }
  return true;
}

/// On a cpu alone, what does not fit is refused, for its apps read no weights while they run; the
/// disk is used where it was asked for.
static DiskUse diskUse(const Machine &machine, const Directions &directions) {
  bool asked = directions.homes || llvm::any_of(directions.pins, [](const Pinned &pin) {
                 return !pin.home.has_value();
               });
  return asked || !machine.accelerators().empty() ? DiskUse::Yes : DiskUse::No;
}

std::optional<Solution> Trials::attempt(const Request &request, Sizes sizes) const {
  Solution solution;
  solution.model = cutForPlacement(model, machine, directions);
  if (!pinsHold(directions.pins, solution.model, diags))
    return std::nullopt;
  solution.sizes = sizes;
  solution.fromDeviceMap = directions.homes.has_value();
  solution.bf16Products = sizes.chunk > 1 && roundsToBF16(machine, request);
  auto units = costUnits(solution.model, machine, request, sizes, diags);
  if (!units)
    return std::nullopt;
  solution.units = std::move(*units);
  solution.ahead = aheadByType(machine, solution.units);
  solution.problem = makeProblem(solution.model, machine, request, directions.pins, solution.units,
                                 sizes, diskUse(machine, directions), fittings);
  if (!directions.pins.empty() && !pinsAgree(solution.problem, solution.model, diags))
    return std::nullopt;
  solution.placement =
      directions.homes ? follow(solution.problem, machine,
                                homesOfUnits(solution.model, *directions.homes), directions.main)
                       : fill(solution.problem, machine);
  // Faster is no use where LibTorch itself takes the memory that is missing.
  if (!request.provider && !fits(solution) &&
      llvm::any_of(solution.units, [](const Unit &u) { return u.provider == Provider::Torch; })) {
    Request native = request;
    native.provider = Provider::Native;
    return attempt(native, sizes);
  }
  return solution;
}

bool fits(const Solution &solution) {
  return occupancy(solution.problem, solution.placement).excess().value == 0;
}

Bytes shortfall(const Solution &solution, uint32_t memory) {
  Bytes needed = occupancy(solution.problem, solution.placement).of(memory);
  Bytes capacity = solution.problem.capacity[memory];
  return needed > capacity ? needed - capacity : Bytes();
}

std::optional<Solution> solve(const Model &model, const Machine &machine, const Request &request,
                              const Directions &directions, const Fittings &fittings,
                              Diagnostics &diags) {
  if (!isForModel(model, request, diags))
    return std::nullopt;
  if (request.products == DataType::BF16 && !roundsToBF16(machine, request)) {
    diags.error(Exit::BadInput, machine.name,
                "--products bf16: the cpu has no instructions to multiply bf16");
    diags.note("they are avx512_bf16, with AVX-512; leave the option out for products in f32");
    return std::nullopt;
  }
  std::optional<uint64_t> context = chooseContext(model, request, diags);
  if (!context)
    return std::nullopt;
  uint64_t mostChunk = model.input ? MaxChunk : std::min(*context, MaxChunk);
  if (request.chunk && (*request.chunk < 1 || *request.chunk > mostChunk)) {
    diags.error(
        Exit::BadInput, "",
        llvm::formatv("--prefill-chunk {0} is outside of 1 to {1}", *request.chunk, mostChunk));
    diags.note("leave it out to have it solved");
    return std::nullopt;
  }

  if (!canProvide(model, machine, request, mostChunk, diags))
    return std::nullopt;
  Trials trials{model, machine, directions, fittings, diags};
  auto time = [&](const Solution &s) { return workloadTime(s.problem, machine, s.placement); };
  std::optional<Solution> best, smallest;
  for (uint64_t chunk : chunkChoices(request, mostChunk)) {
    auto trial = trials.attempt(request, {*context, chunk, request.batch});
    if (!trial)
      return std::nullopt;
    if (!fits(*trial))
      smallest = std::move(trial);
    else if (!best || time(*trial) < time(*best))
      best = std::move(trial);
  }
  if (!best)
    sayDoesNotFit(trials, request, *smallest);
  return best;
}

} // namespace ashlar
